"""A reader of the mailing list, and how their address is compared."""

from enum import StrEnum


class Standing(StrEnum):
    """Whether a reader gets mail."""

    UNCONFIRMED = "unconfirmed"  # asked, has not answered
    CONFIRMED = "confirmed"
    LEFT = "left"


def gets_the_rest(lang: str, *, taken: tuple[str, ...], default: str) -> bool:
    """Whether the `lang` edition also goes to readers without an edition of their own.

    That is the site's language, or the first that the channel takes where it leaves that out.
    """
    return lang == (default if default in taken else taken[0])
