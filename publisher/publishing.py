"""The use cases of sending: plan, deliver, sweep, retry, settle."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine
from structlog.contextvars import bound_contextvars

from publisher import secrecy, telling
from publisher.domain import bounce
from publisher.domain.channel import (
    ORIGINAL,
    ChannelError,
    Disconnected,
    Handed,
    HandingOn,
    Mailing,
    Note,
    Post,
    Reader,
    Receipt,
    scheme_of,
)
from publisher.domain.correction import Change
from publisher.domain.delivery import (
    FAILED,
    FRESH,
    SETTLING,
    WAITING,
    Delivery,
    Outcome,
    State,
    after_failure,
    settled_by,
)
from publisher.domain.issue import Edition
from publisher.insisting import insist
from publisher.registry import Configured
from publisher.rendering import sections
from publisher.storage import (
    changes,
    circuits,
    copies,
    corrections,
    deliveries,
    identity,
    pacing,
    pauses,
    posts,
    reports,
    slow,
    standins,
    subscribers,
    waiting,
)
from publisher.storage.engine import reading
from publisher.storage.posts import Place
from publisher.storage.waiting import Hint

log = logging.getLogger(__name__)

ARCHIVE = "archive"  # what the readers' pages are called by a part that is for them
UNWRITTEN = "unwritten"  # the detail of a stored post that there is not, and why
UNHINTED = timedelta(seconds=4)  # a hint that led to nothing by then is given again
Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """The time, for whoever is not given another clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Who is at work: what every attempt needs to know of its process and its surroundings.

    `name` is unique to the process and thread; `lost(name)` tells whether another such process
    is certainly gone, and `machine(name)` where one runs. A reader's leave link is `unsubscribe`
    and their token, and `secret` signs the addresses that bounces come back to. `stopping()` tells
    whether to begin nothing more, and `rest(seconds)` sleeps.
    """

    engine: Engine
    channels: Mapping[str, Configured]
    name: str
    unsubscribe: str = ""
    secret: bytes = b""
    lost: Callable[[str], bool] = lambda _: False
    machine: Callable[[str], str] = lambda name: name
    now: Clock = utcnow
    stopping: Callable[[], bool] = lambda: False
    rest: Callable[[float], None] = time.sleep


# --- planning


def plan(
    editions: Sequence[Edition], *, db: Connection, channels: Mapping[str, Configured], at: datetime
) -> int:
    """Write down every delivery that is not there yet; how many are new.

    Nothing is sent: a worker that looks will find them once the transaction is through.
    """
    new = 0
    for edition in sorted(editions, key=lambda e: (e.key, e.lang)):  # no two plans cross
        posts.one_at_a_time(db, edition.key)
        _note_change(db, edition, at=at)
        remember(db, edition, at=at)
        for channel in channels.values():
            if channel.takes(edition.key, edition.lang):
                new += _plan(db, edition, channel, at=at)
    return new


def _note_change(db: Connection, edition: Edition, *, at: datetime) -> None:
    """Have what is out of an edition corrected, where it said something else when that was sent."""
    before = posts.edition_of(db, edition.key, edition.lang)
    if before and before.revision != edition.revision:
        change = Change(issue=edition.key, lang=edition.lang, revision=edition.revision)
        changes.see(db, change, at=at, due=at)


def forgotten(db: Connection, dated: datetime) -> str:
    """Why an edition of a date may have been published by a history that this store has lost."""
    me = identity.known(db)
    if me is None or me.adopted_at is None or dated > me.adopted_at:
        return ""
    since, until = (f"{moment:%Y-%m-%d %H:%M}" for moment in (me.forgot_since, me.adopted_at))
    return f"it may have been sent between {since} and {until} UTC, which this store has forgotten"


def remember(db: Connection, edition: Edition, *, at: datetime) -> None:
    """Have the archive show an edition as it is now."""
    posts.keep_edition(db, archived(edition), at=at)


def archived(edition: Edition) -> Edition:
    """The edition as the archive shows it: without what is for some channels only."""
    return sections.for_channel(edition, names=(ARCHIVE,), drop=())


def _plan(db: Connection, edition: Edition, channel: Configured, *, at: datetime) -> int:
    post, refused = written(edition, channel)
    place = Place(issue=edition.key, lang=edition.lang, channel=channel.name, kind=channel.kind)
    id = posts.add(db, place, post, at=at)
    if refused or not isinstance(channel.channel, Mailing):
        doubt = forgotten(db, edition.date)
        return 1 if id and deliveries.plan(db, id, at=at, refused=refused, doubt=doubt) else 0
    known = id or posts.number(db, place)
    if UNWRITTEN in posts.stored(db, known).details:
        return 0  # refused as it stands; `retry` writes it anew
    return _plan_readers(db, known, edition, channel, at=at)


def written(edition: Edition, channel: Configured) -> tuple[Post, str]:
    """The post, or an empty one with the reason why there is none."""
    try:
        names = (channel.name, channel.kind)
        seen = sections.for_channel(edition, names=names, drop=channel.drop)
        return channel.channel.render(seen), ""
    except Exception as error:
        if not isinstance(error, ChannelError):
            log.warning("%s cannot write %s", channel.name, edition.key, exc_info=True)
        why = f"cannot be written for {channel.name}: {error}"
        return _unwritten(edition, why), why


def _unwritten(edition: Edition, why: str) -> Post:
    """What stands in the store for a post that there is not. It is never sent."""
    return Post(
        key=edition.key,
        lang=edition.lang,
        title=edition.title,
        text="",
        url=edition.url,
        details={UNWRITTEN: why},
    )


# --- one attempt


def deliver(delivery_id: int, worker: Worker) -> Hint | None:
    """Make one attempt at one delivery. Safe to call twice, late, or not at all.

    No transaction is open while the channel talks to the outside. What waits for the same
    channel goes one after the other: returns where to go on, while all is well there.
    """
    with worker.engine.begin() as db:
        delivery = deliveries.claim(db, delivery_id, at=worker.now(), owner=worker.name)
    if delivery is None:
        return None
    known = {
        "issue": issue_of(delivery.post),
        "lang": delivery.post.lang,
        "channel": delivery.channel,
    }
    with bound_contextvars(**known, delivery=delivery.id, attempt=delivery.attempt):
        return _attempt(delivery, worker)


def issue_of(post: Post) -> str:
    """The issue of a post, whose key is `ISSUE.LANG.MARK` in our channels, for logs."""
    return f"{post.key}.".rpartition(f".{post.lang}.")[0] or post.key


def _attempt(delivery: Delivery, worker: Worker) -> Hint | None:
    post = addressed(delivery, worker)
    if why := post.details.get(UNWRITTEN):
        _record(delivery, Outcome(state=State.REFUSED, note=why), None, worker)
        return None
    early = _look(delivery, post, worker) if delivery.in_doubt else None
    outcome, receipt = early or _send(delivery, post, worker)
    _record(delivery, outcome, receipt, worker)
    if not delivery.address:
        _learn(delivery.channel, outcome, receipt, worker)
    proof = receipt.url if receipt and not delivery.address else ""
    log.info("attempt", extra={"outcome": outcome.state, "url": proof, "note": outcome.note})
    return _next(delivery, worker)


def _learn(channel: str, outcome: Outcome, receipt: Receipt | None, worker: Worker) -> None:
    """Let a channel rest whose network keeps failing, and go on once it answers; a notice each."""
    if outcome.rest is not None:
        with worker.engine.begin() as db:
            at, words = worker.now(), outcome.note
            until = circuits.failed(db, channel, asked=outcome.rest, words=words, at=at)
        if until:
            log.error("channel %s rests until %s: %s", channel, f"{until:%F %T %Z}", words)
    elif receipt:
        with worker.engine.begin() as db:
            again = circuits.answered(db, channel)
        if again:
            log.warning("channel %s answers again", channel)
            with worker.engine.begin() as db:
                circuits.hurry(db, channel, at=worker.now())


def _next(delivery: Delivery, worker: Worker) -> Hint | None:
    if delivery.address or worker.stopping():
        return None
    with reading(worker.engine) as db:
        return waiting.next_on(db, delivery.channel, at=worker.now())


def _record(delivery: Delivery, outcome: Outcome, receipt: Receipt | None, worker: Worker) -> None:
    """Settle a delivery, and insist for a while when the store does not take it."""

    def settle() -> None:
        with worker.engine.begin() as db:
            at, name = worker.now(), worker.name
            deliveries.settle(db, delivery, outcome, at=at, worker=name, receipt=receipt)

    what = f"what became of delivery {delivery.id}"
    insist(settle, what, rest=worker.rest, stopping=worker.stopping)


def addressed(delivery: Delivery, worker: Worker) -> Post:
    """The post as it goes out: to its reader, or as a reply, where it has one."""
    if not delivery.address:
        return _answering(delivery, worker)
    leave = worker.unsubscribe + delivery.token
    reader = Reader(
        address=delivery.address,
        token=delivery.token,
        unsubscribe_url=leave,
        name=delivery.name,
        bounce_token=bounce.token(delivery.id, worker.secret),
    )
    return replace(delivery.post, to=reader)


def _answering(delivery: Delivery, worker: Worker) -> Post:
    post = delivery.post
    if not (lang := post.details.get(ORIGINAL)):
        return post
    with reading(worker.engine) as db:
        id = corrections.proof_beside(db, delivery.id, lang)
    return replace(post, reply_to=id)


Result = tuple[Outcome, Receipt | None]


def _look(delivery: Delivery, post: Post, worker: Worker) -> Result | None:
    """Ask the outside about a delivery in doubt; None once it is certain that nothing is there.

    What a person posts we never do, and asking them twice does no harm.
    """
    try:
        if isinstance(_channel(delivery, worker).channel, HandingOn):
            return None
        receipt = _channel(delivery, worker).channel.find_existing(post)
    except NotImplementedError as error:
        words = f"{delivery.evidence}; {error}; `publisher settle` takes your answer".split("; ")
        note = "; ".join(dict.fromkeys(filter(None, words)))  # each said once, however often asked
        return Outcome(state=State.HELD, note=note, in_doubt=True), None
    except Exception as error:  # noqa: BLE001  the boundary: failed() names it
        return failed(error, delivery, worker, in_doubt=True), None
    if receipt:
        return accepted(receipt, found=True), receipt
    age = worker.now() - delivery.marked_at if delivery.marked_at else SETTLING
    if age < SETTLING:  # the request may still be on its way
        note = f"not there yet; looking again ({delivery.evidence})"
        return Outcome(state=State.UNSURE, retry_in=SETTLING - age, note=note, in_doubt=True), None
    return None


def _send(delivery: Delivery, post: Post, worker: Worker) -> Result:
    """Post it. What escapes unnamed after the mark is a bug that may have posted."""
    marked_at = worker.now()
    with worker.engine.begin() as db:
        ours = deliveries.mark(db, [(delivery.id, delivery.attempt)], at=marked_at)
    if not ours or worker.now() - marked_at > FRESH:
        note = "the worker slept before sending"  # settling tells whether others went on meanwhile
        return Outcome(state=State.PENDING, note=note, tried=False), None
    try:
        receipt = _channel(delivery, worker).channel.deliver(post)
    except Handed as handed:
        return _hand(handed.note, delivery, worker), None
    except ChannelError as error:
        return failed(error, delivery, worker, in_doubt=False), None
    except Exception as error:  # noqa: BLE001  the boundary: failed() names it
        return failed(error, delivery, worker, in_doubt=True), None
    return accepted(receipt, found=False), receipt


def _hand(note: Note, delivery: Delivery, worker: Worker) -> Outcome:
    """Ask a person for the post; it is held until they answer."""
    try:
        words = telling.hand(note, delivery, issue_of(delivery.post), worker.channels)
    except Exception as error:  # noqa: BLE001  the boundary: failed() names it
        return failed(error, delivery, worker, in_doubt=False)
    return Outcome(state=State.HELD, note=words)


def _channel(delivery: Delivery, worker: Worker) -> Configured:
    try:
        return worker.channels[delivery.channel]
    except KeyError:
        name = delivery.channel
        raise Disconnected(f"[channels.{name}] is not in the configuration any more") from None


def failed(error: Exception, delivery: Delivery, worker: Worker, *, in_doubt: bool) -> Outcome:
    """Name what an attempt's failure comes to; a Disconnected stops its channel with one notice."""
    if isinstance(error, Disconnected):
        stop(delivery.channel, str(error), worker)
    elif not isinstance(error, ChannelError):
        log.error("delivery %s met a bug", delivery.id, exc_info=error)
    outcome = after_failure(error, tries=delivery.tries, in_doubt=in_doubt)
    return replace(outcome, note=secrecy.removed(outcome.note))


