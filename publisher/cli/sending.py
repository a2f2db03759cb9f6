"""publish, status, log, retry, settle."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click
from sqlalchemy import Connection

from publisher import content, documents, fencing, publishing, releasing, signs, subscribing, wiring
from publisher.cli import finding, following, rehearsal, show
from publisher.domain import story
from publisher.domain.delivery import State
from publisher.domain.issue import Edition
from publisher.publishing import utcnow
from publisher.registry import Configured
from publisher.storage import (
    changes,
    consents,
    identity,
    notices,
    releases,
    reports,
    sightings,
    stories,
    workers,
)
from publisher.storage.changes import Noted
from publisher.storage.consents import LASTS, Consent
from publisher.storage.engine import reading
from publisher.storage.reports import Standing

REMEMBERED = timedelta(days=14)  # what a source held back is shown for so long
NOBODY = "nobody is at work: what waits goes out once `publisher up` runs"
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Seconds(click.ParamType[float]):
    """A length of time: 90s, 10m, 2h; a bare number is seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(value).strip())
        if not found:
            self.fail(f"{value!r} is no length of time; say 90s, 10m or 2h", param, ctx)
        return float(found[1]) * UNITS[found[2]]


issue_argument = click.argument("issue")
channel_option = click.option(
    "--channel", "names", multiple=True, metavar="C", help="Only this channel; may be repeated."
)
timeout_option = click.option(
    "--timeout", type=Seconds(), default="10m", help="How long to follow it.", show_default=True
)
no_wait_option = click.option("--no-wait", is_flag=True, help="Plan and start it, and return.")
json_option = click.option("--json", "json_", is_flag=True, help="One JSON document on stdout.")


@click.command(epilog="Example: publisher publish content/newsletter/2026-11-05-newsletter.md")
@click.argument("issues", nargs=-1, required=True, metavar="ISSUE...")
@channel_option
@timeout_option
@no_wait_option
@click.option("--despite-errors", is_flag=True, help="Publish what has errors all the same.")
@click.option("--to", metavar="ADDRESS", help="Only send a test copy of the mail there.")
def publish(
    issues: Sequence[str],
    *,
    names: Sequence[str],
    timeout: float,
    no_wait: bool,
    despite_errors: bool,
    to: str | None,
) -> int:
    """Plan every delivery that is not there already, start it, and follow it to the end.

    ISSUE is a key or the path of a source file. Saying it twice sends nothing twice. With --to
    nothing is planned, and nobody else gets anything; a draft can be looked at in this way, too.
    """
    editions = finding.looked_over(issues)
    _refuse_empty(editions)
    if to is not None:
        return rehearsal.send(editions, finding.channels(names, wiring.channels()), to)
    channels = finding.channels(names, wiring.measured())
    _refuse_drafts(editions)
    fencing.require_free(wiring.engine())
    _tell_a_silent_broker()
    if not despite_errors:
        _stop_at_errors(editions, channels)
    taken = {
        (edition.key, edition.lang, channel.name)
        for edition in editions
        for channel in channels.values()
        if channel.takes(edition.key, edition.lang)
    }
    if not taken:
        langs = ", ".join(sorted({edition.lang for edition in editions}))
        raise finding.Wrong(
            f"no channel takes the language {langs}; name it in `languages` of a channel"
        )
    wiring.weigh()  # whom mail does not reach is not sent this one
    with wiring.engine().begin() as db:
        new = publishing.plan(editions, db=db, channels=channels, at=utcnow())
    click.echo(_planned(new))
    return carry_on(taken, timeout=timeout, no_wait=no_wait)


def _refuse_drafts(editions: Sequence[Edition]) -> None:
    for edition in editions:
        if edition.draft:
            raise finding.Wrong(f"{edition.path}: is a draft; take `draft: true` out to publish it")


def _refuse_empty(editions: Sequence[Edition]) -> None:
    for edition in editions:
        if not edition.text.strip():
            raise finding.Wrong(f"{edition.path}: has a head and no text; nothing was published")


