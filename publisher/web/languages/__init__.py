"""The operators' pages in several languages: gettext's catalogues, read as they are written.

English stands in the templates; `LANG.po` beside this file has the others. No step compiles them.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from publisher.web import texts

ENGLISH = "en"
KNOWN = (ENGLISH, "de")


def noted(words: str) -> str:
    """Mark words in Python code for translation, where they are shown later."""
    return words


def wanted(accept_language: str) -> str:
    """The language for an Accept-Language header, English where we know none of them."""
    known = (
        lang for one in texts.ranked(accept_language) for lang in KNOWN if texts.same(lang, one)
    )
    return next(known, ENGLISH)


@cache
def translations(lang: str) -> NullTranslations:
    """The words of a language that is known."""
    if lang == ENGLISH:
        return NullTranslations()
    written = files("publisher.web.languages").joinpath(f"{lang}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(written)))
    compiled.seek(0)
    return GNUTranslations(compiled)