def accepted(receipt: Receipt, *, found: bool) -> Outcome:
    """What a receipt comes to, `found` there or of just now, in the server's words."""
    outcome = settled_by(receipt, found=found)
    return replace(outcome, note=secrecy.removed(outcome.note))


def stop(channel: str, reason: str, worker: Worker) -> None:
    """Pause a channel until a person has seen to it."""
    reason = secrecy.removed(reason)
    with worker.engine.begin() as db:
        first = pacing.pause(db, channel, reason, at=worker.now())
    if first:
        log.error("channel %s is paused: %s", channel, reason)


# --- what is due


def sweep(worker: Worker, *, hint: Callable[[Hint], object]) -> int:
    """Free what lost workers held, and hint at all that is due. Harmless at any time, doubled too.

    Returns how many hints were given.
    """
    with worker.engine.begin() as db:
        at = worker.now()  # not before: it may have waited long to begin, behind a plan for many
        waiting.recover(db, at=at, lost=worker.lost, me=worker.name)
        pauses.skip_cancelled(db, at=at)
        telling.remind(db, worker.channels, at=at)
        since = at - UNHINTED
        hints = waiting.due(db, at=at, unhinted_since=since, machine=worker.machine)
    missed = [found for found in hints if hint(found) is False]
    if missed:
        with worker.engine.begin() as db:
            waiting.unsay(db, missed)
    return len(hints) - len(missed)