def _stop_at_errors(editions: Sequence[Edition], channels: Mapping[str, Configured]) -> None:
    """Raise Wrong when anything is certainly wrong in any of the editions."""
    told = [
        show.finding_line(edition.path, found)
        for edition in editions
        for found in content.errors(wiring.settings().of(edition.key), edition, channels)
    ]
    if told:
        errors = "1 error" if len(told) == 1 else f"{len(told)} errors"
        end = f"{errors}; nothing was published. Mend it, or publish all the same: --despite-errors"
        raise finding.Wrong("\n".join([*told, end]))


def _tell_a_silent_broker() -> None:
    """Say so where nothing can be started now; raise BadConfig where it never will be."""
    if trouble := wiring.require_broker():
        words = "what is planned goes out once it does; or mend [store] broker"
        click.echo(f"publisher: the broker does not answer: {trouble}; {words}", err=True)


def _planned(new: int) -> str:
    if not new:
        return "Everything was planned before; nothing is sent twice."
    return f"{new} {'delivery' if new == 1 else 'deliveries'} planned."


def carry_on(places: following.Where, *, timeout: float, no_wait: bool) -> int:
    if no_wait:
        wiring.sweep()
        with reading(wiring.engine()) as db:
            idle = _is_idle(db)
        click.echo(f"Planned; {NOBODY}." if idle else "Started: `publisher status` tells.")
        return 0
    with following.hosting() as host:
        code = following.follow(places, seconds=timeout, tick=host.tick)
        following.conclude(places)
        if code != following.STILL_UNDER_WAY:
            host.hurry()
    wiring.write_receipts()
    if code == following.STILL_UNDER_WAY:
        click.echo("Still under way; `publisher status` tells, `publisher up` goes on.", err=True)
    return code


@click.command(epilog="Example: publisher status 2026-11-05-newsletter --json")
@click.argument("issue", required=False)
@json_option
def status(issue: str | None, json_: bool) -> int:
    """Show issues × channels with their states, and why something is not delivered."""
    key = finding.key(issue) if issue else None
    with reading(wiring.engine()) as db:
        standings = reports.standings(db, key)
        editions = reports.issues(db)
        troubles = [f"source {name}: {words}" for name, words in reports.troubles(db)]
        told = notices.troubles(db)
        troubles += [f"{name} is not told of what happens: {words}" for name, words in told]
        troubles += _unreleased(db)
        troubles += [_asked(one) for one in consents.waiting(db, at=utcnow())]
        troubles += [_changed(noted, db) for noted in changes.open_(db)]
        held_back = sightings.held_back(db, since=utcnow() - REMEMBERED)
        me, idle = identity.known(db), _is_idle(db)
    if me and me.fenced_at:
        troubles = [fencing.told(me), *troubles]
    elif idle and any(not standing.finished for standing in standings):
        troubles = [NOBODY, *troubles]
    if key and not standings:
        raise finding.Wrong(f"{key}: nothing was ever planned for it; `publisher status` lists all")
    if json_:
        click.echo(documents.as_json(_status_json(key, editions, standings)))
        return 0
    _print_status(standings, [*troubles, *_held_back(held_back), *_forgotten(standings)])
    return 0


def _unreleased(db: Connection) -> Iterator[str]:
    """What waits for its release, and for what."""
    site = wiring.releases()
    for waiting in releases.waiting(db):
        yield releasing.told(waiting, releasing.planned(db, waiting, site))


def _asked(one: Consent) -> str:
    """What one person wants done and another has to agree to."""
    what = f"{one.wanted.did} {one.wanted.issue} {one.wanted.channel}".rstrip()
    until, place = show.moment(one.at + LASTS), f"{wiring.settings().public_url}admin/tasks"
    return f"{one.by} asks to {what}; another person has to agree until {until}, at {place}"


