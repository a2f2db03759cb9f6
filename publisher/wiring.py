"""The one place where the parts are joined: configuration, store, queue, channels."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from celery import Celery
from sqlalchemy import Engine

from publisher import (
    __version__,
    asking,
    bouncing,
    config,
    content,
    correcting,
    embedded,
    fencing,
    fetching,
    limits,
    logs,
    mailing,
    noticing,
    operating,
    outbox,
    processes,
    proving,
    publishing,
    queue,
    receipts,
    registry,
    releasing,
    secrecy,
    standing_in,
    watching,
)
from publisher import signs as life
from publisher.config import BadConfig, Mistake, Settings
from publisher.domain.issue import BadSource, Edition
from publisher.domain.plan import AT_ONCE
from publisher.publishing import Worker, utcnow
from publisher.registry import Configured
from publisher.rendering import permalink, sections
from publisher.returns import imap, maildir
from publisher.returns.letter import BadMailbox, Letters, MailboxTrouble
from publisher.seats import Seats
from publisher.storage import engine as storage
from publisher.storage import hooks, migrating, posts, reports, secrets, sightings, waiting, workers
from publisher.storage.waiting import Hint

log = logging.getLogger(__name__)

LONGEST_READING = timedelta(seconds=60)  # of one look into the mailbox; the next goes on


@cache
def settings() -> Settings:
    """The settings of this process, from $PUBLISHER_CONFIG or ./publisher.toml. Raises BadConfig.

    What is wrong with a channel is only found by `channels()`.
    """
    found, mistakes = config.load(config.find(None))
    for token in permalink.unknown_tokens(found.site.permalink):
        known = "expected Hugo's tokens, such as /:year/:month/:title/"
        place = {"file": str(found.file), "table": "site", "key": "permalink"}
        mistakes.append(Mistake(**place, expected=f"{token} is not known; {known}"))
    if mistakes:
        raise BadConfig([*mistakes, *_built(found)[1]])
    secrecy.learn(secrecy.of(found))
    return found


def begin_log() -> None:
    """Have this process log as the configuration says."""
    logs.begin(settings().log)


@cache
def channels() -> dict[str, Configured]:
    """The channels as configured. Raises BadConfig with every mistake in them."""
    built, mistakes = _built(settings())
    if mistakes:
        raise BadConfig(mistakes)
    return built


def remembered() -> dict[str, Configured]:
    """The channels, with what their networks last said they take. Asks nobody."""
    return limits.remembered(channels(), settings().state)


_tried: limits.Tried = {}


def measured(oldest: timedelta = limits.HOUR) -> dict[str, Configured]:
    """The channels, with what their networks take by their own word, no older than that."""
    folder = settings().state
    return limits.asked(channels(), folder, tried=_tried, at=utcnow(), oldest=oldest)


def _built(found: Settings) -> tuple[dict[str, Configured], list[Mistake]]:
    built: dict[str, Configured] = {}
    mistakes: list[Mistake] = []
    folder = found.file.parent
    for name, table in found.channels.items():

        def wrong(key: str, expected: str, table_name: str = f"channels.{name}") -> None:
            mistakes.append(
                Mistake(file=str(found.file), table=table_name, key=key, expected=expected)
            )

        values = config.resolve_all(table, folder=folder, wrong=wrong)
        language = found.site.language
        channel = registry.build(name, values, folder=folder, language=language, wrong=wrong)
        if channel:
            built[name] = channel
            for heading in filter(sections.always_stays, channel.drop):
                wrong("drop", f"{heading!r} cannot be left out: licence and credits always stay")
    return built, mistakes


@cache
def engine() -> Engine:
    """The store, at this program's version. Raises storage.engine.BadStore.

    A store in a file brings itself up to date; one on a server waits for `publisher migrate`. One
    that was copied or put back is fenced.
    """
    opened = storage.connect(settings().database)
    if opened.dialect.name == "sqlite":
        storage.migrate(opened)
    else:
        storage.require_current(opened)
    fencing.recognise(opened, witness(), at=utcnow())
    fencing.guard(opened, now=utcnow)
    return opened


def witness() -> fencing.Witness:
    """What remembers how old the store was, apart from it."""
    return fencing.Witness(path=settings().state / "witness")


def is_fenced() -> bool:
    """Whether the store may send nothing, having looked whether it lies where it lay."""
    return fencing.recognise(engine(), witness(), at=utcnow()).fenced_at is not None


@lru_cache(maxsize=1)
def _grown(minute: int) -> int:
    """Make the store older, once in each minute of this process."""
    fencing.grow(engine(), witness())
    return minute


@cache
def broker() -> Celery:
    """The queue, for whoever gives hints."""
    return queue.hinting(broker_url())


def broker_trouble() -> str:
    """Why the broker cannot be used, "" where it answers. Takes a few seconds at most."""
    found = settings()
    return queue.trouble(broker()) if found.broker else embedded.broker_trouble(found.state)


def require_broker() -> str:
    """Why the configured broker does not answer now, "" where it does, or where none is configured.

    Raises BadConfig where it answers, and takes no word from us: it will not tomorrow either.
    """
    found = settings()
    error = queue.tried(broker()) if found.broker else None
    if queue.refuses(error):
        expected = f"it answers, and takes no word from us: {secrecy.removed(str(error))}"
        mistake = Mistake(file=str(found.file), table="store", key="broker", expected=expected)
        raise BadConfig([mistake])
    return "" if error is None else secrecy.removed(str(error) or type(error).__name__)


def queue_lengths() -> dict[str, int]:
    """How many messages wait in each queue; nothing of a broker that does not answer."""
    found: dict[str, int] = {}
    if broker_trouble():
        return found
    for name in queue.QUEUES:
        waiting = queue.length(broker(), name)
        if waiting is None:
            break
        found[name] = waiting
    return found


def broker_url() -> str:
    """The broker's address: the configured one, or the embedded one's socket."""
    return settings().broker or embedded.broker_url(settings().state)


def worker() -> Worker:
    """This thread of this process, ready to work."""
    return Worker(
        engine=engine(),
        channels=channels(),
        name=processes.owner(),
        unsubscribe=settings().public_url + "unsubscribe/",
        secret=bounce_secret(),
        lost=processes.lost,
        machine=processes.machine,
        stopping=processes.asked_to_stop,
    )


@cache
def bounce_secret() -> bytes:
    """What signs the addresses that bounces come back to, so that nobody else can make one."""
    with engine().begin() as db:
        return secrets.key(db, "bounces")


def letters() -> Letters:
    """What lies in the mailbox for bounces, if one is configured. Raises as the mailboxes do."""
    box = settings().bounces
    if box.maildir:
        yield from maildir.letters(box.maildir)
    elif box.imap:
        yield from imap.letters(_account(box))


def _account(box: config.Bounces) -> imap.Account:
    return imap.Account(
        host=box.imap,
        port=box.port,
        tls=box.tls,
        username=box.username,
        password=box.password,
        folder=box.folder,
    )


def take(raw: bytes) -> bouncing.Taken:
    """Note what a message reports of our mail, if anything."""
    return bouncing.take(raw, engine=engine(), secret=bounce_secret(), at=utcnow())


def weigh() -> bouncing.Weighed:
    """Judge the bounces that are open."""
    return bouncing.weigh(engine(), at=utcnow())


def read_bounces() -> None:
    """Take in what came back, for a while, and weigh what stands against readers.

    The mailbox of a fenced store is another's to read.
    """
    if is_fenced():
        return
    end = utcnow() + LONGEST_READING
    try:
        for place, taken, why in bouncing.collect(letters(), take=take):
            if taken is None:
                log.warning("%s cannot be read, and stays there: %s", place, why)
            if utcnow() > end:
                break
    except (BadMailbox, MailboxTrouble) as error:
        log.warning("the bounces were not read: %s", error)
    weigh()


def deliver(delivery_id: int) -> None:
    """Make one attempt at one delivery."""
    more = publishing.deliver(delivery_id, worker())
    if more:
        give(more)


def deliver_copies(post_id: int) -> None:
    """Send copies of one post for a while, and say where to go on.

    Where other mailings leave no process free, it is called in by the first that ends. Where one of
    ours is at this very mailing, nothing is done.
    """
    if not _seats:
        _deliver_copies(post_id)
        return
    seats = _seats[0]
    with seats.one() as seated, seats.alone_at(post_id) as alone:
        if seated and alone:
            _deliver_copies(post_id)
    if not seated:
        seats.turn_away(post_id)
    elif called := seats.next():
        give(Hint(post=called))


def _deliver_copies(post_id: int) -> None:
    if mailing.deliver_copies(post_id, worker()):
        give(Hint(post=post_id))


_seats: list[Seats] = []


def seat_mailings(number: int) -> None:
    """Let so many of the processes that will fork from this one be at mailings at once."""
    _seats[:] = [Seats(number=number)]


def deliver_question(ask_id: int) -> None:
    """Make one attempt at the mail that asks a reader to confirm."""
    found = settings()
    sender = outbox.Sender(site=found.site, page=found.public_url + "confirm/")
    outbox.deliver(ask_id, worker(), sender)


def sweep() -> int:
    """Free what is lost, hint at what is due; a fenced store is left alone."""
    if is_fenced():
        return 0
    _grown(int(utcnow().timestamp() // 60))
    hint = _giving()
    if _has_broker() and queue.has_forgotten(broker()):
        with engine().begin() as db:
            waiting.forget_hints(db)  # what was said there is said again
    return outbox.sweep(worker(), hint=hint) + publishing.sweep(worker(), hint=hint)


def notify() -> int:
    """Tell programs elsewhere what happened since; how many notices that were."""
    return 0 if is_fenced() else noticing.tell_all(engine(), channels())


def forget_unanswered() -> int:
    """Forget whoever was asked to confirm and never did; how many."""
    return asking.forget_unanswered(engine=engine(), at=utcnow())


def look() -> int:
    """Look at the source, and hint at what is new there; how many deliveries that made."""
    if is_fenced():
        return 0
    with engine().begin() as db:
        hooks.begun(db)
    new = watching.look(settings(), engine=engine(), channels=measured())
    if new:
        sweep()
    return new


def release() -> int:
    """Take what waits for its release a step further; how many deliveries that planned."""
    if is_fenced():
        return 0
    site = releases()
    new = releasing.go_on(site)
    if new:
        sweep()
    correcting.go_on(site)
    return new


def stand_in() -> int:
    """Plan originals for readers who wait no longer for a translation; how many copies."""
    if is_fenced():
        return 0

    def language(issue: str) -> str:
        return settings().of(issue).site.language

    new = standing_in.stand_in(engine=engine(), channels=channels(), language=language, at=utcnow())
    if new:
        sweep()
    return new


def renames() -> sightings.Known:
    """Who the files of the source are that bear another name by now."""
    with storage.reading(engine()) as db:
        return sightings.renames(db)


_told: list[str] = []


def write_receipts() -> None:
    """Write down for the site what became out, where that is configured; trouble is told once.

    A fenced store may know less than what is written already.
    """
    folder = settings().receipts.folder
    if folder is None or is_fenced():
        return
    try:
        receipts.keep_up(engine(), folder, state=settings().state)
        _told.clear()
    except receipts.Unwritten as error:
        if [str(error)] != _told:
            log.error("receipts: %s", error)  # noqa: TRY400  the words say it all
        _told[:] = [str(error)]


def releases() -> releasing.Site:
    """What releases of this site need to know."""
    found = settings()
    rules = found.release.rules if found.release else AT_ONCE
    return releasing.Site(
        engine=engine(),
        channels=remembered(),
        rules=rules,
        edition=_edition,
        errors=lambda edition: content.stopped_by(found.of(edition.key), edition, remembered()),
        unproven=lambda edition: proving.trouble(edition, _page),
    )


def _edition(issue: str, lang: str) -> Edition | None:
    """One edition as it is now: in the source, or where there is none in the file it came from."""
    found = settings().of(issue)
    if found.source:
        return content.edition(found, issue, lang, renames())
    with storage.reading(engine()) as db:
        known = posts.edition_of(db, issue, lang)
    try:
        there = [content.read(found, Path(known.path))] if known else []
    except BadSource:
        return None
    return next(iter(content.looked_over(found, there, at=utcnow())), None)


def _editions(issue: str) -> list[Edition]:
    """The editions of an issue as they are now, looked over. Raises BadSource, SourceTrouble."""
    found = settings().of(issue)
    there = content.editions(found, issue, renames())
    if not there and not found.source:
        with storage.reading(engine()) as db:
            langs = [row.lang for row in reports.issues(db) if row.issue == issue]
        there = [one for lang in langs if (one := _edition(issue, lang))]
    return content.looked_over(settings(), there, at=utcnow())


def desk() -> operating.Desk:
    """What operators' wishes are carried out with at pages and by programs."""
    return operating.Desk(
        engine=engine(),
        site=releases,
        channels=measured,
        editions=_editions,
        sweep=sweep,
        go_on=release,
        receipts=write_receipts,
        leave=settings().public_url + "unsubscribe/",
    )


