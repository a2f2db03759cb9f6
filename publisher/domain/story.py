"""Why a reader did or did not get an issue: from what is known to sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.domain.delivery import State
from publisher.domain.subscriber import Event, Standing, gets_the_rest


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Something in the log of a reader."""

    at: datetime
    event: str
    how: str = ""
    place: str = ""
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """An attempt at a reader's copy, or a person's answer for it."""

    at: datetime
    outcome: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Returned:
    """What came back of a reader's copy."""

    at: datetime
    kind: str
    words: str = ""
    aside: bool = False


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What is known of the issue in one language on one list. `frozen_at` is when its readers
    were settled; `state` is that of the reader's own copy, "" where they have none.
    """

    list: str
    lang: str
    frozen_at: datetime
    state: str = ""
    reason: str = ""
    tried: tuple[Tried, ...] = ()
    returned: tuple[Returned, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that bears on the question. `standing` is None where nobody has the address; `taken`
    has the languages of each list that mails, `default` is the site's.
    """

    address: str
    issue: str
    default: str
    taken: dict[str, tuple[str, ...]]
    standing: str | None = None
    languages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    suppressed: str = ""
    events: tuple[Happened, ...] = ()
    copies: tuple[Copy, ...] = ()


ANSWERS = {
    State.DELIVERED: "got it",
    State.PENDING: "has not got it yet",
    State.SENDING: "is being sent it",
    State.UNSURE: "may have got it",
    State.HELD: "did not get it yet: it waits for you",
    State.REFUSED: "did not get it: their server refused it",
    State.SKIPPED: "did not get it: it was skipped",
}
SURE = (State.DELIVERED, State.UNSURE, State.SENDING, State.PENDING, State.HELD, State.REFUSED)
NOT_MAILED = {
    Standing.UNCONFIRMED: "they were asked and have not confirmed",
    Standing.LEFT: "they have left the list",
    Standing.STOPPED: "mail to them was stopped",
}
HAPPENED = {
    Event.ASKED: "was asked to confirm",
    Event.JOINED: "joined the list",
    Event.CHANGED: "changed their choices",
    Event.LEFT: "left the list",
    Event.BOUNCED: "mail came back",
    Event.COMPLAINED: "complained of mail",
    Event.STOPPED: "was stopped",
    Event.FORGOTTEN: "was forgotten",
}
RETURNED = {
    "hard": "it came back, for good",
    "soft": "it came back, for now",
    "policy": "it came back, for reasons that are ours",
    "delayed": "their server said that it is late",
    "complaint": "they complained of it",
}


def told(facts: Facts) -> list[str]:
    """The story in lines, the answer first, and then what led to it in the order of time."""
    return [_answer(facts), *_who(facts), *_past(facts), *_ways(facts)]


def _answer(facts: Facts) -> str:
    copy = _best(facts.copies)
    if copy is None:
        return f"{facts.address} was not sent {facts.issue}: {_why_not(facts)}."
    came_back = any(r.kind not in {"delayed", "complaint"} for r in copy.returned)
    if came_back and copy.state == State.DELIVERED:
        return f"{facts.address} was sent {facts.issue}, and it came back."
    return f"{facts.address}, {facts.issue}: {ANSWERS[State(copy.state)]}."


def _best(copies: Sequence[Copy]) -> Copy | None:
    """The copy that answers the question: the one that came furthest."""
    has = [copy for copy in copies if copy.state]
    order = (*SURE, State.SKIPPED)
    return min(has, key=lambda copy: order.index(State(copy.state)), default=None)


def _why_not(facts: Facts) -> str:
    if facts.standing is None:
        return "nobody of this address is on the list"
    if facts.standing != Standing.CONFIRMED:
        return NOT_MAILED[Standing(facts.standing)]
    if not any(_wants(facts, name) for name in facts.taken):
        return "it went out on no list that they chose"
    return "see below"


def _who(facts: Facts) -> Iterator[str]:
    if facts.suppressed:
        yield f"Nothing may be sent to the address: {facts.suppressed}."
    if facts.standing is not None:
        languages = ", ".join(facts.languages) or f"the site's ({facts.default})"
        lists = ", ".join(facts.lists) or "all"
        yield f"Standing now: {facts.standing}; languages: {languages}; lists: {lists}."


def _past(facts: Facts) -> Iterator[str]:
    for one in facts.events:
        more = ", ".join(filter(None, (one.how, one.place, one.words)))
        what = HAPPENED.get(Event(one.event), one.event)
        yield f"{_moment(one.at)}  {what}" + (f" ({more})" if more else "")


def _ways(facts: Facts) -> Iterator[str]:
    for name, taken in facts.taken.items():
        copies = [copy for copy in facts.copies if copy.list == name]
        if any(copy.state for copy in copies):
            for copy in copies:
                yield from _sent(copy) if copy.state else ()
        elif facts.standing is not None:
            yield f"On {name}: {_not_planned(facts, name, taken, copies)}."


def _sent(copy: Copy) -> Iterator[str]:
    yield f"On {copy.list}, the {copy.lang} edition:"
    for tried in copy.tried:
        yield f"{_moment(tried.at)}  {tried.outcome}" + (f": {tried.words}" if tried.words else "")
    if not copy.tried:
        yield f"  {copy.state}" + (f": {copy.reason}" if copy.reason else ", not tried yet")
    for came in copy.returned:
        aside = "; held against nobody, since much of the issue came back" if came.aside else ""
        words = f": {came.words}" if came.words else ""
        yield f"{_moment(came.at)}  {RETURNED[came.kind]}{words}{aside}"


def _not_planned(facts: Facts, name: str, taken: tuple[str, ...], copies: Sequence[Copy]) -> str:
    if not _wants(facts, name):
        return f"not for them; they chose {', '.join(facts.lists)}"
    langs = editions_for(facts.languages, taken=taken, default=facts.default)
    theirs = [copy for copy in copies if copy.lang in langs]
    if not theirs:
        return f"their edition is {', '.join(langs)}, and the issue has not gone out in that"
    frozen = theirs[0].frozen_at
    return f"the readers of {theirs[0].lang} were settled {_moment(frozen)}, {_then(facts, frozen)}"


def editions_for(
    languages: tuple[str, ...], *, taken: tuple[str, ...], default: str
) -> tuple[str, ...]:
    """The editions that a reader of these languages gets from a list that takes `taken`."""
    theirs = tuple(lang for lang in taken if lang in languages)
    rest = (lang for lang in taken if gets_the_rest(lang, taken=taken, default=default))
    return theirs or tuple(rest)


def _wants(facts: Facts, name: str) -> bool:
    return not facts.lists or name in facts.lists


MOVES = (Event.ASKED, Event.JOINED, Event.LEFT, Event.STOPPED)


def _then(facts: Facts, frozen: datetime) -> str:
    """How the reader stood when the readers were settled."""
    before = [one for one in facts.events if one.event in MOVES and one.at <= frozen]
    if not before:
        after = f"`publisher publish {facts.issue}` sends them their copy"
        return f"before they joined; {after}" if _mailed(facts) else "before they joined"
    last = before[-1]
    then = {
        Event.ASKED: "when they had not confirmed",
        Event.LEFT: f"after they had left ({_moment(last.at)})",
        Event.STOPPED: f"after they were stopped ({_moment(last.at)})",
        Event.JOINED: "when their choice was another one",
    }
    return then[Event(last.event)]


def _mailed(facts: Facts) -> bool:
    return facts.standing == Standing.CONFIRMED and not facts.suppressed


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
