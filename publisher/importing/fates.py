"""What becomes of a row, by what is known of its reader here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from publisher.domain.subscriber import Event, Standing
from publisher.importing.newcomers import Newcomer
from publisher.storage.arrivals import Fate

ORIGIN = "import"
NO = (Standing.LEFT, Standing.STOPPED)


class Known(StrEnum):
    """What is done with the choices of readers who are on the list already."""

    KEPT = "kept"
    OVERWRITTEN = "overwritten"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a row, and why where it is left out."""

    fate: Fate
    why: str = ""


KEPT = Verdict(fate=Fate.KEPT)
EVENTS: Mapping[Standing, Event] = {
    Standing.CONFIRMED: Event.JOINED,
    Standing.UNCONFIRMED: Event.ASKED,
    Standing.LEFT: Event.LEFT,
    Standing.STOPPED: Event.STOPPED,
}


def verdict(new: Newcomer, here: Any, against: str, known: Known) -> Verdict:
    """What becomes of a newcomer. `here` is the reader's row, or None; `against` a suppression.

    Who left or was stopped is never brought back, and who said yes here keeps their yes: only
    who never did so themselves, or said it before the file's no, is taken off the list by it.
    """
    if new.standing in NO:
        return _of_no(new, here, against)
    if against:
        return Verdict(fate=Fate.LEFT_OUT, why=f"nothing may be sent to it ({against})")
    if here is None:
        return Verdict(fate=Fate.ADDED)
    if here.state in NO:
        has = "has left" if here.state == Standing.LEFT else "was stopped"
        return Verdict(fate=Fate.LEFT_OUT, why=f"{has}, and is not brought back by a file")
    return _of_yes(new, here, known)


def _of_yes(new: Newcomer, here: Any, known: Known) -> Verdict:
    if here.state == Standing.UNCONFIRMED and new.standing is Standing.CONFIRMED:
        return Verdict(fate=Fate.CONFIRMED)
    if here.state == Standing.CONFIRMED and known is Known.OVERWRITTEN and _differs(new, here):
        return Verdict(fate=Fate.CHANGED)
    return KEPT


def _differs(new: Newcomer, here: Any) -> bool:
    said = {name: getattr(new, name) for name in ("name", "languages", "lists", "else_after")}
    return any(told and told != getattr(here, name) for name, told in said.items())


def _of_no(new: Newcomer, here: Any, against: str) -> Verdict:
    if here is None:
        return KEPT if against else Verdict(fate=Fate.ADDED)
    if here.state in (Standing.STOPPED, new.standing):
        return KEPT
    if here.state == Standing.CONFIRMED and here.origin != ORIGIN:
        later = new.since is not None and new.since > here.changed_at
        if not later:
            why = "has said yes here; to take them off: publisher subscribers remove"
            return Verdict(fate=Fate.LEFT_OUT, why=why)
    return Verdict(fate=Fate.ENDED)
