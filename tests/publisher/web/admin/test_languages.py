"""The operators' pages in every language: nothing unsaid, nothing said of what is gone."""

import re

import pytest

from publisher.web import languages
from tests.publisher.web.admin import words
from tests.publisher.web.admin.conftest import Office

PLACEHOLDER = re.compile(r"%\(\w+\)\w")


@pytest.mark.parametrize("lang", words.others())
def test_all_that_is_said_is_translated_and_nothing_else(lang: str) -> None:
    """`make words` brings a catalogue up to date; what is new is for a person."""
    kept = {message.id: message for message in words.known(lang) if message.id}
    assert {message.id for message in words.wanted() if message.id} == kept.keys()
    assert not [message.id for message in kept.values() if message.fuzzy]
    assert not [message.id for message in kept.values() if not all(words.texts(message.string))]


@pytest.mark.parametrize("lang", words.others())
def test_a_translation_fills_in_the_same_things(lang: str) -> None:
    for message in words.known(lang):
        if message.id:
            wanted = {*PLACEHOLDER.findall(words.texts(message.id)[-1])}
            assert all({*PLACEHOLDER.findall(t)} == wanted for t in words.texts(message.string))


def test_who_wants_german_gets_it_in_every_place(office: Office) -> None:
    office.house.run()
    german = {"Accept-Language": "de-AT, en;q=0.5"}
    assert "Passwort" in office.browser.get("/admin/sign-in", headers=german).text
    office.sign_in()
    page = office.browser.get("/admin", headers=german).text
    assert "zugestellt" in page
    assert "1 bis 1 von 1 Ausgaben" in page
    assert (
        languages.translations("de").ngettext("%(num)s row", "%(num)s rows", 2) == "%(num)s Zeilen"
    )


@pytest.mark.parametrize(
    ("header", "lang"),
    [("", "en"), ("fr, de;q=0.1", "de"), ("zz", "en"), ("en, de", "en"), ("de;q=0, en", "en")],
)
def test_the_first_language_that_is_known_is_taken(header: str, lang: str) -> None:
    assert languages.wanted(header) == lang
