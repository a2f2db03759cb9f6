"""Uses of shortcodes in a body, whatever the notation, as a tree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes.places import DEEPEST


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One tag as written: it opens a use, closes the one of that name, or says `text` literally.

    `in_markdown` is for what is put into the source, to be read as Markdown with it.
    """

    line: int = 0
    name: str = ""
    closes: bool = False
    alone: bool = False
    text: str | None = None
    in_markdown: bool = False
    positional: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Text:
    """Words as typed, and the line of the file on which they begin."""

    typed: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Use:
    """A shortcode used. `inner` is None where nothing closes it."""

    tag: Tag
    inner: "tuple[Use | Text, ...] | None" = None


Node = Use | Text
Piece = Tag | Text


def tree(path: str, pieces: Iterable[Piece]) -> tuple[Node, ...]:
    """Join openings to their closings. Raises BadSource for a closing without an opening."""
    done: list[Node] = []
    waiting: list[tuple[Tag, int]] = []
    for piece in pieces:
        if not isinstance(piece, Tag):
            done.append(piece)
        elif piece.closes:
            _close(path, piece, waiting, done)
        else:
            done.append(Use(tag=piece))
            if not piece.alone and piece.text is None:
                waiting.append((piece, len(done) - 1))
    return tuple(done)


def _close(path: str, closing: Tag, waiting: list[tuple[Tag, int]], done: list[Node]) -> None:
    """All that was opened since and not closed stands alone."""
    while waiting:
        opening, at = waiting.pop()
        if closing.name in ("", opening.name):
            done[at:] = [Use(tag=opening, inner=tuple(done[at + 1 :]))]
            return
    what = f"the shortcode {closing.name[:60]}" if closing.name else "{% end %}"
    reason = f"{what} is closed, but was not opened"
    raise BadSource(path, reason, line=closing.line, remedy="remove it, or open it before")


def too_deep(path: str, nodes: Sequence[Node]) -> None:
    """Raises BadSource for shortcodes inside one another beyond all use."""
    level: list[Use] = [node for node in nodes if isinstance(node, Use)]
    for _ in range(DEEPEST):
        level = [node for use in level for node in use.inner or () if isinstance(node, Use)]
        if not level:
            return
    reason = f"more than {DEEPEST} shortcodes inside one another"
    raise BadSource(path, reason, line=level[0].tag.line, remedy="nest fewer")
