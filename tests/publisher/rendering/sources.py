"""Small sources written to a folder and read back."""

import re
from pathlib import Path

from publisher.domain.issue import Edition, Site
from publisher.rendering.reading import read_edition

SITE = Site(name="The Example Letter", base_url="https://example.org/")
HEAD = "title: An issue\ndate: 2026-06-05\n"


def written(folder: Path, text: str | bytes, *, name: str = "2026-06-05-letter.md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def issue(
    folder: Path,
    body: str = "Hello.\n",
    *,
    head: str = HEAD,
    name: str = "2026-06-05-letter.md",
    site: Site = SITE,
    static: Path | None = None,
) -> Edition:
    path = written(folder, f"---\n{head}---\n{body}", name=name)
    return read_edition(path, root=folder, site=site, static=static)


def read(folder: Path, text: str | bytes, *, name: str = "2026-06-05-letter.md") -> Edition:
    return read_edition(written(folder, text, name=name), root=folder, site=SITE, static=None)


def assert_safe(edition: Edition) -> None:
    """Well-formed, nothing that acts, every link absolute, all of it encodable."""
    opened = re.findall(r"<([a-z0-9]+)((?: [a-z]+=\"[^\"<>]*\")*)>", edition.html)
    assert len(opened) == len(re.findall(r"<(?!/)", edition.html))
    assert not {name for name, _ in opened} & {"script", "style", "svg", "iframe", "form"}
    for _, attributes in opened:
        assert not re.search(r" on[a-z]+=", re.sub(r'"[^"]*"', '""', attributes))
        assert not re.search(r'(?:href|src)="(?:javascript|data):', attributes, re.IGNORECASE)
    assert all(re.match(r"[a-z]+:", link) for link in edition.links)
    (edition.html + edition.text + edition.title + edition.summary).encode()
