"""doctor: whether what always holds holds in this store, and what to do where it does not."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from publisher import auditing, content, documents, orphans, wiring
from publisher.cli.sending import json_option
from publisher.config import Settings
from publisher.domain.channel import Mailing
from publisher.domain.issue import BadSource, Edition
from publisher.domain.oddity import Oddity
from publisher.publishing import utcnow
from publisher.registry import Configured
from publisher.sources import folder
from publisher.sources.folder import SourceTrouble
from publisher.storage import engine as storage
from publisher.storage.engine import BadStore, reading

RECENT = 10  # source files that networks are asked about


@click.command(epilog="Example: publisher doctor --offline")
@json_option
@click.option("--offline", is_flag=True, help="Look at the store alone, and ask no network.")
def doctor(*, json_: bool, offline: bool) -> int:
    """Look whether all is as it must be: every rule of delivery, over the whole store.

    Changes nothing, and takes no lock: `publisher up` may run meanwhile. Networks are asked about
    what the store says is not there.
    """
    channels = wiring.channels()
    engine = storage.look(wiring.settings().database)
    storage.require_current(engine)
    found = _audited(engine, channels)
    if not offline:
        found += _orphans(engine, channels)
    if json_:
        click.echo(documents.as_json(found))
    else:
        _tell(found)
    return int(bool(found))


def _audited(engine: Engine, channels: Mapping[str, Configured]) -> list[Oddity]:
    secrets = {*_secrets(channels)}
    try:
        with reading(engine) as db:
            return auditing.audit(db, at=utcnow(), secrets=secrets)
    except SQLAlchemyError as error:
        words = str(getattr(error, "orig", None) or error)
        if "malformed" not in words:
            raise
        raise BadStore(f"{storage.name(engine)}: {words}; restore a backup of it") from error


def _secrets(channels: Mapping[str, Configured]) -> Iterator[str]:
    """What the configuration keeps to itself: passwords, tokens, keys."""
    settings = wiring.settings()
    yield settings.bounces.password
    yield settings.database.password or ""
    yield urlsplit(settings.broker).password or ""
    for one in channels.values():
        for field in dataclasses.fields(one.channel):  # type: ignore[arg-type]  # each is one
            value = getattr(one.channel, field.name)
            if not field.repr and field.init and isinstance(value, str):
                yield value


def _orphans(engine: Engine, channels: Mapping[str, Configured]) -> list[Oddity]:
    askable = {n: one for n, one in channels.items() if not isinstance(one.channel, Mailing)}
    questions = orphans.undelivered(engine, askable)
    questions += orphans.unplanned(engine, askable, _recent())
    return orphans.asked(questions, trouble=lambda words: click.echo(words, err=True))


def _recent() -> list[Edition]:
    """The newest editions of the source, as its files on this machine are named and dated."""
    return [edition for one in wiring.settings().each for edition in _recent_of(one)]


def _recent_of(settings: Settings) -> list[Edition]:
    root, _ = content.places(settings)
    if settings.source is None or root is None:
        return []
    try:
        paths = folder.files(root, settings.source.include)
    except SourceTrouble as error:
        click.echo(str(error), err=True)
        return []
    found = []
    for path in sorted(paths, key=lambda path: path.name)[-RECENT:]:
        with suppress(BadSource, OSError):
            found.append(content.read(settings, path, wiring.renames()))
    return [edition for edition in found if not edition.draft]


def _tell(found: Sequence[Oddity]) -> None:
    for odd in found:
        click.echo(f"✗ {odd.rule}: {odd.place}: {odd.words}\n    → {odd.remedy}")
    if not found:
        click.echo(f"✓ {wiring.settings().database.render_as_string()}: nothing is odd")
    else:
        click.echo(f"\n{len(found)} odd. The rules: docs/delivery.md#the-invariants", err=True)


COMMANDS = (doctor,)
