"""When a new edition goes to which channel, and why then. Computed here and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as date.weekday() counts them
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a site says of its releases.

    `order` has names or kinds of channels: each waits for those before it to be done, or for `gate`
    at most; what it does not name goes last, together. `earliest` and `quiet_days` (0: Monday) are
    meant in `zone`. With `two_people`, two have to agree at the pages on what is sent. `most_a_day`
    is of posts on one channel within 24 hours. An issue whose date is `too_late` ago when it is
    seen asks a person. `own` has the rules of channels that differ, whole.
    """

    proof: bool = True
    hold: timedelta = timedelta(minutes=15)
    approval: bool = False
    two_people: bool = False
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    earliest: time | None = None
    quiet_days: frozenset[int] = frozenset()
    order: tuple[str, ...] = ("atom", "email")
    gate: timedelta = timedelta(hours=1)
    most_a_day: int = 5
    too_late: timedelta = timedelta(days=90)
    own: Mapping[str, "Rules"] = field(default_factory=dict)


AT_ONCE = Rules(proof=False, hold=timedelta(0), order=(), most_a_day=10**9)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an edition that waits: when it was seen and live, and what a person said.

    `dated` is its date where it is the first edition of its issue. `agreed` is the revision that
    two people released, "" where one word was enough.
    """

    seen_at: datetime
    dated: datetime | None = None
    live_at: datetime | None = None
    trouble: str = ""
    held_at: datetime | None = None
    released_at: datetime | None = None
    cancelled_at: datetime | None = None
    agreed: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A channel that takes the edition, and how far it is there. `today`: its posts of a day."""

    channel: str
    kind: str
    planned_at: datetime | None = None
    finished: bool = False
    today: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """When it goes to a channel; None while that depends on something, which `why` names."""

    channel: str
    at: datetime | None
    why: str
    done: bool = False


Start = tuple[datetime | None, str]  # None while nobody knows; and why


def steps(places: Sequence[Place], facts: Facts, rules: Rules, *, now: datetime) -> list[Step]:
    """The plan of one edition, in the order in which it goes out."""
    staged = sorted(places, key=lambda place: (_stage(place, rules), place.channel))
    found = []
    for place in staged:
        before = [other.channel for other in staged if _blocks(other, place, rules, now)]
        own = rules.own.get(place.channel, rules)
        found.append(_step(place, before, _start(facts, own), own))
    return found


def _step(place: Place, before: Sequence[str], start: Start, rules: Rules) -> Step:
    at, why = start
    if place.planned_at:
        return Step(channel=place.channel, at=place.planned_at, why="planned", done=True)
    if at is None:
        return Step(channel=place.channel, at=None, why=why)
    if place.today >= rules.most_a_day:
        many = f"{place.today} posts went there within a day, and {rules.most_a_day} may"
        return Step(channel=place.channel, at=None, why=f"{many}; `publisher publish` sends it now")
    if before:
        return Step(channel=place.channel, at=None, why=f"after {', '.join(before)}; {why}")
    return Step(channel=place.channel, at=at, why=why)


def _blocks(other: Place, place: Place, rules: Rules, now: datetime) -> bool:
    """Whether a channel waits for another."""
    if _stage(other, rules) >= _stage(place, rules) or other.finished:
        return False
    return other.planned_at is None or now < other.planned_at + rules.gate


def _stage(place: Place, rules: Rules) -> int:
    named = [n for n, name in enumerate(rules.order) if name in {place.channel, place.kind}]
    return min(named, default=len(rules.order))


def _start(facts: Facts, rules: Rules) -> Start:
    """When the first channel may get it, and why."""
    if facts.cancelled_at:
        return None, "cancelled by a person"
    if facts.released_at:
        return facts.released_at, "released by a person"
    if why := _waits_for(facts, rules):
        return None, why
    since, why = (facts.live_at, "its page was live") if rules.proof else (None, "it was seen")
    wanted = (since or facts.seen_at) + rules.hold
    start = slot(wanted, rules)
    words = f"{_length(rules.hold)} after {why}" if rules.hold else f"as soon as {why}"
    return start, words if start == wanted else f"{words}, and not before {_day(start, rules)}"


def _waits_for(facts: Facts, rules: Rules) -> str:
    """What must come true before anything has a time; "" for nothing."""
    if facts.held_at:
        return "held by a person; `publisher release` lets it go"
    if facts.dated and facts.seen_at - facts.dated > rules.too_late:
        age = f"it was {(facts.seen_at - facts.dated).days} days old when it was seen"
        return f"{age}; `publisher release` lets it go all the same"
    if rules.proof and facts.live_at is None:
        return f"waits for its page{facts.trouble and ': '}{facts.trouble}"
    if rules.two_people:
        return "waits for two people, who release it at the pages; `publisher release` does at once"
    return "waits for a person: `publisher release` approves it" if rules.approval else ""


def slot(wanted: datetime, rules: Rules) -> datetime:
    """The first moment from `wanted` on that is on no quiet day and not before the earliest time.

    A time that a change of clocks skips is as much later (PEP 495, fold=0); one that comes twice
    is the first of the two.
    """
    day = wanted.astimezone(rules.zone).date()
    for _ in range(8):
        begins = _on(day, rules)
        if day.weekday() not in rules.quiet_days and wanted < _on(day + DAY, rules, time()):
            return max(wanted, begins)
        day += DAY
    return wanted  # every day is quiet, which the configuration refuses


def _on(day: date, rules: Rules, clock: time | None = None) -> datetime:
    local = datetime.combine(day, clock or rules.earliest or time(), tzinfo=rules.zone)
    return local.astimezone(UTC)


def _day(moment: datetime, rules: Rules) -> str:
    return f"{moment.astimezone(rules.zone):%a %H:%M} ({rules.zone.key})"


def _length(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    whole, rest = divmod(minutes, 60)
    parts = [f"{whole} h" if whole else "", f"{rest} min" if rest or not whole else ""]
    return " ".join(filter(None, parts))
