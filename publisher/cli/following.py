"""Watching deliveries until they are done, and being the worker when nobody else is."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import click
from rich.live import Live

from publisher import embedded, wiring
from publisher.cli import show
from publisher.domain.delivery import State
from publisher.embedded import Busy, Process
from publisher.storage import reports
from publisher.storage.engine import reading
from publisher.storage.reports import Standing

TICK = 0.1  # seconds between looks at the store, or
LEISURE = 5  # times as long as a look takes: to count a million copies must not slow them down
SWEEP_EVERY = 0.5  # seconds between sweeps while we are the schedule
STILL_UNDER_WAY = 3

Where = set[tuple[str, str, str]]  # (issue, lang, channel)


@dataclass
class Host:
    """The embedded broker and worker of this store, if nobody else runs them."""

    stack: ExitStack
    processes: list[Process] = field(default_factory=list)
    next_sweep: float = 0.0

    def tick(self) -> None:
        """Keep things going: become the host when there is none, restart what ended, sweep."""
        if not wiring.settings().broker:
            self._host()
            for process in self.processes:
                process.keep_running()
        if time.monotonic() >= self.next_sweep:
            wiring.sweep()
            self.next_sweep = time.monotonic() + SWEEP_EVERY

    def hurry(self) -> None:
        """Where nothing is being sent, nothing is lost with the processes: no farewell needed."""
        with reading(wiring.engine()) as db:
            if reports.is_sending(db):
                return
        for process in self.processes:
            process.grace = 0

    def _host(self) -> None:
        if self.processes:
            return
        settings = wiring.settings()
        try:
            self.stack.enter_context(embedded.alone(settings.state))
        except Busy:
            return
        log = self.stack.enter_context((settings.state / "worker.log").open("wb"))
        workers = wiring.concurrency()
        self.processes = [
            embedded.broker_process(settings.state, log),
            embedded.worker_process(settings.file, concurrency=workers, output=log),
        ]
        self.stack.enter_context(embedded.running(self.processes, settings.state))


@contextmanager
def hosting() -> Iterator[Host]:
    """A host for as long as something is followed; it leaves nothing running behind."""
    with ExitStack() as stack:
        try:
            yield Host(stack)
        except KeyboardInterrupt:
            click.echo("Stopping; what has begun is finished first.", err=True)
            raise


def where_they_stand(places: Where) -> list[Standing]:
    """The standings of the places that are followed."""
    issues = {issue for issue, _, _ in places}
    with reading(wiring.engine()) as db:
        found = [s for issue in sorted(issues) for s in reports.standings(db, issue)]
    return [s for s in found if (s.issue, s.lang, s.channel) in places]


def follow(places: Where, *, seconds: float, tick: Callable[[], object]) -> int:
    """Show progress until every delivery has ended, or time is up; the exit code."""
    end = time.monotonic() + seconds
    shown: dict[tuple[str, str, str], str] = {}
    with _display() as display:
        while True:
            tick()
            before = time.monotonic()
            standings = where_they_stand(places)
            took = time.monotonic() - before
            display(standings, shown)
            if all(s.finished for s in standings) or time.monotonic() > end:
                break
            time.sleep(max(TICK, LEISURE * took))
    return code(standings)


def code(standings: Sequence[Standing]) -> int:
    """What the shell is told: 0 all is done, 1 something needs a person, 3 still under way."""
    if not all(s.finished for s in standings):
        return STILL_UNDER_WAY
    return int(any(s.needs_person for s in standings))


Display = Callable[[Sequence[Standing], dict[tuple[str, str, str], str]], None]


@contextmanager
def _display() -> Iterator[Display]:
    if not sys.stdout.isatty():
        yield _print_changes
        return
    with Live(console=show.console(), transient=True, auto_refresh=False) as live:
        width = live.console.width
        yield lambda found, _: live.update(show.matrix(found, width=width), refresh=True)


def _print_changes(standings: Sequence[Standing], shown: dict[tuple[str, str, str], str]) -> None:
    for s in standings:
        if s.state in {State.SENDING, State.PENDING} and not s.reason:
            continue  # on its way
        line = _line(s)
        if shown.get((s.issue, s.lang, s.channel)) != line:
            shown[s.issue, s.lang, s.channel] = line
            click.echo(line)


def _line(standing: Standing) -> str:
    words = f"{standing.issue} ({standing.lang}) {standing.channel}: {standing.state}"
    if standing.readers:
        words += " " + ", ".join(f"{n} {state}" for state, n in standing.readers.items())
    if standing.url:
        words += f" {standing.url}"
    elif standing.reason and not standing.readers:
        words += f" — {standing.reason}"
    return words


def conclude(places: Where) -> None:
    """The matrix, and a line for whatever is not well."""
    standings = where_they_stand(places)
    out = show.console()
    out.print()
    out.print(show.matrix(standings, width=out.width))
    for line in show.reasons(standings):
        out.print(line, markup=False)
