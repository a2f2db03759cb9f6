"""Links and pictures made absolute, so that a copy works away from the site."""

import re
from collections.abc import Mapping
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import idna

from publisher.domain.issue import Site
from publisher.rendering.markup import Opening, Part
from publisher.rendering.sanitising import SCHEMES

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
WEB = re.compile(r"(https?:)(.*)", re.IGNORECASE | re.DOTALL)
PIECES = re.compile(r"(//[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)  # RFC 3986, appendix B
AUTHORITY = re.compile(r"(.*@)?(\[.*\]|[^:]*)(.*)", re.DOTALL)
DROPPED = re.compile(r"[\t\n\r]")  # as browsers do
AS_IT_IS = re.compile(  # most addresses, which need no further look
    r"(?:https?:|(?!(?i:https?:)))[A-Za-z0-9!$&'()*+,;=:@/?._~-]*(?:#[A-Za-z0-9!$&'()*+,;=:@/?._~-]*)?"
)
NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
PLAIN = "!$&'()*+,;=:@/?%-._~"  # beside letters and digits, what RFC 3986 lets stand
HOST = re.compile(r"[a-z0-9._-]+")
LONGEST_HOST = 253  # characters, RFC 1035
SOURCE_FILE = re.compile(r"\.(?:md|mdx|markdown|rst)$", re.IGNORECASE)
OF_GENERATORS = re.compile(  # what Pelican and Docusaurus write before a path on the site
    r"(?:\{|%7B)(?:static|attach|filename)(?:\}|%7D)|@site/static(?=/)", re.IGNORECASE
)
ADDRESSES = ("href", "src", "poster", "cite")


def absolute(reference: str, *, page: str, site: Site) -> str:
    """The address a reference of `page` means, percent-encoded; never raises.

    A leading slash means the site's base_url, as for Hugo's canonifyURLs; a fragment means
    this very page; anything else is relative to it. An address with another scheme than the
    web's (`xmpp:`, `mailto:`) stays as it is.
    """
    typed = as_typed(reference)
    if SCHEME.match(typed) and not WEB.match(typed):
        return typed
    written, page = encoded(typed), encoded(page)
    if WEB.match(written):
        return written
    if written.startswith("//"):
        return f"{urlsplit(page).scheme}:{written}"
    if written.startswith("/"):
        return _on_site(written, site)
    return urljoin(page, written) if written[:1] not in ("", "#") else page + written


def as_typed(reference: str) -> str:
    """A reference without the space around it, and without what only a generator understands."""
    typed = DROPPED.sub("", reference.strip())
    own = OF_GENERATORS.match(typed)
    return typed[own.end() :] if own else typed


def encoded(address: str) -> str:
    """A web address or reference in ASCII; done twice it is the same.

    What RFC 3986 lets stand stays, escapes stay, a percent sign that begins none becomes one.
    A host outside ASCII is written as the name system has it (`xn--…`, RFC 5891): browsers would
    take percent signs there, most programs for mail and feeds would not.
    """
    if AS_IT_IS.fullmatch(address):
        return address
    web = WEB.match(address)
    scheme, rest = (web[1].lower(), web[2]) if web else ("", address)
    pieces = PIECES.fullmatch(rest)
    host, path, query, fragment = pieces.groups(default="") if pieces else ("", rest, "", "")
    mark = fragment[:1] + _escaped(fragment[1:])
    return scheme + _authority(host) + _escaped(path) + _escaped(query) + mark


def names_a_source(reference: str) -> bool:
    """Whether a link leads to a source file (`../2026-05/index.md`), which no site serves."""
    path = reference.partition("#")[0].partition("?")[0]
    return bool(SOURCE_FILE.search(path)) and not SCHEME.match(path) and path[:2] != "//"


def _escaped(text: str) -> str:
    return quote(NO_ESCAPE.sub("%25", text), safe=PLAIN, errors="replace")


def _authority(authority: str) -> str:
    """The host with the slashes before it, and with the name and port around it, if any."""
    if not authority:
        return ""
    taken = AUTHORITY.fullmatch(authority[2:])
    user, host, port = taken.groups(default="") if taken else ("", authority[2:], "")
    return "//" + _escaped(user) + (_literal(host) or _named(host)) + _escaped(port)


def _literal(host: str) -> str:
    """An address in brackets, or "" for what is none."""
    try:
        return host if host.startswith("[") and IPv6Address(host[1:-1]) else ""
    except ValueError:
        return ""


def _named(host: str) -> str:
    name = unquote(host)
    if name.isascii() or len(name) > LONGEST_HOST:
        return _escaped(host)
    try:
        ascii_name = idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return _escaped(host)
    return ascii_name if HOST.fullmatch(ascii_name) else _escaped(host)


def _on_site(reference: str, site: Site) -> str:
    base = encoded(site.base_url)
    folder = urlsplit(base).path.rstrip("/")
    path = re.split("[?#]", reference, maxsplit=1)[0]
    inside = folder and (path + "/").startswith(folder + "/")
    return urljoin(base, reference if inside else folder + reference)


def made_absolute(run: list[Part], *, page: str, site: Site) -> list[Part]:
    """The same run with every href and src absolute; pictures without a web address go."""
    result: list[Part] = []
    for part in run:
        if not isinstance(part, Opening) or part.name not in ("a", "img"):
            result.append(part)
            continue
        moved = {
            name: absolute(value, page=page, site=site) if name in ADDRESSES else value
            for name, value in part.attributes.items()
        }
        if part.name == "a" or WEB.match(moved.get("src", "")):
            result.append(Opening(name=part.name, attributes=_harmless(moved)))
    return result


def _harmless(attributes: Mapping[str, str]) -> dict[str, str]:
    """Without an address whose scheme only shows once its newlines are out."""
    return {
        name: value
        for name, value in attributes.items()
        if name not in ADDRESSES or value.partition(":")[0].lower() in SCHEMES
    }


def hrefs(run: list[Part]) -> tuple[str, ...]:
    """Every link in order, duplicates kept."""
    openings = (part for part in run if isinstance(part, Opening) and part.name == "a")
    return tuple(part.attributes["href"] for part in openings if "href" in part.attributes)


def local_file(reference: str, folder: Path) -> str:
    """The regular file inside `folder` that a relative path names, or "".

    Never one outside, by whatever notation: dots, percent signs, links, NUL.
    """
    name = unquote(reference.partition("#")[0].partition("?")[0]).lstrip("/")
    try:
        if not (folder / name).is_file():
            return ""
        inside = folder.resolve(strict=True)
        file = (inside / name).resolve(strict=True)
        return str(file) if file.is_relative_to(inside) and file.is_file() else ""
    except (OSError, ValueError, RuntimeError):  # absent, NUL, a loop of links
        return ""
