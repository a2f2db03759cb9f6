"""The life of one delivery: one post, one channel, at most one reader."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.domain.channel import ChannelError, Post, Receipt, Refused, TryLater, Unsure


class State(StrEnum):
    """Where a delivery stands. There are no other states, on any channel."""

    PENDING = "pending"  # nothing posted; due at next_attempt_at
    SENDING = "sending"  # claimed by one worker
    UNSURE = "unsure"  # may be posted, so look first; due at next_attempt_at
    DELIVERED = "delivered"
    REFUSED = "refused"  # will never be taken as it is
    HELD = "held"  # waits for a person
    SKIPPED = "skipped"  # by rule or by a person


TRANSITIONS: dict[State, set[State]] = {
    State.PENDING: {State.SENDING, State.SKIPPED, State.UNSURE},
    State.UNSURE: {State.SENDING, State.PENDING, State.DELIVERED, State.SKIPPED},
    State.SENDING: set(State) - {State.SENDING},
    State.DELIVERED: {State.SKIPPED},  # a person has it taken back
    State.REFUSED: {State.PENDING, State.UNSURE, State.DELIVERED, State.SKIPPED},  # a person
    State.HELD: {State.PENDING, State.UNSURE, State.DELIVERED, State.SKIPPED},  # decides
    State.SKIPPED: set(),
}

WAITING = (State.PENDING, State.UNSURE)
UNFINISHED = (State.PENDING, State.SENDING, State.UNSURE)
FAILED = (State.REFUSED, State.HELD)

BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 7200, 21600, 43200, 86400))
FIRST_LOOK = timedelta(seconds=2)  # a lost answer is looked for soon
SETTLING = timedelta(seconds=30)  # until then "it is not there" may only mean "not yet"
LEASE = timedelta(minutes=10)  # longer than any attempt may take
FRESH = timedelta(minutes=1)  # who wakes up later after a mark does not act on it any more
LONGEST_WAIT = timedelta(days=2)  # a server that asks for more is not believed


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery in the hands of one worker, for attempt number `attempt`.

    `tries` counts the attempts since a person last said retry, this one included. `marked_at`
    is when an earlier attempt may have posted, `evidence` why that is not certain. `recipient`
    (the key that addresses are compared by), `address`, `token` and `name` are the reader's, if
    any.
    """

    id: int
    channel: str
    post: Post
    attempt: int
    tries: int = 1
    in_doubt: bool = False
    marked_at: datetime | None = None
    evidence: str = ""
    recipient: str = ""
    address: str = ""
    token: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an attempt came to: where the delivery goes, when it is due, and why.

    `tried` is false for a delivery that was given back untouched. `rest` is what the failure
    says of the network: None if nothing (a refusal is about the post), else the rest that it
    asked for, which may be none.
    """

    state: State
    retry_in: timedelta | None = None
    note: str = ""
    in_doubt: bool = False
    tried: bool = True
    rest: timedelta | None = None


def settled_by(receipt: Receipt, *, found: bool) -> Outcome:
    """The outcome of an attempt that has proof, fresh or found."""
    return Outcome(
        state=State.DELIVERED, note="found: it was there already" if found else receipt.note
    )


def after_failure(error: Exception, *, tries: int, in_doubt: bool) -> Outcome:
    """Decide what becomes of a delivery that failed for the `tries`-th time.

    Once in doubt, only an answer from find_existing clears it: a rate limit met while looking
    must not turn into a blind resend, nor may a refusal that came while looking.
    """
    note = str(error) or type(error).__name__
    doubt = in_doubt or isinstance(error, Unsure)
    if isinstance(error, Refused):
        return Outcome(state=State.HELD if doubt else State.REFUSED, note=note, in_doubt=doubt)
    if isinstance(error, TryLater | Unsure) and tries <= len(BACKOFF):
        return Outcome(
            state=State.UNSURE if doubt else State.PENDING,
            retry_in=_pause(error, tries, first_look=doubt and not in_doubt),
            note=note,
            in_doubt=doubt,
            rest=_asked(error),
        )
    if isinstance(error, TryLater | Unsure):
        note = f"given up after {tries} attempts: {note}"
    elif not isinstance(error, ChannelError):
        note = f"{type(error).__name__}: {note}"
    return Outcome(state=State.HELD, note=note, in_doubt=doubt, rest=_asked(error))


def _asked(error: Exception) -> timedelta | None:
    if not isinstance(error, TryLater | Unsure):
        return None
    return min(error.retry_after or timedelta(), LONGEST_WAIT)


def _pause(error: TryLater | Unsure, tries: int, *, first_look: bool) -> timedelta:
    if error.retry_after is not None:
        return min(max(error.retry_after, timedelta(seconds=1)), LONGEST_WAIT)
    if first_look:
        return FIRST_LOOK
    jitter = 1 + random.random() / 4  # noqa: S311  spreads load, guards nothing
    return BACKOFF[tries - 1] * jitter