# --- what a person says


def retry(
    issue: str,
    *,
    db: Connection,
    channels: Sequence[Configured],
    editions: Sequence[Edition],
    at: datetime,
) -> int:
    """Make what failed, is held or waits on these channels due now; how many deliveries are.

    What was refused is written anew from `editions`, where its edition is among them: nothing
    of it can be out there, and a person may have mended the text.
    """
    names = [channel.name for channel in channels]
    posts.one_at_a_time(db, issue)
    for channel in channels:
        for edition in editions:
            _rewrite(db, edition, channel, at=at)
    ids = reports.delivery_ids(db, issue, names=names, states=(*FAILED, *WAITING))
    again = deliveries.retry(db, ids, at=at)
    for name in names:  # last: who claims copies takes the same rows in the same order
        pacing.resume(db, name)
        slow.forget(db, name)
    return again


def resume(channel: str, *, db: Connection, at: datetime) -> None:
    """Let a channel go on that was paused, or that rests, and what waits there at once."""
    circuits.hurry(db, channel, at=at)  # first: who claims takes a delivery, then its channel
    slow.forget(db, channel)
    pacing.resume(db, channel)


def _rewrite(db: Connection, edition: Edition, channel: Configured, *, at: datetime) -> None:
    place = Place(issue=edition.key, lang=edition.lang, channel=channel.name, kind=channel.kind)
    refused = [
        standing
        for standing in reports.standings(db, edition.key)
        if (standing.lang, standing.channel) == (edition.lang, channel.name)
        and standing.state is State.REFUSED
        and standing.readers is None
    ]
    post, why = written(edition, channel)
    if not refused or why:
        return
    id = posts.number(db, place)
    posts.replace_body(db, id, post)
    remember(db, edition, at=at)
    if isinstance(channel.channel, Mailing):
        copies.replace_placeholder(db, id, at=at)
        _plan_readers(db, id, edition, channel, at=at)


