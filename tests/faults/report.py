"""What a run came to, in words and as Markdown."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.faults.breaking import Ended, known
from tests.faults.kills import KILLS
from tests.faults.shows import Shown

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
RUN, SHOWS = "measured", "shown"  # the two places for figures on the page
SHOWN = 20  # of a list of what went wrong


def told(ended: Ended) -> Iterator[str]:
    """The outcome in plain lines."""
    yield ""
    yield from (f"{what}: {value}" for what, value in totals(ended))
    for title, wrong in _wrong(ended):
        yield from (f"  {title}: {line}" for line in wrong[:SHOWN])
    yield verdict(ended)


def verdict(ended: Ended) -> str:
    return "The promise was kept." if ended.kept else "THE PROMISE WAS BROKEN."


def totals(ended: Ended) -> list[tuple[str, str]]:
    """The figures of a run: what, and how many."""
    found, wanted = ended.verdict, ended.wanted
    return [
        ("seed", str(wanted.seed)),
        ("store, broker", f"{wanted.shape.database}, {wanted.shape.broker}"),
        ("issues released", f"{wanted.releases:,}"),
        ("kills", f"{sum(ended.killed.values()):,}"),
        ("other faults", f"{sum(ended.struck.values()) - _struck_kills(ended):,}"),
        ("deliveries planned", f"{found.planned:,}"),
        ("posts and mails out there", f"{found.out:,}"),
        ("lost", str(len(found.lost))),
        ("double", str(len(found.doubled))),
        ("not settled", str(len(found.unfinished))),
        ("untrue lines of the log", str(len(found.untrue))),
        ("against an invariant", str(len(ended.odd))),
        ("mails held in doubt, as configured", f"{len(found.held)} of at most {ended.doubts}"),
        ("an operator's retries", f"{ended.retries:,}"),
        ("next message after all were killed", _seconds(ended.comebacks)),
        ("stopped by SIGTERM after", _seconds(ended.stops)),
        ("under faults", f"{ended.lasted:.0f} s"),
        ("all settled after the last fault", f"{ended.settled:.1f} s"),
    ]


def _struck_kills(ended: Ended) -> int:
    return sum(ended.struck[fault.name] for fault in KILLS)


def _seconds(found: Sequence[float]) -> str:
    if not found:
        return "not measured"
    return f"{max(found):.1f} s at most, {median(found):.1f} s in the middle, of {len(found)}"


def _wrong(ended: Ended) -> list[tuple[str, tuple[str, ...]]]:
    found = ended.verdict
    return [
        ("lost", found.lost),
        ("double", found.doubled),
        ("not settled", found.unfinished),
        ("untrue", found.untrue),
        ("odd", ended.odd),
    ]


# --- Markdown


def markdown(ended: Ended, *, commit: str, at: datetime) -> str:
    """The outcome as a section of the page."""
    words = f"Measured on {at:%Y-%m-%d} at commit `{commit}`. {verdict(ended)}"
    kills = [(what, how, str(n)) for (what, how), n in sorted(ended.killed.items())]
    faults = known(ended.wanted.shape.database)
    others = [
        (f"`{name}`", faults[name].does, faults[name].undoes, str(count))
        for name, count in sorted(ended.struck.items())
        if name not in {fault.name for fault in KILLS}
    ]
    return "\n\n".join(
        [
            words,
            _table(("figure", "value"), totals(ended)),
            _table(("killed", "by", "times"), kills),
            _table(("fault", "does", "is undone by", "times"), others),
        ]
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def recorded(page: str, section: str, place: str = RUN) -> str:
    """The page with another section between its markers. Raises ValueError where there are none."""
    begin, end = f"<!-- {place}: begin -->", f"<!-- {place}: end -->"
    if not re.search(f"{begin}.*{end}", page, re.DOTALL):
        raise ValueError(f"no place for the figures: expected {begin} and {end}")
    before, after = page.partition(begin)[0], page.partition(end)[2]
    return f"{before}{begin}\n\n{section}\n\n{end}{after}"


def record(ended: Ended) -> None:
    """Write the outcome into the page, with the date and the commit."""
    section = markdown(ended, commit=commit(), at=datetime.now(UTC))
    PAGE.write_text(recorded(PAGE.read_text("utf-8"), section), "utf-8")


def shown(one: Shown) -> Iterator[str]:
    """What a show came to, in plain lines."""
    yield f"{one.name}: {'as promised' if one.good else 'NOT AS PROMISED'}"
    yield from (f"  {line}" for line in one.words)


def record_shows(made: Sequence[Shown]) -> None:
    """Write the shows into the page, with the date and the commit."""
    lines = [f"Shown on {datetime.now(UTC):%Y-%m-%d} at commit `{commit()}`.", ""]
    for one in made:
        lines.append(f"* {one.name}: {'as promised' if one.good else 'not as promised'}.")
        lines += [f"  {line}." for line in one.words]
    page = recorded(PAGE.read_text("utf-8"), "\n".join(lines), SHOWS)
    PAGE.write_text(page, "utf-8")


def commit() -> str:
    """The commit that is tried, with a mark where something is not committed."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    found = subprocess.run(asked, cwd=PAGE.parent, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
