"""Parts of an edition that only some channels take."""

import re
from pathlib import Path

import pytest

from publisher.domain.issue import BadSource, Edition
from publisher.rendering.reading import read_edition
from publisher.rendering.sections import always_stays, for_channel
from tests.publisher.rendering.sources import SITE, issue

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "xmpp"
ISSUE = """\
Hello all.

## News
One thing happened.

## Spread the news!
Share it on [Reddit](https://reddit.example/).

### License
CC BY-SA

## Unsubscribe from the letter
Write to us.

## The end
See you.
"""


def seen(edition: Edition, *drop: str, name: str = "feed", kind: str = "atom") -> Edition:
    return for_channel(edition, names=(name, kind), drop=drop)


def test_a_section_goes_with_its_heading_and_all_below_it(tmp_path: Path) -> None:
    found = seen(issue(tmp_path, ISSUE), "Unsubscribe")
    assert "Unsubscribe" not in found.html + found.text
    assert "Write to us" not in found.html + found.text
    assert "CC BY-SA\n\nThe end\n=======\n\nSee you.\n" in found.text


def test_links_go_with_their_section(tmp_path: Path) -> None:
    edition = issue(tmp_path, ISSUE)
    assert edition.links == ("https://reddit.example/",)
    assert seen(edition, "spread the NEWS").links == ()


def test_a_heading_is_meant_by_whole_words(tmp_path: Path) -> None:
    edition = issue(tmp_path, ISSUE)
    assert seen(edition, "Un", "he end", "Newsflash") == edition


@pytest.mark.parametrize(
    ("heading", "drop"),
    [
        ("Don't miss out", "Don't miss"),
        ('Say "ahoy"...', 'say "ahoy"...'),
        ("Share -- and like --- it", "Share -- and like"),
        ("📣 Spread *the* `news`", "Spread the news"),
        ("📣 Spread the news", "📣 Spread"),
        (":tada: Spread the [news](https://n.example)", "Spread the news"),
        ("C++ (a.*) [x]", "C++ (a.*)"),
    ],
)
def test_a_heading_is_meant_as_it_is_typed(tmp_path: Path, heading: str, drop: str) -> None:
    edition = issue(tmp_path, f"## {heading}\nHeave ho.\n\n## News\nOne.\n")
    assert seen(edition, drop).text == "News\n====\n\nOne.\n"


def test_footnotes_stay_when_the_last_section_goes(tmp_path: Path) -> None:
    edition = issue(tmp_path, "A[^1].\n\n## Unsubscribe\nWrite.\n\n[^1]: The harbour master.\n")
    found = seen(edition, "Unsubscribe")
    assert "Write" not in found.text
    assert "^1 The harbour master." in found.text


def test_a_licence_stays_when_the_section_around_it_goes(tmp_path: Path) -> None:
    found = seen(issue(tmp_path, ISSUE), "Spread the news")
    assert "Reddit" not in found.html
    assert '<h3 id="license">License</h3>\n<p>CC BY-SA</p>' in found.html


def test_a_sentence_that_links_to_the_licence_stays(tmp_path: Path) -> None:
    body = "## Bye\nWaves.\n\nAll of it is [free](https://creativecommons.org/licenses/by/4.0/).\n"
    found = seen(issue(tmp_path, "Hello.\n\n" + body), "Bye")
    assert found.text.startswith("Hello.\n\nAll of it is free [1].")


@pytest.mark.parametrize(
    "heading",
    [
        "License",
        "Licence",
        "Lizenz",
        "Licencia",
        "Credits",
        "Newsletter Contributors & Translations",
        "Übersetzungen des Newsletters",
        "Contributions et traductions de la lettre d’information",
        "Contribuidores y Traductores del Newsletter",
    ],
)
def test_licence_and_credits_are_known_in_many_languages(heading: str) -> None:
    assert always_stays(heading)


