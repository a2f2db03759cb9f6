"""How the commands show what they know: the matrix, the reasons."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from publisher.domain.delivery import State
from publisher.domain.issue import Finding
from publisher.storage.pauses import PAUSED
from publisher.storage.reports import Standing

WIDE = 200  # columns, for a file or a pipe
CELL = 15  # columns that a cell's words take, more or less

MARKS = {
    State.DELIVERED: ("✓", "green"),
    State.PENDING: ("…", "yellow"),
    State.SENDING: ("▸", "cyan"),
    State.UNSURE: ("?", "yellow"),
    State.REFUSED: ("✗", "red"),
    State.HELD: ("!", "red"),
    State.SKIPPED: ("–", "dim"),
}


def console(*, err: bool = False) -> Console:
    """Where people read."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(stderr=err, highlight=False, width=width)


def matrix(standings: Sequence[Standing], *, width: int = WIDE) -> Table:
    """Issues × channels, a cell each: a mark, a word, and for mail how many of how many.

    Where `width` columns do not hold that the table is turned: channels × issues. Where they do not
    hold that either there are only marks, in the fewer columns.
    """
    issues = [f"{s.issue} {s.lang}" for s in standings]
    sheet = _Sheet(
        cells={(f"{s.issue} {s.lang}", s.channel): s for s in standings},
        issues=list(dict.fromkeys(issues)),
        channels=list(dict.fromkeys(s.channel for s in standings)),
    )
    if sheet.width <= width:
        return _upright(sheet, narrow=False)
    if sheet.turned_width <= width:
        return _turned(sheet, narrow=False)
    fewer = _upright if len(sheet.channels) <= len(sheet.issues) else _turned
    return fewer(sheet, narrow=True)


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """What the matrix holds, by issue (with its language) and channel."""

    cells: Mapping[tuple[str, str], Standing]
    issues: Sequence[str]
    channels: Sequence[str]

    @property
    def width(self) -> int:
        return max(map(len, self.issues), default=0) + 5 + CELL * len(self.channels)

    @property
    def turned_width(self) -> int:
        beside = sum(max(len(issue) + 2, CELL) for issue in self.issues)
        return max(map(len, self.channels), default=0) + 2 + beside


def _upright(sheet: _Sheet, *, narrow: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("issue", no_wrap=not narrow)
    table.add_column("lang")
    for name in sheet.channels:
        table.add_column(Text(name))
    for issue in sheet.issues:
        found = [sheet.cells.get((issue, name)) for name in sheet.channels]
        title, _, lang = issue.rpartition(" ")
        table.add_row(Text(title), lang, *(_cell(s, narrow=narrow) for s in found))
    return table


def _turned(sheet: _Sheet, *, narrow: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("channel", no_wrap=True)
    for issue in sheet.issues:
        table.add_column(Text(issue))
    for name in sheet.channels:
        found = [sheet.cells.get((issue, name)) for issue in sheet.issues]
        table.add_row(Text(name), *(_cell(s, narrow=narrow) for s in found))
    return table


def _cell(standing: Standing | None, *, narrow: bool) -> Text:
    if standing is None:
        return Text("·", style="dim")
    mark, style = MARKS[standing.state]
    style = "yellow" if standing.refused else style
    if narrow:
        return Text(mark, style=style)
    return Text(f"{mark} {standing.state}{_count(standing)}", style=style)


def _count(standing: Standing) -> str:
    if standing.readers is None:
        return ""
    done = standing.readers.get(State.DELIVERED, 0)
    return f" {done}/{sum(standing.readers.values())}"


def reasons(standings: Iterable[Standing]) -> list[str]:
    """A line for whatever is not simply delivered: where, why, and what comes next."""
    well = {State.DELIVERED, State.SENDING}
    return [_reason(s) for s in standings if s.state not in well or s.refused]


def _reason(standing: Standing) -> str:
    words = f"{standing.issue} ({standing.lang}) on {standing.channel}: {standing.state}"
    if standing.refused:
        words += f", but refused for {standing.refused} (publisher log tells whom, and why)"
    elif standing.reason:
        words += f" — {standing.reason}"
    if standing.next_attempt_at:
        words += f"; next attempt at {moment(standing.next_attempt_at)}"
    elif standing.reason == PAUSED:
        words += f"; to go on: publisher resume {standing.issue} --channel {standing.channel}"
    elif standing.needs_person and "publisher settle" not in standing.reason:
        words += f"; mend it, then: publisher retry {standing.issue} --channel {standing.channel}"
    return words


def moment(value: datetime) -> str:
    """A time as people of all zones read it."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def finding_line(path: str, found: Finding, place: str = "") -> str:
    """One finding as compilers tell it. `place` is the channel of a post's own."""
    where = f"{path}:{found.line}" if found.line else path
    words = f"{where}: {found.severity}: {found.kind}: {place}{found.detail}"
    return words + (f" — {found.remedy}" if found.remedy else "")


def annotation(path: str, found: Finding, place: str = "") -> str:
    """One finding as GitHub shows it beside a pull request's lines.

    Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    named = {"file": _within(path), "line": str(max(1, found.line)), "title": found.kind}
    properties = ",".join(f"{name}={_property(value)}" for name, value in named.items())
    words = f"{place}{found.detail}" + (f" — {found.remedy}" if found.remedy else "")
    return f"::{found.severity} {properties}::{_escaped(words)}"


def _within(path: str) -> str:
    """A path as seen from here, which for a workflow is the repository's root."""
    absolute, here = Path(path).absolute(), Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else path


def _escaped(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _escaped(words).replace(":", "%3A").replace(",", "%2C")
