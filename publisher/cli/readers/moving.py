"""subscribers import, export: readers from a file, and into one."""

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from publisher import exporting, replacing, wiring
from publisher.cli.finding import Wrong
from publisher.cli.readers.choices import (
    asking,
    known_languages,
    known_lists,
    language_option,
    list_option,
    mailing_lists,
)
from publisher.domain.subscriber import Standing, one_line
from publisher.importing.fates import Known
from publisher.importing.lines import ENCODINGS, Unreadable, lines
from publisher.importing.newcomers import Terms
from publisher.importing.rows import Bad, sheet
from publisher.importing.taking import Intake, Manner, Taken, rehearse, take
from publisher.publishing import utcnow
from publisher.storage.arrivals import Fate

TOLD = 20  # rows left out that are told one by one
EVERY = 100_000  # rows between two lines of progress, where there is no terminal
STDIN = "-"


@click.command("import", epilog="Example: publisher subscribers import readers.csv --dry-run")
@click.argument("file")
@language_option
@list_option
@click.option("--ask", is_flag=True, help="Ask them to confirm first, by a mail each.")
@click.option("--update", is_flag=True, help="Overwrite choices of who is on the list.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option(
    "--rejects", metavar="FILE", help="Write all rows left out there, not only the first."
)
@click.option("--encoding", type=click.Choice(ENCODINGS), default="utf-8", show_default=True)
def import_(
    file: str,
    *,
    languages: Sequence[str],
    lists: Sequence[str],
    ask: bool,
    update: bool,
    dry_run: bool,
    rejects: str | None,
    encoding: str,
) -> int:
    """Take over readers from FILE, or from standard input where that is -.

    CSV with a header, as listmonk, Mailman 3, Mailchimp and `export` write it, or an address a
    line. Either all rows that can be taken are taken, or, when it ends early, none.
    """
    terms = Terms(
        source=one_line(Path(file).name if file != STDIN else "standard input"),
        known=frozenset(mailing_lists()),
        languages=known_languages(languages),
        lists=known_lists(lists),
        welcome=Standing.UNCONFIRMED if ask else Standing.CONFIRMED,
    )
    manner = Manner(
        terms=terms,
        at=utcnow(),
        asking=asking(lists) if ask else None,
        known=Known.OVERWRITTEN if update else Known.KEPT,
    )
    with ExitStack() as stack:
        told = Told(to=stack.enter_context(_new(rejects)) if rejects else None)
        source = stack.enter_context(_opened(file))
        progress = stack.enter_context(_progress(source))
        intake = Intake(engine=wiring.engine(), manner=manner, tell=told, progress=progress)
        try:
            text = lines(source, encoding)
            stack.enter_context(text.text)
            taken = (rehearse if dry_run else take)(sheet(text), intake)
        except Unreadable as error:
            raise Wrong(f"{file}: {error}; nothing was imported") from error
    told.conclude(taken.left_out)
    click.echo(_summary(taken, "would be " if dry_run else ""))
    return int(taken.left_out > 0)


@contextmanager
def _opened(file: str) -> Iterator[io.BufferedReader]:
    try:
        source = open(0 if file == STDIN else file, "rb", closefd=file != STDIN)  # noqa: SIM115
    except OSError as error:
        raise Wrong(f"{file}: cannot be read: {error.strerror}") from error
    with source:
        yield source


@contextmanager
def _new(path: str) -> Iterator[TextIO]:
    try:
        out = exporting.private(Path(path))
    except FileExistsError:
        raise Wrong(f"{path}: is there already; name another file for the rows left out") from None
    with out:
        yield out


@dataclass
class Told:
    """Tells of rows left out: the first on stderr, or all in a file."""

    to: TextIO | None = None
    number: int = field(default=0, init=False)

    def __call__(self, bad: Bad) -> None:
        """Tell of one."""
        self.number += 1
        if self.to:
            print(_line(bad), file=self.to)
        elif self.number <= TOLD:
            click.echo(_line(bad), err=True)

    def conclude(self, number: int) -> None:
        """Tell how many there were that were not told."""
        if number > TOLD and not self.to:
            more = number - TOLD
            click.echo(f"… and {more} more; --rejects FILE writes them all down", err=True)


def _line(bad: Bad) -> str:
    lines = f"line {bad.line}" if bad.line >= bad.last else f"lines {bad.line} to {bad.last}"
    return f"{lines}: {one_line(bad.why)}"


def _summary(taken: Taken, would: str) -> str:
    words = {
        Fate.ADDED: f"{would}added",
        Fate.CONFIRMED: f"{would}confirmed",
        Fate.CHANGED: f"{would}changed",
        Fate.ENDED: f"{would}taken off the list",
        Fate.KEPT: "stay as they are",
        Fate.LEFT_OUT: f"{would}left out",
    }
    told = [f"{taken.fates[fate]} {what}" for fate, what in words.items() if taken.fates[fate]]
    if taken.doubled:
        told.append(f"{taken.doubled} for an address that another row had")
    if taken.odd_languages:
        told.append(f"{taken.odd_languages} with a language that is no code such as de")
    if taken.odd_days:
        told.append(f"{taken.odd_days} with else_after that is no number of days from 1 to 60")
    rows = "1 row" if taken.rows == 1 else f"{taken.rows} rows"
    return f"{rows}: {', '.join(told) or 'nobody'}"


@contextmanager
def _progress(source: io.BufferedReader) -> Iterator[Callable[[int], None]]:
    """Shows how far it is: a bar on a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield _lines_of_progress()
        return
    size = Path(source.name).stat().st_size if isinstance(source.name, str) else None
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("reading", total=size)

        def show(rows: int) -> None:
            read = source.raw.tell() if size else None
            bar.update(task, completed=read, description=f"{rows} rows")

        yield show


def _lines_of_progress() -> Callable[[int], None]:
    told = 0

    def show(rows: int) -> None:
        nonlocal told
        if rows // EVERY > told:
            told = rows // EVERY
            click.echo(f"{rows} rows read", err=True)

    return show


@click.command(epilog="Example: publisher subscribers export readers.csv")
@click.argument("file")
@click.option("--json-lines", is_flag=True, help="A JSON document a line, in place of CSV.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(file: str, *, json_lines: bool, force: bool) -> None:
    """Write all readers to FILE, or to standard output where that is -."""
    write: exporting.Write = exporting.json_lines if json_lines else exporting.table
    if file == STDIN:
        number = write(sys.stdout, engine=wiring.engine())
    else:
        number = _export_to(Path(file), write, force=force)
    readers = "1 reader" if number == 1 else f"{number} readers"
    click.echo(f"{readers} written to {file}", err=True)


def _export_to(path: Path, write: exporting.Write, *, force: bool) -> int:
    if path.exists() and not force:
        raise Wrong(f"{path}: is there already; --force replaces it")
    with replacing.privately(path) as out:
        return write(out, engine=wiring.engine())


COMMANDS = (import_, export)
