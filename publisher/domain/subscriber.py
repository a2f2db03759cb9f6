"""A reader of the mailing list, and how their address is compared."""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum


class Standing(StrEnum):
    """Whether a reader gets mail."""

    UNCONFIRMED = "unconfirmed"  # asked, has not answered
    CONFIRMED = "confirmed"
    LEFT = "left"  # by their own word or an operator's
    STOPPED = "stopped"  # their mail bounces, or they complained of it


class Event(StrEnum):
    """What the log of a reader can tell."""

    ASKED = "asked"  # somebody gave the address; its owner was asked to confirm
    JOINED = "joined"  # consent: confirmed, or vouched for by an operator or an import
    CHANGED = "changed"  # languages, lists, name
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    STOPPED = "stopped"  # nothing is sent any more, because of bounces or a complaint
    FORGOTTEN = "forgotten"


LONGEST_WAIT = 60  # days that a reader may wait for their own language before another will do


def days_of(word: str) -> int | None:
    """After how many days another language will do; None for an empty word. Raises ValueError."""
    if not word.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,9}", word.strip()) or not 1 <= int(word) <= LONGEST_WAIT:
        raise ValueError(f"{word[:20]!r} is no whole number of days from 1 to {LONGEST_WAIT}")
    return int(word)


def can_wait(languages: Collection[str], *, lists: Iterable[Collection[str]], site: str) -> bool:
    """Whether `else_after` means anything for a reader of these languages.

    `lists` are the languages that each list of theirs takes, and `site` the site's. Who reads that
    gets it at once, and where it is not taken it cannot come instead.
    """
    return site not in languages and any(
        site in taken and not {*taken}.isdisjoint(languages) for taken in lists
    )


JOINERS = "\u200c\u200d"  # not seen by themselves, but names of some scripts need them


def one_line(text: str) -> str:
    """A name or note without anything that begins a line, or acts on a terminal."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in JOINERS else " " for c in text)
    return " ".join(text.split())


def gets_the_rest(lang: str, *, taken: tuple[str, ...], default: str) -> bool:
    """Whether the `lang` edition also goes to readers without an edition of their own.

    That is the site's language, or the first that the channel takes where it leaves that out.
    """
    return lang == (default if default in taken else taken[0])
