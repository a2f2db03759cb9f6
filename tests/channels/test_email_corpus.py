"""Real issues as mails: every one fits a telephone, and comes back from its bytes."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path

import pytest

from channels.email import Email, encoding, filling, parts, writing
from publisher.domain.channel import Reader
from publisher.domain.habits import Habits
from publisher.domain.issue import Edition, Site
from publisher.rendering.reading import read_edition
from tests.channels.browser import CHROMIUM, browsing

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SITE = Site(name="The Letter", base_url="https://letter.example/", license="CC BY-SA 4.0")
GENERATORS = {"this-week-in-rust": "pelican", "rust-osdev": "zola", "lwkd": "jekyll"}
NARROW = 320  # CSS pixels: WCAG 2.2 §1.4.10
MAIL = Email(host="127.0.0.1", from_="a@letter.example", list_id="letter.letter.example")
READER = Reader(
    address="ada@boats.example",
    token="t0ken",
    unsubscribe_url="https://letter.example/unsubscribe/t0ken?a=1&b=2",
)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real issues is not on this machine"
)


@cache
def editions() -> list[Edition]:
    paths = sorted([*CORPUS.glob("xmpp/*.md"), *CORPUS.glob("other/*/*.md")])
    return [
        read_edition(
            path,
            root=path.parent,
            site=SITE,
            static=CORPUS / "static",
            habits=Habits(generator=GENERATORS.get(path.parent.name, "hugo")),
        )
        for path in paths
    ]


def test_every_real_issue_comes_back_from_its_bytes_as_it_was_shown() -> None:
    for edition in editions():
        post = MAIL.render(edition)
        letter = writing.letter(post, MAIL.sender)
        content = filling.parcel(letter, READER, at=datetime(2026, 8, 6, tzinfo=UTC)).content
        writing.wire_check(content)
        read = message_from_bytes(content, policy=policy.default)
        assert read["Subject"] == encoding.one_line(edition.title)
        text, html = (read.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert html is not None
        slot, url = post.details["slot"], READER.unsubscribe_url
        shown = text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")
        assert shown[0] == post.text.replace(slot, url)
        assert shown[1] == post.html.replace(slot, url.replace("&", "&amp;"))


def test_every_picture_of_a_real_issue_has_an_alt_and_none_is_svg() -> None:
    for edition in editions():
        for picture in re.findall("<img[^>]*>", MAIL.render(edition).html):
            assert " alt=" in picture
            assert not re.search(r'src="[^"?#]*\.svg', picture)


def test_no_real_issue_is_cut_by_gmail() -> None:
    assert max(len(MAIL.render(edition).html.encode()) for edition in editions()) < parts.CLIPPED


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_no_real_issue_is_wider_than_a_small_telephone(tmp_path: Path) -> None:
    wider = []
    with browsing(tmp_path) as browser:
        for edition in editions():
            browser.show(MAIL.render(edition).html, width=NARROW)
            if browser.measure("document.documentElement.scrollWidth") > NARROW:
                wider.append(edition.path)
    assert not wider
