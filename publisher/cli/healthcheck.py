"""healthcheck: whether a part of the service on this machine is at work, for who restarts it."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import click
from sqlalchemy.exc import DBAPIError

from publisher import signs, wiring
from publisher.publishing import utcnow
from publisher.signs import Told
from publisher.storage import workers
from publisher.storage.engine import reading

LONGEST = 5.0  # seconds that a page may take


def _by_its_signs(role: str) -> Told:
    """What the store knows. Where it cannot be written nobody is to be blamed, and that is said."""
    try:
        with wiring.signs().begin():
            pass  # it can be written, so a sign would have been
        with reading(wiring.signs()) as db:
            known, busy = workers.known(db), workers.is_busy(db)
    except DBAPIError as error:
        return Told(well=True, words=f"the store cannot be asked: {error.orig}")
    told = signs.told_of(role, known, at=utcnow(), busy=busy)
    if told.silent and (trouble := wiring.broker_trouble()):
        return Told(well=True, words=f"the broker does not answer: {trouble}")
    return told


def _by_its_page(role: str) -> Told:
    """Whether the pages answer, whatever they say of the store."""
    trouble = page_trouble()
    words = f"does not answer: {trouble}" if trouble else "answers"
    place = "{}:{}".format(*wiring.settings().bind)
    return Told(well=not trouble, words=f"the {role} at {place} {words}")


def page_trouble(seconds: float = LONGEST) -> str:
    """Why the pages of this machine do not answer, "" where they do."""
    host, port = wiring.settings().bind
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  what is bound
    asked = HTTPConnection(here, port, timeout=seconds)
    try:
        asked.request("GET", "/healthz")
        asked.getresponse()
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        asked.close()
    return ""


ROLES: dict[str, Callable[[str], Told]] = {
    "worker": _by_its_signs,
    "mail": _by_its_signs,
    "questions": _by_its_signs,
    "schedule": _by_its_signs,
    "web": _by_its_page,
}


@click.command(epilog="Example: publisher healthcheck --role worker")
@click.option("--role", type=click.Choice(list(ROLES)), default="worker", show_default=True)
@click.option("--end", is_flag=True, help="End what is silent, for whoever starts it again.")
def healthcheck(role: str, *, end: bool) -> int:
    """Say whether a part of the service on this machine is at work: exit code 0, else 1."""
    told = ROLES[role](role)
    click.echo(told.words)
    for pid in told.silent if end else ():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return int(not told.well)


COMMANDS = (healthcheck,)
