"""`publisher`: the group of all commands, and what its failures mean to the shell."""

import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TextIO

import click
from sqlalchemy.exc import DBAPIError

from publisher import __version__, logs
from publisher.accounts import BadAccount
from publisher.backups import BadBackup, NotWritten
from publisher.cli import (
    backups,
    bounces,
    checking,
    connecting,
    corrections,
    demo,
    doctor,
    healthcheck,
    readers,
    reading,
    receipts,
    releases,
    retractions,
    running,
    sending,
    stopping,
    tokens,
    users,
)
from publisher.cli.running import Stopped
from publisher.config import BadConfig
from publisher.domain.issue import BadSource
from publisher.embedded import Busy, CannotStart
from publisher.fencing import Fenced
from publisher.sources.branches import NotPushed
from publisher.sources.folder import SourceTrouble
from publisher.storage.engine import BadStore, remedy
from publisher.storage.schema import BadRow
from publisher.subscribing import BadAddress
from publisher.tokens import BadToken

POLITE = (signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the terminal was closed
BAD = (BadAccount, BadAddress, BadBackup, BadConfig, BadSource, BadStore, BadToken)
WRONG_INPUT = (*BAD, SourceTrouble)
FAILED, WRONG, INTERRUPTED = 1, 2, 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: publisher publish 2026-11-05-newsletter",
)
@click.option("--config", metavar="FILE", help="The configuration; else $PUBLISHER_CONFIG.")
@click.version_option(__version__, prog_name="publisher")
def cli(config: str | None) -> None:
    """Publish a newsletter issue to mail, feed and networks, each exactly once."""
    if config:
        os.environ["PUBLISHER_CONFIG"] = os.path.abspath(config)  # noqa: PTH100  no need to exist


parts = (demo, sending, corrections, retractions, releases, stopping, reading, checking, receipts)
for family in (
    *parts,
    connecting,
    running,
    readers,
    users,
    tokens,
    bounces,
    backups,
    doctor,
    healthcheck,
):
    for command in family.COMMANDS:
        cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with the code that tells what became of it."""
    for polite in POLITE:
        signal.signal(polite, _stop)
    sys.stdout, sys.stderr = _speaking(sys.stdout), _speaking(sys.stderr)
    logs.begin_plainly()
    sys.exit(_code(arguments))


def _speaking(stream: TextIO | None) -> TextIO:
    """A stream that takes any text: closed ones and narrow encodings must not end a release."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Begin to stop, once: whoever asks again does not disturb what is being finished."""
    for polite in POLITE:
        signal.signal(polite, signal.SIG_IGN)
    raise Stopped


def _code(arguments: Sequence[str] | None) -> int:
    try:
        return int(cli.main(args=arguments, prog_name="publisher", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except WRONG_INPUT as error:
        click.echo(f"publisher: {error}", err=True)
        return WRONG
    except (Busy, CannotStart, Fenced, BadRow, NotPushed, NotWritten) as error:
        click.echo(f"publisher: {error}", err=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except DBAPIError as error:
        words = " — ".join(filter(None, (str(error.orig), remedy(error))))
        click.echo(f"publisher: the store cannot be used: {words}", err=True)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"publisher: {place}{error.strerror or error}", err=True)
    return FAILED


if __name__ == "__main__":
    main()
