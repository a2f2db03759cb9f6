"""Links and pictures made absolute, so that a copy works away from the site."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from publisher.domain.issue import Image, Site
from publisher.rendering.markup import Closing, Opening, Part, words

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


def absolute(reference: str, *, page: str, site: Site) -> str:
    """The address a reference of `page` means; one with a scheme of its own stays as it is.

    A leading slash means the site's base_url, as for Hugo's canonifyURLs; a fragment means
    this very page; anything else is relative to it.
    """
    reference = reference.strip()
    if SCHEME.match(reference):
        return reference
    try:
        if reference.startswith("//"):
            return urlsplit(site.base_url).scheme + ":" + reference
        if reference.startswith("/"):
            return _on_site(reference, site)
        return urljoin(page, reference) if not reference.startswith("#") else page + reference
    except ValueError:  # a bracketed host that is no address
        return page


def _on_site(reference: str, site: Site) -> str:
    folder = urlsplit(site.base_url).path.rstrip("/")
    if folder and (reference + "/").startswith(folder + "/"):
        return urljoin(site.base_url, reference)
    return site.base_url.rstrip("/") + reference


def made_absolute(run: list[Part], *, page: str, site: Site) -> list[Part]:
    """The same run with every href and src absolute; pictures without an http address go."""
    result: list[Part] = []
    for part in run:
        if not isinstance(part, Opening) or part.name not in ("a", "img"):
            result.append(part)
            continue
        moved = {
            name: absolute(value, page=page, site=site) if name in ("href", "src") else value
            for name, value in part.attributes.items()
        }
        if part.name == "a" or moved.get("src", "").startswith(("http://", "https://")):
            result.append(Opening(name=part.name, attributes=moved))
    return result


def hrefs(run: list[Part]) -> tuple[str, ...]:
    """Every link in order, duplicates kept."""
    openings = (part for part in run if isinstance(part, Opening) and part.name == "a")
    return tuple(part.attributes["href"] for part in openings if "href" in part.attributes)


def pictures(run: list[Part], files: Mapping[str, str]) -> tuple[Image, ...]:
    """Every picture in order, with the caption of its figure. `files` gives local paths by src."""
    return tuple(
        Image(
            src=part.attributes["src"],
            alt=" ".join(part.attributes.get("alt", "").split()),
            caption=_caption(run, position),
            path=files.get(part.attributes["src"], ""),
        )
        for position, part in enumerate(run)
        if isinstance(part, Opening) and part.name == "img"
    )


def _caption(run: list[Part], position: int) -> str:
    """The words of the figcaption that follows in the same figure, or the picture's title."""
    picture = run[position]
    start: int | None = None
    for at in range(position + 1, len(run)):
        match run[at]:
            case Opening(name="figcaption"):
                start = at
            case Closing(name="figcaption") if start is not None:
                return words(run[start:at])
            case Opening(name="img" | "figure") | Closing(name="figure"):
                break
    return picture.attributes.get("title", "") if isinstance(picture, Opening) else ""


def local_file(reference: str, folder: Path) -> str:
    """The regular file inside `folder` that a relative path names, or "".

    Never one outside, by whatever notation: dots, percent signs, links, NUL.
    """
    name = unquote(reference.partition("#")[0].partition("?")[0]).lstrip("/")
    try:
        inside = folder.resolve(strict=True)
        file = (inside / name).resolve(strict=True)
        return str(file) if file.is_relative_to(inside) and file.is_file() else ""
    except (OSError, ValueError, RuntimeError):  # absent, NUL, a loop of links
        return ""
