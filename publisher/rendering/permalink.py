"""Where an edition lives on the web, by Hugo's rules.

Source: https://gohugo.io/configuration/permalinks/ and the addresses of real sites.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from urllib.parse import quote

from publisher.domain.issue import Site

KEPT = "./\\_#+~-@"
UNQUOTED = "/~@+._-!$&'()*,;=:"
MONTHS = "january february march april may june july august september october november december"
DAYS = "monday tuesday wednesday thursday friday saturday sunday"
TOKEN = re.compile(r":[a-z]+(?:\[[^\]]*\])?")


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the tokens of a permalink stand for. `file` is the source's path."""

    title: str
    date: datetime
    lang: str
    file: PurePath
    filename: str
    slug: str = ""
    url: str = ""


def slug(text: str) -> str:
    """Hugo's slug: letters, digits, marks and ./\\_#+~-@ stay, spaces become one hyphen."""
    kept: list[str] = []
    gap = False
    for position, character in enumerate(text):
        if _stays(text, position):
            if gap and character != "-":
                kept.append("-")
            gap = False
            kept.append(_lower(character))
        elif kept and kept[-1] != "-" and character.isspace():
            gap = True
    return "".join(kept)


def permalink(page: Page, site: Site) -> str:
    """The absolute address of a page, non-ASCII percent-encoded.

    A `url` from the front matter wins over the site's pattern; with a leading slash it is
    the whole path, without one the language stands before it. Raises ValueError for a token
    that Hugo does not know.
    """
    pattern = page.url or site.permalink
    path = TOKEN.sub(lambda token: _value(token[0], page), pattern)
    if not re.search(r"/$|\.[A-Za-z0-9]+$", pattern):
        path += "/"
    if page.lang != site.language and not page.url.startswith("/"):
        path = f"{page.lang}/{path}"
    path = re.sub(r"/{2,}", "/", path).lstrip("/")
    return site.base_url.rstrip("/") + "/" + quote(path, safe=UNQUOTED + "%")


def unknown_tokens(pattern: str) -> list[str]:
    """The tokens of a permalink pattern that nothing stands for."""
    return [token for token in TOKEN.findall(pattern) if _name(token) not in TOKENS]


def _value(token: str, page: Page) -> str:
    if _name(token) not in TOKENS:
        raise ValueError(f"the permalink pattern has an unknown token {token}")
    return TOKENS[_name(token)](page)


def _name(token: str) -> str:
    return token[1:].partition("[")[0]


def _stays(text: str, position: int) -> bool:
    character = text[position]
    if character == "%":
        return bool(re.match(r"%[0-9A-Fa-f]{2}", text[position : position + 3]))
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd" or character in KEPT


def _lower(character: str) -> str:
    """One character for one, as Go does it: Python makes two of a dotted capital I."""
    return character.lower()[:1]


def _sections(page: Page) -> list[str]:
    folders = list(page.file.parts[:-1])
    if page.file.name.startswith("index."):
        folders = folders[:-1]
    if "content" in folders:
        folders = folders[len(folders) - folders[::-1].index("content") :]
    elif page.file.is_absolute():
        return []
    return [slug(folder) for folder in folders if folder not in ("..", ".")]


TOKENS: dict[str, Callable[[Page], str]] = {
    "year": lambda page: f"{page.date:%Y}",
    "month": lambda page: f"{page.date:%m}",
    "monthname": lambda page: MONTHS.split()[page.date.month - 1],
    "day": lambda page: f"{page.date:%d}",
    "weekday": lambda page: str(page.date.isoweekday() % 7),
    "weekdayname": lambda page: DAYS.split()[page.date.weekday()],
    "yearday": lambda page: str(page.date.timetuple().tm_yday),
    "title": lambda page: slug(page.title),
    "slug": lambda page: slug(page.slug or page.title),
    "filename": lambda page: slug(page.filename),
    "contentbasename": lambda page: slug(page.filename),
    "slugorfilename": lambda page: slug(page.slug or page.filename),
    "slugorcontentbasename": lambda page: slug(page.slug or page.filename),
    "section": lambda page: "/".join(_sections(page)[:1]),
    "sections": lambda page: "/".join(_sections(page)),
}
