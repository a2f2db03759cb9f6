"""Oddities in a source that an editor should see before readers do."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from publisher.domain.issue import Finding
from publisher.rendering.links import SCHEME, local_file
from publisher.rendering.markup import Closing, Opening, Part

HOST_WITHOUT_SCHEME = re.compile(r"(?:[\w-]+\.)+[a-zA-Z]{2,}/|www\.")
UNFINISHED = re.compile(r"\]\(")


def oddities(
    run: list[Part], source: str, *, static: Path | None, bundle: Path | None
) -> tuple[Finding, ...]:
    """Findings in HTML whose links are still as written. `source` is the whole file."""
    found = (*_in_tags(run, static=static, bundle=bundle), *_in_text(run))
    return tuple(
        Finding(kind=kind, detail=detail, line=_line(source, needle))
        for kind, detail, needle in dict.fromkeys(found)
    )


def _in_tags(
    run: list[Part], *, static: Path | None, bundle: Path | None
) -> Iterator[tuple[str, str, str]]:
    for part, following in pairwise([*run, ""]):
        match part:
            case Opening(name="a", attributes={"href": href}):
                if why := _bad_link(href):
                    yield "bad-link", f"{why}: {href}" if href else why, href or "]()"
            case Opening(name="a") if isinstance(following, str) and following.strip():
                yield "bad-link", f"no address a reader may follow: {following}", following
            case Opening(name="img", attributes=attributes):
                src = attributes.get("src", "")
                if not attributes.get("alt", "").strip():
                    yield "missing-alt", f"no text for readers who cannot see {src}", src
                if _is_dead(src, static=static, bundle=bundle):
                    yield "dead-local-image", f"no such file: {src}", src


def _bad_link(href: str) -> str:
    """Why a link cannot work, or ""."""
    if not href.strip():
        return "an empty link"
    if href.startswith("@"):
        return "an account, not an address"
    if not SCHEME.match(href):
        return "no https:// in front" if HOST_WITHOUT_SCHEME.match(href) else ""
    return _bad_host(href) if href.startswith(("http://", "https://")) else ""


def _bad_host(href: str) -> str:
    try:
        host = unquote(urlsplit(href).hostname or "")
    except ValueError:
        return "no address"
    if not host:
        return "no host"
    if re.search(r"\s", host):
        return "a space in the host"
    return "" if "." in host or ":" in host or host == "localhost" else "no such host"


def _is_dead(src: str, *, static: Path | None, bundle: Path | None) -> bool:
    if not src or SCHEME.match(src) or src.startswith("//"):
        return False
    folder = static if src.startswith("/") else bundle
    return folder is not None and not local_file(src, folder)


def _in_text(run: list[Part]) -> Iterator[tuple[str, str, str]]:
    """Markdown that did not become a link. Code is left alone."""
    quiet = 0
    for part in run:
        match part:
            case Opening(name="code" | "pre"):
                quiet += 1
            case Closing(name="code" | "pre"):
                quiet -= 1
            case str() if not quiet and (left := UNFINISHED.search(part)):
                shown = part[max(0, left.start() - 40) : left.end() + 40]
                before = part[max(0, left.start() - 30) : left.end()]
                yield "raw-markup", " ".join(shown.split()), before.rpartition("\n")[2]


def _line(source: str, needle: str) -> int:
    """The first line that holds the needle, as written or percent-decoded; 0 for none."""
    for form in (needle, unquote(needle), needle.splitlines()[0] if needle else ""):
        at = source.find(form) if form else -1
        if at >= 0:
            return source.count("\n", 0, at) + 1
    return 0
