"""[release] and [corrections]: when what is new goes out, and what becomes of changes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from publisher.config.tables import Table, unknown
from publisher.domain.correction import Rules as CorrectionRules
from publisher.domain.plan import DAYS, Rules

OF_A_CHANNEL = (
    "hold",
    "approval",
    "two_people",
    "timezone",
    "earliest",
    "quiet_days",
    "most_a_day",
)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What comes between an issue's being seen and its being sent: without it, nothing."""

    rules: Rules
    private_pages: bool = False  # pages may be on private addresses


def release_of(table: Table, channels: Iterable[str]) -> Release:
    own = {name: value for name, value in table.values.items() if isinstance(value, dict)}
    for name in own:
        del table.values[name]
    usual = _rules(table, Rules())
    rules = replace(
        usual,
        proof=table.flag("proof", default=usual.proof),
        order=table.list_of_texts("order", usual.order),
        gate=table.length("gate", usual.gate),
        too_late=table.length("too_late", usual.too_late),
    )
    found = Release(rules=rules, private_pages=table.flag("private_pages", default=False))
    table.done([*OF_A_CHANNEL, "proof", "order", "gate", "too_late", "private_pages"])
    differing = {}
    for name, values in own.items():
        its = Table(table.file, f"release.{name}", dict(values), table.mistakes)
        if name not in channels:
            table.wrong(name, unknown(name, [*channels, *OF_A_CHANNEL]))
        differing[name] = _rules(its, rules)
        its.done(OF_A_CHANNEL)
    return replace(found, rules=replace(rules, own=differing))


def _rules(table: Table, usual: Rules) -> Rules:
    """The rules that a channel can have of its own."""
    days = [DAYS[day] for day in sorted(usual.quiet_days)]
    quiet = table.words("quiet_days", DAYS) if "quiet_days" in table.values else days
    if len(quiet) == len(DAYS):
        table.wrong("quiet_days", "all days are quiet; leave out at least one")
    return replace(
        usual,
        hold=table.length("hold", usual.hold),
        approval=table.flag("approval", default=usual.approval),
        two_people=table.flag("two_people", default=usual.two_people),
        zone=_zone(table, usual.zone),
        earliest=_clock(table, usual.earliest),
        quiet_days=frozenset(DAYS.index(day) for day in quiet),
        most_a_day=table.number("most_a_day", usual.most_a_day),
    )


def corrections_of(table: Table) -> CorrectionRules:
    usual = CorrectionRules()
    found = CorrectionRules(
        automatic=table.flag("automatic", default=usual.automatic),
        after=table.length("after", usual.after),
        within=table.length("within", usual.within),
        largest=table.share("largest", usual.largest),
    )
    table.done([f.name for f in fields(CorrectionRules)])
    return found


def _zone(table: Table, usual: ZoneInfo) -> ZoneInfo:
    name = table.text("timezone", usual.key)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        table.wrong("timezone", f"expected a zone such as Europe/Berlin, found {name!r}")
        return usual


def _clock(table: Table, usual: time | None) -> time | None:
    """A time of day, without a zone of its own; "" for none."""
    if "earliest" not in table.values:
        return usual
    value = table.text("earliest", "")
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value)
    if value and not found:
        table.wrong("earliest", f"expected a time of day such as 09:00, found {value!r}")
    return time(int(found[1]), int(found[2])) if found else None
