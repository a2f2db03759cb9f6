"""The pictures of an edition: which files they are, what is known of them, what they show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from publisher.domain.issue import Image, Site
from publisher.rendering.links import SCHEME, WEB, absolute, as_typed, encoded, local_file
from publisher.rendering.markup import Closing, Opening, Part, words
from publisher.rendering.pictures.measuring import measured

NO_FILE = "there is no such file"
LARGEST_NUMBER = 5  # digits of a width or height that a source may give


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where the files of a page's pictures lie: in what the site serves at /, or beside the page.

    `page` is the page's address. A bundle has all it needs beside it; what is not found beside
    a page that is a single file may be made by the site's generator. `files` is the page below
    which the site serves what lies in a bundle, where that is another one.
    """

    page: str
    site: Site
    static: Path | None
    beside: Path | None = None
    bundle: bool = False
    files: str = ""


def pictures(run: list[Part], shelf: Shelf) -> tuple[Image, ...]:
    """Every picture on the web of a run as written, in order, with the caption of its figure."""
    found: list[Image] = []
    known: dict[str, Image] = {}
    for tag, caption in _captioned(run):
        alt = " ".join(tag.attributes.get("alt", "").split()) or caption
        src = tag.attributes.get("src", "")
        if src not in known:
            known[src] = picture(src, shelf)
        image = replace(known[src], alt=alt, caption=caption)
        if WEB.match(image.src):
            found.append(image if image.width else _as_the_source_says(image, tag))
    return tuple(found)


def picture(reference: str, shelf: Shelf, *, alt: str = "", caption: str = "") -> Image:
    """The picture that a reference of the page means, with all that its file tells."""
    src = absolute(reference, page=_served_with(reference, shelf), site=shelf.site)
    image = Image(src=src, alt=alt, caption=caption)
    file = _file(as_typed(reference), src, shelf)
    if not file:
        return image if file is None else replace(image, trouble=NO_FILE)
    known = measured(file)
    if known.trouble:
        return replace(image, trouble=known.trouble)
    return replace(
        image,
        path=file,
        type=known.type,
        size=known.size,
        width=known.width,
        height=known.height,
    )


def _served_with(reference: str, shelf: Shelf) -> str:
    typed = as_typed(reference)
    relative = not SCHEME.match(typed) and not typed.startswith("/")
    in_bundle = relative and shelf.files and shelf.beside and local_file(typed, shelf.beside)
    return shelf.files if in_bundle else shelf.page


def completed(run: list[Part], images: Sequence[Image]) -> list[Part]:
    """The run with what its pictures lack: the words, and the size if the source gave none.

    With both width and height a page does not jump while it loads. `images` are those of the
    same run, in order.
    """
    left = iter(images)
    return [
        _complete(part, next(left)) if isinstance(part, Opening) and part.name == "img" else part
        for part in run
    ]


def _complete(tag: Opening, image: Image) -> Opening:
    attributes = dict(tag.attributes) | {"src": image.src}
    if image.alt and not attributes.get("alt", "").strip():
        attributes["alt"] = image.alt
    if image.width and image.height and not {"width", "height"} & attributes.keys():
        attributes |= {"width": str(image.width), "height": str(image.height)}
    return Opening(name=tag.name, attributes=attributes)


def _as_the_source_says(image: Image, tag: Opening) -> Image:
    sizes = (tag.attributes.get(name, "").removesuffix("px") for name in ("width", "height"))
    width, height = (
        int(size) if size.isdecimal() and len(size) <= LARGEST_NUMBER else 0 for size in sizes
    )
    return replace(image, width=width, height=height)


def _captioned(run: list[Part]) -> Iterator[tuple[Opening, str]]:
    """Every picture with the words of its figure's caption, or else its title."""
    captions = dict(_captions(run))
    figures: list[int] = []
    for at, part in enumerate(run):
        match part:
            case Opening(name="figure"):
                figures.append(at)
            case Closing(name="figure") if figures:
                figures.pop()
            case Opening(name="img"):
                title = " ".join(part.attributes.get("title", "").split())
                yield part, captions.get(figures[-1], title) if figures else title


def _captions(run: list[Part]) -> Iterator[tuple[int, str]]:
    """The words of every figcaption, by where its figure begins."""
    figures: list[int] = []
    start = 0
    for at, part in enumerate(run):
        match part:
            case Opening(name="figure"):
                figures.append(at)
            case Closing(name="figure") if figures:
                figures.pop()
            case Opening(name="figcaption"):
                start = at
            case Closing(name="figcaption") if figures and (said := words(run[start:at])):
                yield figures[-1], said


def _file(reference: str, src: str, shelf: Shelf) -> str | None:
    """The file of a picture; "" where there should be one and is none, None if nobody knows."""
    found = [local_file(name, folder) for name, folder in _whereabouts(reference, src, shelf)]
    sure = shelf.static is not None or shelf.bundle
    return next(filter(None, found), "" if found and sure else None)


def _whereabouts(reference: str, src: str, shelf: Shelf) -> Iterator[tuple[str, Path]]:
    """Names in folders, the likeliest first."""
    relative = reference[:1] not in ("", "/", "#", "?") and not SCHEME.match(reference)
    base, page = encoded(shelf.site.base_url), encoded(shelf.page)
    if shelf.beside and relative:
        yield reference, shelf.beside
    if shelf.beside and shelf.bundle and not relative and src.startswith(page):
        yield src.removeprefix(page), shelf.beside
    if shelf.static and src.startswith(base):
        yield src.removeprefix(base), shelf.static
