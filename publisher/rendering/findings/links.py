"""Oddities in the links of a body."""

import ipaddress
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from publisher.domain.issue import Edition, Finding
from publisher.domain.lint import finding
from publisher.rendering.goldmark.headings import anchor
from publisher.rendering.links import SCHEME, absolute, names_a_source
from publisher.rendering.markup import Closing, Opening, words
from publisher.rendering.places import Places, block_text, line_of_address, line_of_words

TOP_LEVEL = "com|org|net|io|dev|eu|info|de|es|fr|it|pt|br|ro|uk|ch|at|nl|social"
HOST_WITHOUT_SCHEME = re.compile(
    rf"(?:[\w-]+\.)+[a-zA-Z]{{2,}}/|www\.|(?:[\w-]+\.)+(?:{TOP_LEVEL})$"
)
ACCOUNT = re.compile(r"@[\w.-]+(?:@[\w.-]+)?$")
PLACEHOLDER = re.compile(
    r"(?:https?://)?#?(?:link|links?[-_ ]?here|url|todo|tbd|fixme|xxx+|insert[-_ ]?link)/?",
    re.IGNORECASE,
)
TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_hs(?:enc|mi)")
HEADING = re.compile(r"h[1-6]")
OF_THEMES = (  # places that pages have around what was written
    *("top", "main", "content", "main-content", "header", "footer", "toc", "TableOfContents"),
    *("comments", "comment-form", "respond", "disqus_thread", "disqus_comments"),
)
SPACED_HOST = re.compile(r"https?://[^/?#]*\s")
QUOTES = '"“”„«»'


def oddities(edition: Edition, where: Places) -> Iterator[Finding]:
    """What is odd about where links lead."""
    targets = _targets(where)
    for at, (part, following) in enumerate(pairwise([*where.run, ""])):
        match part:
            case Opening(name="a", attributes={"href": href}):
                for kind, detail in (*_odd(href), *_lost(href, edition, targets)):
                    yield finding(kind, detail, line_of_address(where, at, href))
            case Opening(name="a") if isinstance(following, str) and following.strip():
                yield from _taken_off(where, at + 1, following)


def _taken_off(where: Places, at: int, said: str) -> Iterator[Finding]:
    """A link that lost its address in sanitising. One that only names a place never had any."""
    shown = re.escape(said.strip()[:40])
    text = block_text(where, at)
    if re.search(rf"<a\s+(?:name|id)\s*=[^>]*>\s*{shown}", text):
        return
    typed = re.search(
        rf"{shown}[^\[\]]*\]\(<?([^)>\n]*)|href=[\"']?([^\"'>]*)[^>]*>\s*{shown}", text
    )
    address = (typed[1] or typed[2] or "") if typed else ""
    kind = "space-in-host" if SPACED_HOST.match(address) else "unusable-link"
    yield finding(kind, address or said, line_of_words(where, at, said))


def _odd(href: str) -> Iterator[tuple[str, str]]:
    if kind := next((kind for kind, is_odd in ALONE.items() if is_odd(href)), ""):
        yield kind, href
        return
    if not href.lower().startswith(("http://", "https://")):
        return
    yield from ((kind, href) for kind, is_odd in WEB.items() if is_odd(href))


def _host(href: str) -> str:
    try:
        return unquote(urlsplit(href).hostname or "")
    except ValueError:
        return ""


def _without_dot(href: str) -> bool:
    host = _host(href)
    return bool(host) and "." not in host and ":" not in host and host != "localhost"


def _is_idn(href: str) -> bool:
    host = _host(href)
    return not host.isascii() or any(label.startswith("xn--") for label in host.split("."))


def _names_tracking(href: str) -> bool:
    try:
        query = parse_qsl(urlsplit(href).query, keep_blank_values=True)
    except ValueError:
        return False
    return any(TRACKING.fullmatch(name) for name, _ in query)


def _has_stray_quote(address: str) -> bool:
    """Whether a quotation mark got in; a search may hold a phrase between two of them."""
    place, _, query = address.partition("?")
    strays = [quote for quote in QUOTES if quote in place]
    return bool(strays) or query.count('"') % 2 == 1


ALONE: dict[str, Callable[[str], object]] = {  # the first that is so, by itself
    "empty-link": lambda href: href.strip() in ("", "#"),
    "placeholder-link": PLACEHOLDER.fullmatch,
    "account-as-link": ACCOUNT.match,
    "link-without-scheme": lambda href: not SCHEME.match(href) and HOST_WITHOUT_SCHEME.match(href),
    "broken-address": lambda href: (
        href.startswith("http") and SCHEME.match(href) and _no_host(href)
    ),
    "link-to-source": names_a_source,
}
WEB: dict[str, Callable[[str], object]] = {
    "space-in-host": lambda href: re.search(r"\s", _host(href)),
    "host-without-dot": _without_dot,
    "idn-host": _is_idn,
    "quote-in-link": lambda href: _has_stray_quote(unquote(href)),
    "tracking-parameters": _names_tracking,
}


def _no_host(href: str) -> bool:
    host = _host(href)
    if ":" not in host:
        return not host
    try:
        return not ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True


def _targets(where: Places) -> frozenset[str]:
    """The places of the page that a fragment can name."""
    named = (part.attributes.get("id") for part in where.run if isinstance(part, Opening))
    typed = re.findall(r"<\w[^<>]*?\s(?:id|name)\s*=\s*[\"']?([^\s\"'<>]+)", "\n".join(where.lines))
    return frozenset(name for name in (*named, *typed, *_headings(where), *OF_THEMES) if name)


def _headings(where: Places) -> Iterator[str]:
    """Headings by their words alone, as generators name them that read no markup there."""
    for at, part in enumerate(where.run):
        if isinstance(part, Opening) and HEADING.fullmatch(part.name):
            yield anchor(words(where.run[at : where.run.index(Closing(name=part.name), at)]))


def _lost(href: str, edition: Edition, targets: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Where a fragment of this very page names no place of it."""
    page, _, fragment = href.partition("#")
    if not fragment or fragment.startswith(":~:"):
        return
    if page and absolute(page, page=edition.url, site=edition.site) != edition.url:
        return
    if fragment not in targets and unquote(fragment) not in targets:
        yield "fragment-without-target", f"{page}#{unquote(fragment)}"
