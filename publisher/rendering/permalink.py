"""Where an edition lives on the web, by Hugo's rules.

Source: https://gohugo.io/configuration/permalinks/, and what Hugo 0.168 makes of such pages.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote_plus, urljoin

from publisher.domain.habits import UNTOLD, Ways
from publisher.domain.issue import Site
from publisher.rendering.links import NO_ESCAPE, encoded

KEPT = "./\\_#+~-@"
UNQUOTED = "/~@+._-!$&'()*,;=:%"
MONTHS = "January February March April May June July August September October November December"
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
FILE = re.compile(r"\.[A-Za-z0-9-]+$")  # about.html, v1.2
SAMPLE = datetime(2019, 12, 28, 22, 46, 57, tzinfo=UTC)  # no figure is that of Go's layouts
TOKEN = re.compile(r"\\?:\w+(?:\[[^\]]*\])?", re.ASCII)
LAYOUT = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|2006|002|01|02|03|04|05|06|15|PM|pm|_2|[1-5]"
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the tokens of a permalink stand for. `file` is the source's path.

    `filename` is without language and extension, of a bundle its folder's; `url` is the path
    that the front matter gives.
    """

    title: str
    date: datetime
    lang: str
    file: Path
    filename: str
    slug: str = ""
    url: str = ""
    bundle: bool = False
    categories: tuple[str, ...] = ()


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


def permalink(page: Page, site: Site, ways: Ways = UNTOLD) -> str:
    """The absolute address of a page, in ASCII.

    A `url` from the front matter wins over the site's pattern; with a leading slash it is
    the whole path, without one the language stands before it. Raises ValueError for a token
    that Hugo does not know.
    """
    pattern, prefixed = _pattern(page, site, ways)
    path = TOKEN.sub(lambda token: _value(token[0], page), pattern)
    if not page.url:
        path = slug(unquote_plus(path.rstrip("/"))) + "/" * path.endswith("/")
    closed = path.endswith("/") or (ways.closed and not FILE.search(path if page.url else pattern))
    path = posixpath.normpath("/" + path).strip("/")
    if prefixed:
        path = f"{page.lang}/{path}".rstrip("/")
    path += "/" * (closed and bool(path))
    return encoded(site.base_url).rstrip("/") + "/" + _quoted(path)


def alias(reference: str, page_url: str, site: Site, *, lang: str) -> str:
    """The absolute address of another name of a page.

    Hugo puts one without a leading slash beside the page, one with a slash below the language.
    """
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", reference):
        return encoded(reference)
    if not reference.startswith("/"):
        return urljoin(page_url.rstrip("/"), _quoted(reference))
    before = "" if lang == site.language or reference.startswith(f"/{lang}/") else f"/{lang}"
    return encoded(site.base_url).rstrip("/") + before + _quoted(reference)


def unknown_tokens(pattern: str) -> list[str]:
    """The tokens of a permalink pattern that nothing stands for."""
    return [token for token in TOKEN.findall(pattern) if not _is_known(token)]


def _pattern(page: Page, site: Site, ways: Ways) -> tuple[str, bool]:
    """The pattern that counts, and whether the language stands before what it makes."""
    foreign = page.lang != site.language
    if page.url and ways.beneath:
        return site.permalink.partition(":")[0] + "/" + page.url, foreign
    if page.url:
        return page.url, foreign and not page.url.startswith("/")
    if foreign and ways.translated and site.permalink == ways.permalink:
        return ways.translated, False
    return site.permalink, foreign and ":lang" not in site.permalink


def _quoted(path: str) -> str:
    return quote(NO_ESCAPE.sub("%25", path), safe=UNQUOTED + "?", errors="replace")


def _is_known(token: str) -> bool:
    name = _name(token.lstrip("\\"))
    return token.startswith("\\") or name in TOKENS or _formatted(name, SAMPLE) != name


def _value(token: str, page: Page) -> str:
    if token.startswith("\\"):
        return token[1:]
    if not _is_known(token):
        raise ValueError(f"the permalink pattern has an unknown token {token}")
    if _name(token) not in TOKENS:
        return _formatted(token[1:], page.date)
    value = TOKENS[_name(token)](page)
    return value if isinstance(value, str) else "/".join(_slice(value, token))