def _plan_readers(
    db: Connection, post_id: int, edition: Edition, channel: Configured, *, at: datetime
) -> int:
    default = edition.site.language
    keys = subscribers.readers_of(
        edition.lang,
        channel=channel.name,
        scheme=scheme_of(channel.channel),
        taken=channel.languages,
        default=default,
    )
    served = standins.served(db, edition.key, edition.lang, channel.name)
    keys = keys.where(*(~has_another for has_another in served))
    return copies.plan(db, post_id, keys, at=at, doubt=forgotten(db, edition.date))


def settle(
    issue: str,
    channel: str,
    answer: State,
    *,
    db: Connection,
    at: datetime,
    url: str = "",
    reader: str = "",
    lang: str = "",
) -> int:
    """Take a person's answer for what is held, refused or in doubt; how many deliveries it met."""
    words = {
        State.DELIVERED: f"a person says it is there: {url}",
        State.PENDING: deliveries.RESEND,
        State.SKIPPED: "a person says: leave it",
    }
    states = (*FAILED, *WAITING) if answer is State.SKIPPED else (*FAILED, State.UNSURE)
    ids = reports.delivery_ids(db, issue, names=[channel], states=states, reader=reader, lang=lang)
    reason = words[answer]
    met = deliveries.answer(db, ids, answer, at=at, reason=reason, url=url)
    if met and answer is State.PENDING:
        pacing.resume(db, channel)
    return met
