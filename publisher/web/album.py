"""Pictures on this machine: got from where they lie, looked at, and kept within bounds."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from publisher import content, fetching
from publisher.config import Settings
from publisher.fetching import PORTS, Unfetchable
from publisher.rendering.links import local_file
from publisher.rendering.pictures.measuring import measured
from publisher.web.conditional import Content
from publisher.web.pictures import Picture

ROOM = 256 * 1024**2  # bytes on the disk
AGAIN = 60.0  # seconds before a picture is tried again that could not be had
MOST_MISSING = 1000
RASTER = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})


class NoPicture(Exception):
    """A picture that cannot be shown; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Album:
    """Pictures in `folder`, in no more than `room` bytes; several processes may share it.

    Those of a site in `settings` may lie on a private address, at that very host and port, or
    in the source's static folder; all others must be in the public internet.
    """

    folder: Path
    settings: Settings
    room: int = ROOM
    _missing: dict[Picture, float] = field(default_factory=dict)

    def kept(self, picture: Picture) -> Content | None:
        """A picture that is here already, None for one that is not."""
        return _kept(self.folder / _name(picture))

    def find(self, picture: Picture) -> Content:
        """A picture, from here or from where it lies. Raises NoPicture."""
        if found := self.kept(picture):  # somebody else has asked meanwhile
            return found
        if self._missing.get(picture, 0) > time.monotonic():
            raise NoPicture("it could not be had a moment ago")
        try:
            _keep(self.folder / _name(picture), self._got(picture.src))
        except NoPicture:
            if len(self._missing) >= MOST_MISSING:
                self._missing.clear()
            self._missing[picture] = time.monotonic() + AGAIN
            raise
        _make_room(self.folder, self.room)
        if found := self.kept(picture):
            return found
        raise NoPicture("there is no room for it")

    def _got(self, src: str) -> bytes:
        if file := self._beside(src):
            return _read(Path(file))
        try:
            found = fetching.fetch(src, inside=_hosts(self.settings))
        except Unfetchable as error:
            raise NoPicture(str(error)) from error
        if found.status != 200:
            raise NoPicture(f"the answer was {found.status}")
        return found.body

    def _beside(self, src: str) -> str:
        """The file of the source's static folder that the site serves there, or ""."""
        for one in self.settings.each:
            _, static = content.places(one)
            if static and src.startswith(one.site.base_url):
                return local_file(src.removeprefix(one.site.base_url), static)
        return ""


def _hosts(settings: Settings) -> frozenset[tuple[str, int]]:
    sites = [urlsplit(one.site.base_url) for one in settings.each]
    return frozenset((s.hostname or "", s.port or PORTS.get(s.scheme, 0)) for s in sites)


def _name(picture: Picture) -> str:
    return hashlib.sha256(f"{picture.revision} {picture.src}".encode()).hexdigest()


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > fetching.LARGEST:
            raise NoPicture(f"is larger than {fetching.LARGEST} bytes")
        return file.read_bytes()
    except OSError as error:
        raise NoPicture(f"cannot be read: {error.strerror}") from error


def _kept(place: Path) -> Content | None:
    """What lies in the album, as long as it is a picture."""
    kind = measured(str(place)).type
    with suppress(OSError):
        with place.open("rb") as file:
            body, written = file.read(), os.fstat(file.fileno()).st_mtime
        if kind in RASTER:
            changed = datetime.fromtimestamp(int(written), UTC)
            return Content(body=body, media_type=kind, changed=changed)
    return None


def _keep(place: Path, body: bytes) -> None:
    """Put a picture into the album, whole or not at all. Raises NoPicture for what is none."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=place.parent, prefix=".")
    except OSError as error:
        raise NoPicture(f"cannot be kept: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        found = measured(draft)
        if found.trouble or found.type not in RASTER:
            raise NoPicture(found.trouble or f"{found.type} is not shown")
        Path(draft).replace(place)
    except OSError as error:
        raise NoPicture(f"cannot be kept: {error.strerror}") from error
    finally:
        Path(draft).unlink(missing_ok=True)


def _make_room(folder: Path, room: int) -> None:
    """Throw away the oldest pictures until a tenth of the room is free."""
    files = sorted(_files(folder))
    size = sum(one for _, one, _ in files)
    if size <= room:
        return
    for _, one, file in files:
        if size <= room * 0.9:
            return
        with suppress(OSError):
            file.unlink(missing_ok=True)
        size -= one


def _files(folder: Path) -> Iterable[tuple[float, int, Path]]:
    for file in folder.iterdir():
        with suppress(OSError):  # another process was first
            state = file.stat()
            yield state.st_mtime, state.st_size, file
