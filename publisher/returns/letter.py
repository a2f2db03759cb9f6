"""A message in a mailbox, and how mailboxes fail."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum


class Tray(StrEnum):
    """Where a message belongs once it was read."""

    REPORTS = "reports"
    OTHERS = "others"  # what a person may want to look at


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message: where it lies, as many of its bytes as are ever looked at, and how to put it
    away, for which it must have been recorded before.
    """

    place: str
    raw: bytes
    put_away: Callable[[Tray], object]


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A message that cannot be read; it stays where it lies."""

    place: str
    why: str


Letters = Generator[Letter | Unreadable, None, None]  # to be closed by who does not read them all


class BadMailbox(Exception):
    """The mailbox is not as the configuration says; the message names the remedy."""


class MailboxTrouble(Exception):
    """The mailbox cannot be read now; it may be later."""