def _page(url: str) -> str:
    """The text behind an address of the site. Raises NotThere."""
    release = settings().release
    private = release is not None and release.private_pages
    try:
        found = fetching.fetch(url, allow_private=private)
    except fetching.Unfetchable as error:
        raise proving.NotThere(str(error)) from error
    if found.status != HTTPStatus.OK:
        raise proving.NotThere(f"answers {found.status}")
    return found.text


def look_soon() -> None:
    """Have a worker look at the source now, whatever the schedule says."""
    if _has_broker():
        queue.ask_to_look(broker())


def give(hint: Hint) -> bool:
    """Put a hint into the queue; False where it was not, and the schedule will."""
    return _giving()(hint)


def _giving() -> Callable[[Hint], bool]:
    """What puts hints into the queue, one after the other."""
    return queue.Giving(app=broker()).give if _has_broker() else lambda _: False


def _has_broker() -> bool:
    """Whether there is a broker to talk to: without a configured one, somebody must run ours."""
    found = settings()
    return bool(found.broker) or embedded.socket_path(found.state).exists()


@cache
def signs() -> Engine:
    """The store for signs of life, which wait for nobody: the next one comes soon."""
    return storage.connect(settings().database, patience=2.0)


def sign(name: str, *, role: str, started_at: datetime) -> None:
    """Note that a process lives. Raises BadStore where the store is another version's."""
    known: dict[str, Any] = {
        "role": role,
        "host": life.host(),
        "version": __version__,
        "started_at": started_at,
    }
    with signs().begin() as db:
        ours = migrating.current(db) == migrating.head()
        if ours:
            workers.beat(db, name, at=utcnow(), **known)
    if not ours:
        storage.require_current(signs())


def after_fork() -> None:
    """Drop what must not be shared with the parent process: connections."""
    engine().dispose(close=False)
    signs.cache_clear()
    channels.cache_clear()
    broker.cache_clear()


def lists() -> dict[str, tuple[str, ...]]:
    """The mailing lists that are configured, with the languages they take."""
    found = settings()
    return registry.lists(found.channels, language=found.site.language)


def concurrency() -> int:
    """How many things a worker does at once.

    Each network makes one attempt at a time, so all of them may hang beside a sweep, a look at
    the source and one at the mailbox.
    """
    return min(16, len(settings().channels) + 3)


def mailings() -> int:
    """How many mailings one machine sends at once, each by one process."""
    return min(8, sum(len(languages) for languages in lists().values()) + 1)
