"""The months that titles name, in the languages of newsletters."""

import re
import unicodedata
from dataclasses import dataclass

NAMES = {
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "en": "january february march april may june july august september october november december",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie "
    "decembrie",
}
OTHER_NAMES = {"jänner": 1, "feber": 2, "setiembre": 9}
ALSO_WORDS = frozenset({"may", "march", "mars", "mai"})  # a month only beside a year


def _plain(word: str) -> str:
    """Without accents, for they are often left out."""
    split = unicodedata.normalize("NFD", word.lower())
    return "".join(c for c in split if not unicodedata.combining(c))


NUMBERS = {
    _plain(name): number for names in NAMES.values() for number, name in enumerate(names.split(), 1)
} | {_plain(name): number for name, number in OTHER_NAMES.items()}
MENTION = re.compile(
    r"(?<!\w)(?P<month>" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + r")(?!\w)"
    r"(?:(?:\s+\d{1,2}(?:st|nd|rd|th)?,?)?(?:\s+(?:de|del|of))?[\s,]+(?P<year>(?:19|20)\d\d)(?!\d))?"
)


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month as a title names it. `year` is 0 where the title does not say."""

    number: int
    year: int


def last_named(title: str) -> Month | None:
    """The last month that a title names, of "December 2021 & January 2022" the latter."""
    found = None
    for mention in MENTION.finditer(_plain(title)):
        year = int(mention["year"] or 0)
        if year or mention["month"] not in ALSO_WORDS:
            found = Month(number=NUMBERS[mention["month"]], year=year)
    return found
