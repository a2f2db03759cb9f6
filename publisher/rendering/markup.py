"""Sanitised HTML as a flat run of tags and text, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img"})


@dataclass(frozen=True, kw_only=True)
class Opening:
    name: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Closing:
    name: str


Part = Opening | Closing | str


def parts(html: str) -> list[Part]:
    """Take apart what sanitising has made well-formed. Entities are resolved in text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.parts


def written(run: Iterable[Part]) -> str:
    """HTML again, the only entities being those it cannot do without."""
    return "".join(map(_written, run))


def without_bare_links(run: Iterable[Part]) -> list[Part]:
    """The same run, where a link whose address was not safe is its words alone."""
    kept: list[Part] = []
    bare: list[bool] = []
    for part in run:
        match part:
            case Opening(name="a"):
                bare.append("href" not in part.attributes)
                dropped = bare[-1]
            case Closing(name="a"):
                dropped = bool(bare) and bare.pop()
            case _:
                dropped = False
        if not dropped:
            kept.append(part)
    return kept


def words(run: Iterable[Part]) -> str:
    """The visible words on one line."""
    return " ".join("".join(part for part in run if isinstance(part, str)).split())


def _written(part: Part) -> str:
    match part:
        case str():
            return escape(part, quote=False)
        case Closing():
            return f"</{part.name}>"
        case Opening():
            pairs = (f' {name}="{escape(value)}"' for name, value in part.attributes.items())
            return f"<{part.name}{''.join(pairs)}>"


class _Reader(HTMLParser):
    """The standard library's parser, told to keep what it meets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[Part] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.parts.append(Opening(name=tag, attributes=attributes))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.parts.append(Closing(name=tag))

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
