"""The mail that asks: in the reader's language, and not in a stranger's words."""

import pytest

from publisher.domain.channel import Note
from publisher.domain.issue import Site
from publisher.rendering.question import WORDS, question
from publisher.web import texts

SITE = Site(name="The {Test} & Co", base_url="https://news.example/")
LINK = "https://pages.example/confirm/TOKEN"


def note(lang: str = "en", address: str = "ann@example.org", of: str = "TOKEN") -> Note:
    return question(address=address, lang=lang, token=of, link=LINK, site=SITE, days=7)


@pytest.mark.parametrize("lang", sorted(WORDS))
def test_the_link_stands_on_a_line_of_its_own(lang: str) -> None:
    assert note(lang).text.splitlines().count(LINK) == 1


@pytest.mark.parametrize("lang", sorted(WORDS))
def test_it_says_whose_it_is_and_how_long_it_works(lang: str) -> None:
    assert SITE.name in note(lang).subject
    assert SITE.name in note(lang).text
    assert "7" in note(lang).text
    assert SITE.base_url in note(lang).text


@pytest.mark.parametrize("lang", sorted(WORDS))
def test_it_is_the_same_whoever_gets_it(lang: str) -> None:
    one, other = note(lang), note(lang, address='"buy now" <https://spam.example>@example.org')
    assert (one.subject, one.text) == (other.subject, other.text)


def test_there_are_words_for_every_language_of_the_pages() -> None:
    assert set(WORDS) == set(texts.KNOWN)
    assert len({note(lang).text for lang in WORDS}) == len(WORDS)


@pytest.mark.parametrize("lang, said", [("de-AT", "Hallo"), ("xx", "Hello"), ("", "Hello")])
def test_a_variety_gets_its_language_and_any_other_english(lang: str, said: str) -> None:
    assert note(lang).text.startswith(said)


def test_its_key_is_its_own_and_does_not_give_the_token_away() -> None:
    assert note().key == note().key
    assert note().key != note(of="OTHER").key
    assert "TOKEN" not in note().key