def _name(token: str) -> str:
    return token[1:].partition("[")[0]


def _slice(folders: Sequence[str], token: str) -> Sequence[str]:
    """What `[1]`, `[last]` or `[1:last]` after a token leaves of the folders."""
    chosen = token.partition("[")[2].rstrip("]")
    if not chosen:
        return folders
    first, colon, end = (
        part.replace("last", str(len(folders) - 1)) for part in chosen.partition(":")
    )
    if not all(part.isdigit() or not part for part in (first, end)):
        return ()
    start = int(first or 0)
    return folders[start : int(end) if end else None] if colon else folders[start : start + 1]


def _formatted(layout: str, moment: datetime) -> str:
    """A moment by Go's layouts: https://pkg.go.dev/time#Layout, as far as dates use them."""
    month, day = MONTHS.split()[moment.month - 1], DAYS.split()[moment.weekday()]
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    meant = {
        "January": month, "Jan": month[:3], "Monday": day, "Mon": day[:3],
        "2006": f"{moment.year:04}", "06": f"{moment.year % 100:02}",
        "01": f"{moment.month:02}", "1": f"{moment.month}",
        "002": f"{moment.timetuple().tm_yday:03}",
        "02": f"{moment.day:02}", "2": f"{moment.day}", "_2": f"{moment.day:2}",
        "15": f"{moment.hour:02}", "03": f"{hour:02}", "3": f"{hour}",
        "04": f"{moment.minute:02}", "4": f"{moment.minute}",
        "05": f"{moment.second:02}", "5": f"{moment.second}",
        "PM": half, "pm": half.lower(),
    }  # fmt: skip
    return LAYOUT.sub(lambda part: meant[part[0]], layout)


def _stays(text: str, position: int) -> bool:
    character = text[position]
    if character == "%":
        return bool(re.match(r"%[0-9A-Fa-f]{2}", text[position : position + 3]))
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd" or character in KEPT


def _lower(character: str) -> str:
    """One character for one, as Go does it: Python makes two of a dotted capital I."""
    return character.lower()[:1]


def _titled(page: Page) -> str:
    """A title is one part of the path, whatever slashes it has."""
    return slug(page.title.replace("/", "-").replace("\\", "-"))


def _own(page: Page) -> str:
    return slug(page.slug.strip("-"))


def _folders(page: Page) -> list[str]:
    return [slug(folder.name) for folder in _places(page)]


def _sections(page: Page) -> list[str]:
    """The folders down to the last that has a page of its own, the first in any case."""
    places = _places(page)
    sections = [n for n, place in enumerate(places) if n == 0 or any(place.glob("_index.*"))]
    return [slug(place.name) for place in places[: sections[-1] + 1]] if sections else []


def _places(page: Page) -> list[Path]:
    """The folders that a file lies in below `content`, from the top."""
    folder = page.file.parent.parent if page.bundle else page.file.parent
    places = [place for place in (folder, *folder.parents) if place.name not in ("", "..", ".")]
    places.reverse()
    names = [place.name for place in places]
    if "content" in names:
        return places[len(names) - names[::-1].index("content") :]
    return [] if page.file.is_absolute() else places


TOKENS: dict[str, Callable[[Page], str | list[str]]] = {
    "year": lambda page: f"{page.date:%Y}",
    "month": lambda page: f"{page.date:%m}",
    "monthname": lambda page: MONTHS.split()[page.date.month - 1].lower(),
    "day": lambda page: f"{page.date:%d}",
    "weekday": lambda page: str(page.date.isoweekday() % 7),
    "weekdayname": lambda page: DAYS.split()[page.date.weekday()].lower(),
    "yearday": lambda page: str(page.date.timetuple().tm_yday),
    "title": _titled,
    "slug": lambda page: _own(page) or _titled(page),
    "filename": lambda page: slug(page.filename),
    "contentbasename": lambda page: slug(page.filename),
    "slugorfilename": lambda page: _own(page) or slug(page.filename),
    "slugorcontentbasename": lambda page: _own(page) or slug(page.filename),
    "section": lambda page: _sections(page)[:1],
    "sections": _sections,
    "folders": _folders,
    "lang": lambda page: page.lang,
    "categories": lambda page: [slug(name) for name in page.categories],
}