@pytest.mark.parametrize("heading", ["Spread the news", "Unsubscribe", "Contributing", "Abmelden"])
def test_other_headings_may_go(heading: str) -> None:
    assert not always_stays(heading)


FENCED = """\
<!-- publisher: only readers, lemmy -->
Dear reader, [answer](https://mail.example/) this mail.
<!-- publisher: end -->

Hello<!-- publisher: not reddit --> all<!-- publisher: end -->.
"""


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("readers", "email", "Dear reader, answer [1] this mail.\n\nHello all."),
        ("feed", "atom", "Hello all."),
        ("news", "lemmy", "Dear reader, answer [1] this mail.\n\nHello all."),
        ("news", "reddit", "Hello."),
    ],
)
def test_a_fenced_part_is_for_the_channels_it_names(
    tmp_path: Path, name: str, kind: str, text: str
) -> None:
    found = seen(issue(tmp_path, FENCED), name=name, kind=kind)
    assert found.text.partition("\n\n[1]")[0].strip() == text


def test_the_summary_holds_only_what_every_channel_shows(tmp_path: Path) -> None:
    assert issue(tmp_path, FENCED).summary == "Hello."


def test_no_fence_is_left_in_any_text(tmp_path: Path) -> None:
    edition = issue(tmp_path, FENCED)
    assert "publisher:" not in edition.html + edition.text
    assert not re.search("[\U0010ff00-\U0010ffff]", edition.html + edition.text)


def test_a_fence_may_hold_a_picture_and_it_goes_with_it(tmp_path: Path) -> None:
    body = (
        "![One](/1.png)\n\n<!-- publisher: not atom -->\n![Two](/2.png)\n<!-- publisher: end -->\n"
    )
    edition = issue(tmp_path, body)
    assert [image.alt for image in edition.images] == ["One", "Two"]
    assert [image.alt for image in seen(edition).images] == ["One"]


def test_a_fence_that_is_shown_as_code_fences_nothing(tmp_path: Path) -> None:
    edition = issue(tmp_path, "```\n<!-- publisher: only x -->\n```\n")
    assert edition.fences == ()
    assert "publisher: only x" in edition.text


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("Hi.\n\n<!-- publisher: only x -->\nMore.\n", 7, "this part never ends"),
        ("Hi.\n\n<!-- publisher: end -->\n", 7, "nothing to end here"),
        ("<!-- publisher: sometimes -->\n", 5, "cannot be read: publisher: sometimes"),
        ("<!-- publisher: only -->\n", 5, "cannot be read: publisher: only"),
        (
            "- a <!-- publisher: only x -->\n- b <!-- publisher: end -->\n",
            6,
            "this part ends on another level than it begins on, in line 5",
        ),
    ],
)
def test_a_broken_fence_is_told_with_its_line(
    tmp_path: Path, body: str, line: int, words: str
) -> None:
    with pytest.raises(BadSource) as caught:
        issue(tmp_path, body)
    assert (caught.value.reason, caught.value.line) == (words, line)
    assert "<!-- publisher: end -->" in caught.value.remedy


def _credits(edition: Edition) -> list[str]:
    headings = re.findall(r"<h\d[^>]*>(.*?)</h\d>", edition.html)
    return [heading for heading in headings if always_stays(heading)]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real issues is not on this machine")
def test_real_issues_keep_licence_and_credits_whatever_is_dropped() -> None:
    drop = ("Spread the news", "Verbreiten", "Répandez", "Unsubscribe", "Help us")
    shorter = 0
    for path in sorted(CORPUS.glob("*.md")):
        edition = read_edition(path, root=CORPUS, site=SITE, static=None)
        found = seen(edition, *drop)
        shorter += len(found.text) < len(edition.text)
        assert _credits(found) == _credits(edition) != [], path
        licence = [link for link in edition.links if "creativecommons" in link]
        assert [link for link in found.links if "creativecommons" in link] == licence, path
        assert not re.search(r"^(Spread the news|Unsubscribe)", found.text, re.MULTILINE), path
    assert shorter > 40
