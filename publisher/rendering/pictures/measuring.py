"""What a picture file is, told from its first bytes; no pixel is ever decoded."""

import re
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import Exif
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from publisher.rendering.pictures import drawings

LARGEST = 64 * 1024**2  # bytes
MOST_PIXELS = 100_000_000  # 10,000 x 10,000 take 400 MB to show
MOST_FRAMES = 2000
HEAD = TAIL = 1024**2  # bytes looked at, of each end; a JPEG may hold this much before its size
ORIENTATION = 0x0112  # EXIF 2.3, §4.6.4
LYING = frozenset({5, 6, 7, 8})  # orientations that turn a picture by a quarter
CUT_SHORT, NO_PICTURE = "the file is cut short", "no PNG, JPEG, GIF, WebP, AVIF or SVG picture"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture file: media type, bytes, and pixels as shown, after EXIF has turned it.

    `trouble` says why it is not to be shown, "" for a good one; of a bad one no more is known.
    """

    type: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What a format says of itself."""

    width: int
    height: int
    frames: int = 1
    exif: bytes = b""
    whole: bool = True


def measured(path: str) -> Picture:
    """What the file is. Read once as long as it does not change; never raises."""
    try:
        state = Path(path).stat()
        return _measured(path, state.st_mtime_ns, state.st_size)
    except (OSError, ValueError) as error:
        return Picture(trouble=f"cannot be read: {getattr(error, 'strerror', None) or error}")


@lru_cache(maxsize=4096)
def _measured(path: str, _: int, size: int) -> Picture:
    if size > LARGEST:
        return Picture(trouble=f"larger than {LARGEST // 1024**2} MB")
    with Path(path).open("rb") as file:
        start = file.read(64)
        file.seek(0)
        for signature, type_, read in FORMATS:
            if signature.match(start):
                return _judged(file, type_, read, size)
        return _drawing(file.read(drawings.LARGEST + 1), size)


def _drawing(raw: bytes, size: int) -> Picture:
    if not drawings.looks_like_one(raw[:HEAD]):
        return Picture(trouble=NO_PICTURE if raw else "the file is empty")
    try:
        width, height = drawings.measured(raw)
    except drawings.NotShown as error:
        return Picture(trouble=str(error))
    return Picture(type="image/svg+xml", size=size, width=width, height=height)


def _judged(file: BinaryIO, type_: str, read: Callable[[BinaryIO], _Head], size: int) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about metadata that nobody asked for
            head = read(file)
    except Exception:  # noqa: BLE001  whatever else a broken file makes its reader raise
        return Picture(trouble="a broken picture: its head cannot be read")
    if trouble := _trouble(head):
        return Picture(trouble=trouble)
    width, height = head.width, head.height
    if _orientation(head.exif) in LYING:
        width, height = height, width
    return Picture(type=type_, size=size, width=width, height=height)


def _trouble(head: _Head) -> str:
    if head.width * head.height > MOST_PIXELS:
        return f"{head.width} x {head.height} pixels, more than can be shown"
    if head.frames > MOST_FRAMES:
        return f"more than {MOST_FRAMES} frames"
    if not head.width or not head.height:
        return "no pixels"
    return "" if head.whole else CUT_SHORT


def _orientation(exif: bytes) -> int:
    tags = Exif()
    try:
        tags.load(exif)
        return int(tags.get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001  whatever else broken EXIF makes its reader raise
        return 1


def _opened(reader: type[ImageFile], file: BinaryIO) -> _Head:
    """By Pillow's reader of the format itself, which does not ask for the pixels."""
    with reader(BytesIO(file.read(HEAD))) as image:
        frames = int(getattr(image, "n_frames", 1)) if reader is not GifImageFile else 1
        exif = image.info.get("exif", b"")
        return _Head(width=image.width, height=image.height, frames=frames, exif=exif)


def _png(file: BinaryIO) -> _Head:
    return replace(_opened(PngImageFile, file), whole=b"IEND" in _tail(file))


def _jpeg(file: BinaryIO) -> _Head:
    return replace(_opened(JpegImageFile, file), whole=b"\xff\xd9" in _tail(file))


def _avif(file: BinaryIO) -> _Head:
    return _opened(AvifImageFile, file)


def _gif(file: BinaryIO) -> _Head:
    head = _opened(GifImageFile, file)
    file.seek(10)
    file.seek(13 + _colours(file.read(1)[0]))
    frames = 0
    while (kind := file.read(1)) in (b",", b"!") and frames <= MOST_FRAMES:
        frames += kind == b","
        _skip_gif_block(file, kind)
    return replace(head, frames=frames, whole=bool(kind))


def _skip_gif_block(file: BinaryIO, kind: bytes) -> None:
    """Past an image or an extension, GIF89a §20 to §26."""
    if kind == b",":
        flags = file.read(9)[8]
        file.seek(_colours(flags) + 1, 1)
    else:
        file.seek(1, 1)
    while length := file.read(1)[0]:
        file.seek(length, 1)


def _colours(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(file: BinaryIO) -> _Head:
    """By RFC 9649, §2. Pillow would make room for all pixels to tell their number."""
    start = file.read(30)
    kind, body = start[12:16], start[20:]
    width, height = WEBP_SIZES[kind](body)
    end = 8 + struct.unpack_from("<I", start, 4)[0]
    frames, exif, at = 0, b"", 12
    while at + 8 <= end and frames <= MOST_FRAMES:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        frames += name == b"ANMF"
        exif = file.read(min(length, HEAD)) if name == b"EXIF" else exif
        at += 8 + length + length % 2
    whole = file.seek(0, 2) >= end
    return _Head(width=width, height=height, frames=max(1, frames), exif=exif, whole=whole)


def _lossy(body: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(body: bytes) -> tuple[int, int]:
    (bits,) = struct.unpack_from("<I", body, 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended(body: bytes) -> tuple[int, int]:
    return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1


def _tail(file: BinaryIO) -> bytes:
    end = file.seek(0, 2)
    file.seek(max(0, end - TAIL))
    return file.read()


WEBP_SIZES = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}
FORMATS: tuple[tuple[re.Pattern[bytes], str, Callable[[BinaryIO], _Head]], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", _png),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", _jpeg),
    (re.compile(rb"GIF8[79]a"), "image/gif", _gif),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp", _webp),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "image/avif", _avif),
)
