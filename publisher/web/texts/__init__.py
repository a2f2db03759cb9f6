"""The words of the readers' pages, in the languages we know."""

from datetime import datetime

from publisher.web.texts.english import ENGLISH
from publisher.web.texts.french import FRENCH
from publisher.web.texts.german import GERMAN
from publisher.web.texts.italian import ITALIAN
from publisher.web.texts.spanish import SPANISH
from publisher.web.texts.words import Texts

KNOWN = {texts.lang: texts for texts in (ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN)}

OWN_NAMES = {
    "ar": "العربية",
    "ca": "Català",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hu": "Magyar",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "pt-br": "Português (Brasil)",
    "ro": "Română",
    "ru": "Русский",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}


def knows(language: str) -> bool:
    """Whether there are words for a language, or for the one it is a variety of."""
    return _base(language) in KNOWN


def same(one: str, other: str) -> bool:
    """Whether two are one language, or varieties of one."""
    return _base(one) == _base(other)


def best(*languages: str) -> Texts:
    """The words in the first of these languages that is known, else in English."""
    return next((KNOWN[_base(lang)] for lang in languages if knows(lang)), ENGLISH)


def wanted(accept_language: str, site: str) -> Texts:
    """The words for an Accept-Language header, else the site's."""
    return best(*ranked(accept_language), site)


def ranked(accept_language: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110 §12.5.4), the most wanted first."""
    choices = map(_weighed, accept_language[:1000].split(","))
    order = sorted(choices, key=lambda choice: -choice[0])  # stable: equals stay in order
    return [language for weight, language in order if weight > 0]


def _weighed(choice: str) -> tuple[float, str]:
    language, _, weight = choice.partition(";")
    try:
        return float(weight.strip().removeprefix("q=") or 1), language.strip()
    except ValueError:
        return 0.0, ""


def _base(language: str) -> str:
    return language.lower().partition("-")[0]


def day(moment: datetime, words: Texts) -> str:
    """A date as people write it in a language: 5 November 2026."""
    month = words.months.split()[moment.month - 1]
    return words.date.format(day=moment.day, month=month, year=moment.year)


def language_name(lang: str) -> str:
    """A language's name for itself, or its code where we do not know it."""
    return OWN_NAMES.get(lang) or OWN_NAMES.get(_base(lang)) or lang
