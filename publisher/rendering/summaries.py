"""A summary taken from an edition's own text, where the head gives none."""

from collections.abc import Iterator

from publisher.rendering.markup import Closing, Opening, Part, words
from publisher.rendering.words import one_line, shortened

LONGEST_PARAGRAPH = 300  # characters, where nobody said how far the summary goes
LONGEST_EXCERPT = 1000  # characters, where an author did
FRAMES = ("figure", "blockquote", "table")


def first_paragraph(run: list[Part]) -> str:
    """The first paragraph of running text, pictures and their captions apart."""
    return shortened(next(_paragraphs(run), ""), LONGEST_PARAGRAPH)


def excerpt(run: list[Part]) -> str:
    """All of the running text."""
    return shortened(" ".join(_paragraphs(run)), LONGEST_EXCERPT)


def _paragraphs(run: list[Part]) -> Iterator[str]:
    start: int | None = None
    frames = 0
    for at, part in enumerate(run):
        match part:
            case Opening(name=name) if name in FRAMES:
                frames += 1
            case Closing(name=name) if name in FRAMES:
                frames -= 1
            case Opening(name="p") if not frames:
                start = at
            case Closing(name="p") if start is not None:
                if text := one_line(words(run[start:at])):
                    yield text
                start = None
