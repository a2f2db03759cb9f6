"""The words of the pages: all of them, in every language, with the same gaps."""

from dataclasses import fields
from string import Formatter

import pytest

from publisher.web import texts
from publisher.web.texts.words import Texts


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("lang", sorted(texts.KNOWN))
def test_every_text_is_there_with_its_gaps(lang: str) -> None:
    english, theirs = texts.KNOWN["en"], texts.KNOWN[lang]
    for field in fields(Texts):
        if isinstance(said := getattr(theirs, field.name), str):
            assert said.strip(), field.name
            assert gaps(said) == gaps(getattr(english, field.name)), field.name
    assert theirs.failures.keys() == english.failures.keys()
    assert all(all(words) for words in theirs.failures.values())


def test_no_language_was_left_in_english() -> None:
    for field in fields(Texts):
        said = [getattr(words, field.name) for words in texts.KNOWN.values()]
        alike = {"date", "feeds", "licence", "lists"}  # one word for several
        assert field.name in alike or len({str(text) for text in said}) == len(said), field.name
