"""Keys, languages and addresses."""

import os
from pathlib import Path

import pytest

from publisher.domain.issue import BadSource, Site
from publisher.rendering.names import identity
from publisher.rendering.permalink import slug
from tests.publisher.rendering.sources import HEAD, issue, written

ROOT = Path("/srv/content/blog/newsletter")


@pytest.mark.parametrize(
    ("path", "key", "lang"),
    [
        ("2022-12-05-newsletter.md", "2022-12-05-newsletter", "en"),
        ("2022-12-05-newsletter.fr.md", "2022-12-05-newsletter", "fr"),
        ("2025-01-05-newsletter.pt-br.md", "2025-01-05-newsletter", "pt-br"),
        ("a.zh-Hans.md", "a", "zh-hans"),
        ("a.es-419.md", "a", "es-419"),
        ("old/a.de.md", "old/a", "de"),
        ("2026-06/index.de.md", "2026-06", "de"),
        ("2026-06/index.md", "2026-06", "en"),
        ("x/2026-06/index.md", "x/2026-06", "en"),
        ("index.md", "newsletter", "en"),
        ("v1.2.md", "v1.2", "en"),
        ("letter.draft.md", "letter.draft", "en"),
        ("letter.bak.md", "letter.bak", "en"),
        ("letter.en.md", "letter", "en"),
        (".fr.md", ".fr", "en"),
        ("../elsewhere/b.it.md", "b", "it"),
    ],
)
def test_the_key_is_the_path_without_language_and_extension(path: str, key: str, lang: str) -> None:
    assert identity(ROOT / path, root=ROOT, default_language="en") == (key, lang)


def test_without_a_root_the_key_is_the_name(tmp_path: Path) -> None:
    assert identity(tmp_path / "a.fr.md", root=None, default_language="en") == ("a", "fr")
    bundle = tmp_path / "2026-06" / "index.fr.md"
    assert identity(bundle, root=None, default_language="en") == ("2026-06", "fr")


def test_a_relative_path_has_the_key_of_the_absolute_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key = identity(Path("sub/a.md"), root=tmp_path, default_language="en")
    assert key == identity(tmp_path / "sub/a.md", root=Path(), default_language="en")
    assert key == ("sub/a", "en")


def test_a_name_that_is_no_text_is_refused() -> None:
    name = os.fsdecode(b"\xff.md")
    with pytest.raises(BadSource, match="not UTF-8"):
        identity(Path(name), root=None, default_language="en")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("XMPP@home - 9 June 2020", "xmpp@home-9-june-2020"),
        ("December 2021 & January 2022", "december-2021-january-2022"),
        ("La lettre d'août 2023", "la-lettre-daoût-2023"),
        ("  Two  -- dashes -", "two--dashes-"),
        ("C++ / C# ~ a_b.c", "c++-/-c#-~-a_b.c"),
        ("100% 5%20x", "100-5%20x"),
        ("İstanbul ΟΔΟΣ", "istanbul-οδοσ"),
        ("हिन्दी", "हिन्दी"),
        ("🎉 party!", "party"),
        ("!?", ""),
    ],
)
def test_a_title_becomes_the_slug_hugo_makes(title: str, expected: str) -> None:
    assert slug(title) == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/:year/:month/:title/", "2026/06/an-issue/"),
        ("/:year/:month/:title", "2026/06/an-issue/"),
        ("/:slug/", "short/"),
        ("/:slugorfilename/", "short/"),
        ("/p/:filename/", "p/2026-06-05-letter/"),
        ("/p/:contentbasename/", "p/2026-06-05-letter/"),
        ("/:year/:monthname/:day/:yearday/:weekday/:weekdayname/", "2026/june/05/156/5/friday/"),
        ("/:section/:title/", "blog/an-issue/"),
        ("/:sections/:title/", "blog/news/an-issue/"),
        ("/:title.html", "an-issue.html"),
    ],
)
def test_every_token_of_a_pattern_is_filled(tmp_path: Path, pattern: str, path: str) -> None:
    site = Site(name="x", base_url="https://example.org/", permalink=pattern)
    name = "content/blog/news/2026-06-05-letter.md"
    written(tmp_path, "", name="content/blog/news/_index.md")
    edition = issue(tmp_path, head=HEAD + "slug: Short\n", site=site, name=name)
    assert edition.url == f"https://example.org/{path}"


def test_an_unknown_token_is_refused_by_name(tmp_path: Path) -> None:
    site = Site(name="x", base_url="https://example.org/", permalink="/:yeer/:title/")
    with pytest.raises(BadSource, match=":yeer"):
        issue(tmp_path, site=site)


def test_other_languages_stand_in_front(tmp_path: Path) -> None:
    assert issue(tmp_path, name="a.fr.md").url == "https://example.org/fr/2026/06/an-issue/"
    assert issue(tmp_path, name="a.en.md").url == "https://example.org/2026/06/an-issue/"


def test_letters_beyond_ascii_are_percent_encoded(tmp_path: Path) -> None:
    head = "title: Août \\#9\ndate: 2023-08-05\n"
    assert issue(tmp_path, head=head).url == "https://example.org/2023/08/ao%C3%BBt-%239/"


@pytest.mark.parametrize(
    ("own", "name", "path"),
    [
        ("/my/place/", "a.md", "my/place/"),
        ("my/place", "a.md", "my/place/"),
        ("/my/place.html", "a.md", "my/place.html"),
        ("/my/place/", "a.fr.md", "my/place/"),
        ("my/place/", "a.fr.md", "fr/my/place/"),
    ],
)
def test_an_address_of_its_own_wins(tmp_path: Path, own: str, name: str, path: str) -> None:
    edition = issue(tmp_path, head=HEAD + f"url: {own}\n", name=name)
    assert edition.url == f"https://example.org/{path}"


def test_a_whole_address_as_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="give only its path"):
        issue(tmp_path, head=HEAD + "url: https://example.net/\n")


def test_a_site_outside_ascii_has_addresses_that_every_program_takes(tmp_path: Path) -> None:
    site = Site(name="x", base_url="https://hafenblättchen.example/für alle/")
    edition = issue(tmp_path, head=HEAD.replace("An issue", "'Netze (2) #9?'"), site=site)
    assert edition.url == (
        "https://xn--hafenblttchen-hfb.example/f%C3%BCr%20alle/2026/06/netze-2-%239/"
    )
    assert edition.key == "2026-06-05-letter"


@pytest.mark.parametrize("token", [":sectionslugs", ":Title", ":language", ":yearmonth"])
def test_a_token_that_hugo_does_not_know_is_refused_with_the_line_of_the_url(
    tmp_path: Path, token: str
) -> None:
    with pytest.raises(BadSource, match=token) as refusal:
        issue(tmp_path, head=HEAD + f"url: /{token}/x/\n")
    assert refusal.value.line == 4