def _changed(noted: Noted, db: Connection) -> str:
    """What changed after its release, and what that waits for."""
    soon = f"was changed after it went out, and is carried soon{noted.trouble and ': '}"
    words = f"{noted.issue} ({noted.lang}) {noted.asks or soon + noted.trouble}"
    if not noted.is_withdrawn:
        return words
    places = [s.url for s in reports.standings(db, noted.issue) if s.lang == noted.lang and s.url]
    out = f"; take it down there if it is to go: {', '.join(places)}" if places else ""
    return f"{words}{out}. `publisher correct {noted.issue} --leave` says that it may stay"


def _is_idle(db: Connection) -> bool:
    return signs.nobody_works(workers.known(db), at=utcnow(), busy=workers.is_busy(db))


def _print_status(standings: Sequence[Standing], troubles: Sequence[str]) -> None:
    out = show.console()
    if standings:
        out.print(show.matrix(standings, width=out.width))
    else:
        out.print("Nothing was published yet. Begin with: publisher publish ISSUE", markup=False)
    for line in [*show.reasons(standings), *troubles]:
        out.print(line, markup=False)


def _held_back(found: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    for source, issue, why in found:
        words = f"{issue} was not sent, for {why}; if it is meant: publisher publish {issue}"
        yield f"source {source}: {words}"


def _forgotten(standings: Sequence[Standing]) -> Iterator[str]:
    """What waits for a channel that the configuration has no more."""
    configured = wiring.settings().channels
    for s in standings:
        if not s.finished and s.channel not in configured:
            words = f"publisher settle {s.issue} --channel {s.channel} --skip"
            yield f"[channels.{s.channel}] is not configured any more; {words}"


def _status_json(key: str | None, editions: Sequence[Any], standings: Sequence[Standing]) -> Any:
    if key:
        return documents.status(key, editions, standings)
    keys = dict.fromkeys(s.issue for s in standings)
    return [documents.status(issue, editions, standings) for issue in keys]


@click.command(epilog="Example: publisher log 2026-11-05-newsletter --channel readers")
@issue_argument
@click.option("--channel", default="", metavar="C", help="Only this channel.")
@click.option("--reader", default="", metavar="ADDRESS", help="Only this reader's mail.")
@json_option
def log(issue: str, channel: str, reader: str, json_: bool) -> int:
    """Show the attempts: when, what, why, in the server's own words."""
    key = finding.key(issue)
    reader_key = subscribing.parse(reader).key if reader else ""
    with reading(wiring.engine()) as db:
        found = reports.attempts(db, key, channel=channel, reader=reader_key)
        planned = bool(found) or bool(reports.standings(db, key))
    if not planned:
        raise finding.Wrong(f"{key}: nothing was ever planned for it; `publisher status` lists all")
    if reader and not json_:
        return _tell(key, channel, reader)
    if not found:
        click.echo(_no_attempts(key, channel, reader), err=True)
    if json_:
        click.echo(documents.as_json([documents.attempt(attempt) for attempt in found]))
        return 0
    for attempt in found:
        place = f"{attempt.channel} ({attempt.lang})"
        who = f" {attempt.reader}" if attempt.reader else ""
        words = " ".join(filter(None, (attempt.url or attempt.remote_id, attempt.reason)))
        number = f"attempt {attempt.attempt}"
        click.echo(
            f"{show.moment(attempt.started_at)}  {place}{who}  {number}: {attempt.outcome}  {words}"
        )
    return 0


def _tell(issue: str, channel: str, reader: str) -> int:
    """Why somebody did or did not get an issue."""
    lists = finding.mailing(channel)
    address = subscribing.parse(reader)
    default = wiring.settings().site.language
    who = {"address": address.typed, "key": address.key}
    with reading(wiring.engine()) as db:
        facts = stories.facts(db, issue, taken=lists, default=default, **who)
    for line in story.told(facts):
        click.echo(line)
    return 0


def _no_attempts(key: str, channel: str, reader: str) -> str:
    with reading(wiring.engine()) as db:
        names = {s.channel for s in reports.standings(db, key)}
    if channel and channel not in names:
        raise finding.no_channel(channel, names)
    place = f" on {channel}" if channel else ""
    return f"{key}{place}: no attempt was made" + (f" for {reader}" if reader else "") + " yet"


@click.command(epilog="Example: publisher retry 2026-11-05-newsletter --channel lemmy")
@issue_argument
@channel_option
@timeout_option
@no_wait_option
def retry(issue: str, names: Sequence[str], timeout: float, no_wait: bool) -> int:
    """Re-run what failed, was refused or is held, and nothing else."""
    key = finding.key(issue)
    channels = finding.channels(names, wiring.measured())
    with reading(wiring.engine()) as db:
        before = [s for s in reports.standings(db, key) if s.channel in channels]
        paths = [row.path for row in reports.issues(db) if row.issue == key]
    if not before:
        raise finding.Wrong(f"{key}: nothing was ever planned for it; say: publisher publish")
    fencing.require_free(wiring.engine())
    _tell_a_silent_broker()
    refused = any(s.state is State.REFUSED for s in before)
    editions = finding.stored_editions(key, paths) if refused else []
    with wiring.engine().begin() as db:
        again = publishing.retry(
            key, db=db, channels=list(channels.values()), editions=editions, at=utcnow()
        )
    if not again:
        click.echo("There is nothing to retry.")
        return following.code(before)
    click.echo(f"{again} {'delivery is' if again == 1 else 'deliveries are'} tried again.")
    places = {(s.issue, s.lang, s.channel) for s in before}
    return carry_on(places, timeout=timeout, no_wait=no_wait)


@click.command(
    epilog="Example: publisher settle 2026-11-05-newsletter --channel reddit --delivered URL"
)
@issue_argument
@click.option("--channel", required=True, metavar="C", help="The channel that holds it.")
@click.option("--delivered", metavar="URL", help="It is there, at this address.")
@click.option("--resend", is_flag=True, help="It is not there: send it again.")
@click.option("--skip", is_flag=True, help="Leave it unsent.")
@click.option("--reader", default="", metavar="ADDRESS", help="Only this reader's mail.")
@click.option("--lang", default="", metavar="L", help="Only the edition in this language.")
def settle(
    issue: str,
    *,
    channel: str,
    delivered: str | None,
    resend: bool,
    skip: bool,
    reader: str,
    lang: str,
) -> int:
    """Give a person's answer for a delivery that is held."""
    if bool(delivered) + resend + skip != 1:
        raise click.UsageError("say one of --delivered URL, --resend, --skip")
    if delivered and not re.match(r"(https?://[^\s/]+|[a-z][a-z0-9+.-]*:\S)", delivered):
        raise click.UsageError(f"--delivered {delivered}: expected where it is, as https://… is")
    key = finding.key(issue)
    with reading(wiring.engine()) as db:
        planned = {s.channel for s in reports.standings(db, key)}
    if channel not in planned:
        raise finding.no_channel(channel, planned)
    if resend:
        fencing.require_free(wiring.engine())
    state = State.DELIVERED if delivered else State.PENDING if resend else State.SKIPPED
    with wiring.engine().begin() as db:
        met = publishing.settle(
            key,
            channel,
            state,
            db=db,
            at=utcnow(),
            url=delivered or "",
            reader=subscribing.parse(reader).key if reader else "",
            lang=lang.lower(),
        )
    if not met:
        place = f"{issue} ({lang}) on {channel}" if lang else f"{issue} on {channel}"
        raise finding.Wrong(f"{place}: nothing there waits for an answer")
    click.echo(f"{met} {'delivery' if met == 1 else 'deliveries'} settled: {state}.")
    if resend:
        click.echo("It goes out with the next `publisher up`, `publish` or `retry`.")
        wiring.sweep()
    wiring.write_receipts()
    return 0


COMMANDS = (publish, status, log, retry, settle)
