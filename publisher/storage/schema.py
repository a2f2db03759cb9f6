"""The tables. Alembic's migrations build the same; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy import UniqueConstraint as Unique


class BadRow(ValueError):
    """A value that no program of ours wrote; the message repeats it."""


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, on databases that keep zones and on those that don't."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value) if value else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        read = super().result_processor(dialect, coltype)

        def checked(value: Any) -> datetime | None:
            if value is None:
                return None
            try:
                found: datetime | None = read(value) if read else value
            except (ValueError, TypeError) as error:  # SQLite keeps whatever it is given
                told = f"{value!r} is no moment; `publisher doctor` names it"
                raise BadRow(f"a row of the store cannot be read: {told}") from error
            return found

        return checked


def sound(words: str) -> str:
    """A text without what databases do not take: lone surrogates and NUL."""
    return words.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _text(value: Any) -> Any:
    if value is not None and not isinstance(value, str):  # SQLite keeps whatever it is given
        told = f"{value!r} is no text; `publisher doctor` names it"
        raise BadRow(f"a row of the store cannot be read: {told}")
    return value


class Name(TypeDecorator[str]):
    """A short text in our own words."""

    impl = String
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002
        return _text if dialect.name == "sqlite" else None


class Words(TypeDecorator[str]):
    """A text in somebody else's words, which may hold what databases do not take."""

    impl = Text
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002
        return _text if dialect.name == "sqlite" else None

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else sound(value)


class Choice(TypeDecorator[tuple[str, ...]]):
    """Some words, each with a space on both sides, so that `LIKE '% word %'` finds one."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None or isinstance(value, str):
            return value  # a pattern to compare with
        return f" {' '.join(value)} " if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002
        return tuple((value or "").split())


Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

editions = Table(
    "editions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue", Name, nullable=False),
    Column("lang", Name, nullable=False),
    Column("path", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("url", Words, nullable=False),
    Column("summary", Words, nullable=False),
    Column("html", Words, nullable=False),
    Column("revision", Name, nullable=False),
    Column("dated", Moment, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Unique("issue", "lang"),
)

INDEX = "edition_index"  # what editions say: made by `searching`, no table like the others here

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("issue", Name, nullable=False),
    Column("lang", Name, nullable=False),
    Column("channel", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("body", JSON, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("hinted_at", Moment),
    Column("paused_at", Moment),  # by a person, for this post alone
    Column("cancelled_at", Moment),  # the same, and what is not sent is skipped
    Column("stood_in_at", Moment),  # when it was last looked who waits no longer for a translation
    Unique("issue", "lang", "channel"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", ForeignKey("posts.id"), nullable=False),
    Column("recipient", Name, nullable=False, default=""),  # a reader's address key, or ""
    Column("state", Name, nullable=False),
    Column("in_doubt", Boolean, nullable=False, default=False),
    Column("reason", Words, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("forgiven", Integer, nullable=False, default=0),  # attempts before a person said retry
    Column("owner", Name, nullable=False, default=""),
    Column("changed_at", Moment, nullable=False),
    Column("marked_at", Moment),  # just before the irrevocable byte
    Column("next_attempt_at", Moment),
    Column("hinted_at", Moment),
    Column("remote_id", Words, nullable=False, default=""),
    Column("url", Words, nullable=False, default=""),
    Column("else_after", Integer),  # days that its reader waited for their own language, if so
    Unique("post_id", "recipient"),
)
OPEN = text("state IN ('pending', 'sending', 'unsure')")
Index(
    "ix_deliveries_open",
    deliveries.c.state,
    deliveries.c.post_id,
    deliveries.c.id,
    sqlite_where=OPEN,
    postgresql_where=OPEN,
)

DONE = text("state NOT IN ('pending', 'sending', 'unsure', 'held')")
Index(  # what readers' copies add up to is told from this alone
    "ix_deliveries_done",
    deliveries.c.post_id,
    deliveries.c.state,
    deliveries.c.changed_at,
    deliveries.c.attempts,
    deliveries.c.id,
    sqlite_where=DONE,
    postgresql_where=DONE,
)

_instead = text("else_after IS NOT NULL")
Index(
    "ix_deliveries_else_after",
    deliveries.c.post_id,
    sqlite_where=_instead,
    postgresql_where=_instead,
)

_held = text("state = 'held'")
Index("ix_deliveries_held", deliveries.c.post_id, sqlite_where=_held, postgresql_where=_held)

delivery_log = Table(
    "delivery_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("was", Name, nullable=False),
    Column("now", Name, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("reason", Words, nullable=False),
    Column("remote_id", Words, nullable=False, default=""),
    Column("url", Words, nullable=False, default=""),
    Column("worker", Name, nullable=False, default=""),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Name, nullable=False),  # as typed
    Column("address_key", Name, nullable=False, unique=True),  # for comparison
    Column("name", Words, nullable=False, default=""),
    Column("languages", Choice, nullable=False, default=()),  # of editions; none: the site's own
    Column("lists", Choice, nullable=False, default=()),  # of channels; none: all of them
    Column("state", Name, nullable=False, index=True),
    Column("token", Name, nullable=False, unique=True),  # leave and preferences
    Column("origin", Name, nullable=False),  # how consent came
    Column("added_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("else_after", Integer),  # days; then the site's language will do
    Column("else_from", Moment),  # for issues released since then
)
for _name in ("else_after", "changed_at"):
    Index(
        f"ix_subscribers_waiting_{_name}",
        subscribers.c[_name],
        sqlite_where=_instead,
        postgresql_where=_instead,
    )

reader_log = Table(  # what a reader said, and what was learnt of them: the proof of consent
    "reader_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), index=True),  # null once forgotten
    Column("digest", Name, nullable=False, default="", index=True),  # of a forgotten address
    Column("at", Moment, nullable=False),
    Column("event", Name, nullable=False),  # one of publisher.domain.subscriber.Event
    Column("how", Words, nullable=False, default=""),  # form, link, one click, operator, import …
    Column("place", Words, nullable=False, default=""),  # from where: a network, a file and line
    Column("words", Words, nullable=False, default=""),
)

suppressions = Table(  # who gets nothing whatever lists say; survives the reader's row
    "suppressions",
    metadata,
    Column("digest", Name, primary_key=True),  # keyed, so that no list of addresses opens it
    Column("reason", Name, nullable=False),
    Column("at", Moment, nullable=False),
)

asks = Table(  # "please confirm": what was asked of whom, and how far that mail is
    "asks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("token", Name, nullable=False, unique=True),
    Column("channel", Name, nullable=False),  # the one that carries the mail
    Column("lang", Name, nullable=False),
    Column("languages", Choice, nullable=False, default=()),  # taken over once confirmed
    Column("lists", Choice, nullable=False, default=()),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("state", Name, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("owner", Name, nullable=False, default=""),
    Column("changed_at", Moment, nullable=False),
    Column("next_attempt_at", Moment),
    Column("hinted_at", Moment),
    Column("reason", Words, nullable=False, default=""),
)

_unsent = text("state IN ('pending', 'sending')")
Index("ix_asks_open", asks.c.state, asks.c.id, sqlite_where=_unsent, postgresql_where=_unsent)

bounces = Table(
    "bounces",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), index=True),
    Column("subscriber_id", ForeignKey("subscribers.id"), index=True),
    Column("at", Moment, nullable=False),
    Column("kind", Name, nullable=False),  # one of publisher.domain.bounce.Kind
    Column("status", Name, nullable=False, default=""),  # RFC 3463, such as 5.1.1
    Column("words", Words, nullable=False, default=""),
    Column("fingerprint", Name, nullable=False, unique=True),  # one report counts once
    Column("verdict", Name, nullable=False),  # one of publisher.domain.bounce.Verdict
)
_unweighed = text("verdict = 'open'")
Index(
    "ix_bounces_open",
    bounces.c.at,
    sqlite_where=_unweighed,
    postgresql_where=_unweighed,
)

tallies = Table(  # how often something was asked for, against floods
    "tallies",
    metadata,
    Column("name", Name, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("count", Integer, nullable=False),
)

slow_domains = Table(  # whose servers asked for patience
    "slow_domains",
    metadata,
    Column("channel", Name, primary_key=True),
    Column("domain", Name, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("reason", Words, nullable=False, default=""),
)

secrets = Table(  # keys that this store made for itself
    "secrets",
    metadata,
    Column("name", Name, primary_key=True),
    Column("value", Name, nullable=False),
)

users = Table(  # who may see the operators' pages
    "users",
    metadata,
    Column("name", Name, primary_key=True),
    Column("role", Name, nullable=False),
    Column("password", Name, nullable=False),  # argon2id, in PHC's notation
    Column("session", Name, nullable=False),  # changes when all of theirs are to end
    Column("subject", Name, unique=True),  # whom an OpenID provider knows them as
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment),
)

tokens = Table(  # what programs show to be let in
    "tokens",
    metadata,
    Column("name", Name, primary_key=True),
    Column("digest", Name, nullable=False),  # of the token itself, which is kept nowhere
    Column("role", Name, nullable=False),
    Column("made_by", Name, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Unique("digest"),
)

answers = Table(  # what programs were answered that said a thing with a key of their own
    "answers",
    metadata,
    Column("key", Name, primary_key=True),  # of the token and the key, hashed
    Column("request", Name, nullable=False),  # what was asked for, hashed
    Column("status", Integer),  # none yet: somebody is at it
    Column("body", Words, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    Index("ix_answers_at", "at"),
)

actions = Table(  # what operators did, and who
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", Name, nullable=False),
    Column("did", Name, nullable=False),
    Column("issue", Name, nullable=False, server_default=""),
    Column("channel", Name, nullable=False, server_default=""),
    Column("words", Words, nullable=False, server_default=""),
    Index("ix_actions_issue", "issue", "id"),
)

consents = Table(  # what one of two people wants done
    "consents",
    metadata,
    Column("issue", Name, primary_key=True),
    Column("did", Name, primary_key=True),
    Column("channel", Name, primary_key=True),  # "": all
    Column("lang", Name, primary_key=True),  # "": every edition
    Column("by", Name, nullable=False),
    Column("at", Moment, nullable=False),
    Column("content", Name, nullable=False),  # what it is about, hashed
)

notices = Table(  # what programs elsewhere are to be told
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("event", Name, nullable=False),  # a delivery's state, or unsubscribed
    Column("delivery_id", Id),
    Column("subscriber_id", Id),  # who may be forgotten meanwhile
    Column("url", Words, nullable=False),
    Column("words", Words, nullable=False),
)

notified = Table(  # who was told which notice
    "notified",
    metadata,
    Column("notice_id", ForeignKey("notices.id"), primary_key=True),
    Column("channel", Name, primary_key=True),
    Column("at", Moment, nullable=False),
)

listeners = Table(  # channels that are told notices
    "listeners",
    metadata,
    Column("channel", Name, primary_key=True),
    Column("since", Id, nullable=False),  # the last notice before it listened
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment),
    Column("trouble", Words, nullable=False),
)

channels = Table(
    "channels",
    metadata,
    Column("name", Name, primary_key=True),
    Column("paused_at", Moment),
    Column("reason", Words, nullable=False, default=""),
    Column("next_slot_at", Moment),  # when the next copy may leave, under a rate
    Column("failures", Integer, nullable=False, default=0, server_default="0"),  # in a row
    Column("open_until", Moment),  # the circuit: nothing is sent before, and then one at first
)

workers = Table(  # the processes at work, each with its last sign of life
    "workers",
    metadata,
    Column("name", Name, primary_key=True),
    Column("role", Name, nullable=False),
    Column("host", Name, nullable=False),
    Column("version", Name, nullable=False),  # of the program
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
)

identity = Table(  # one row: which store this is, and whether it may send
    "identity",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("name", Name, nullable=False),  # made once, the same in every copy
    Column("home", Name, nullable=False),  # where it lay when it was last known to be the one
    Column("age", BigInteger, nullable=False),  # only grows: a witness elsewhere has seen as much
    Column("made_at", Moment, nullable=False),
    Column("fenced_at", Moment),  # sends nothing until a person says that it is the one
    Column("reason", Words, nullable=False, default=""),
    Column("forgot_since", Moment),  # adopted: what was sent from here …
    Column("adopted_at", Moment),  # … until here it may not know
)

sources = Table(
    "sources",
    metadata,
    Column("name", Name, primary_key=True),
    Column("first_look_at", Moment),  # null until a look saw all that was there
    Column("last_look_at", Moment, nullable=False),
    Column("problems", JSON, nullable=False),
    Column("seen", Name, nullable=False, default="", server_default=""),  # git's commit
)

sightings = Table(
    "sightings",
    metadata,
    Column("source", ForeignKey("sources.name"), primary_key=True),
    Column("issue", Name, primary_key=True),
    Column("lang", Name, primary_key=True),
    Column("revision", Name, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("released", Boolean, nullable=False),  # false: old news, or held back
    Column("held_back", Words, nullable=False, default=""),  # why it was not released later
)

renames = Table(  # files of a source that bear another name by now: who they are all the same
    "renames",
    metadata,
    Column("source", Name, primary_key=True),
    Column("named", Name, primary_key=True),  # the key that its path tells now
    Column("lang", Name, primary_key=True),
    Column("issue", Name, nullable=False),
)

heard_hooks = Table(  # signed calls, so that none is taken twice
    "heard_hooks",
    metadata,
    Column("source", Name, primary_key=True),
    Column("mark", Name, primary_key=True),  # SHA-256, in hex
    Column("heard_at", Moment, nullable=False),
    Index("ix_heard_hooks_heard_at", "source", "heard_at"),
)

releases = Table(  # editions on their way from being seen to being planned on every channel
    "releases",
    metadata,
    Column("issue", Name, primary_key=True),
    Column("lang", Name, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Column("dated", Moment),  # of the first edition of an issue
    Column("live_at", Moment),  # when its page was first found as it should be
    Column("looks", Integer, nullable=False, default=0, server_default="0"),  # for its page
    Column("next_look_at", Moment),
    Column("trouble", Words, nullable=False, default="", server_default=""),
    Column("held_at", Moment),  # this and the next two by a person
    Column("released_at", Moment),
    Column("cancelled_at", Moment),
    Column("agreed", Name, nullable=False, default="", server_default=""),  # the revision that two
    Column("done_at", Moment),  # planned on every channel that takes it
)
_on_its_way = text("done_at IS NULL AND cancelled_at IS NULL")
Index(
    "ix_releases_open",
    releases.c.seen_at,
    sqlite_where=_on_its_way,
    postgresql_where=_on_its_way,
)

asked_looks = Table(  # a look that somebody asked for and that has not begun
    "asked_looks",
    metadata,
    Column("source", Name, primary_key=True),
    Column("asked_at", Moment, nullable=False),
)

corrections = Table(  # editions that say something else at their source than out there
    "corrections",
    metadata,
    Column("issue", Name, primary_key=True),
    Column("lang", Name, primary_key=True),
    Column("revision", Name, nullable=False),  # of the source now; "" where it is gone
    Column("seen_at", Moment, nullable=False),
    Column("asks", Words, nullable=False, default="", server_default=""),  # what of a person
    Column("trouble", Words, nullable=False, default="", server_default=""),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),
    Column("next_at", Moment, nullable=False),
    Column("carried_at", Moment),
)
_to_be_carried = text("carried_at IS NULL")
Index(
    "ix_corrections_open",
    corrections.c.next_at,
    sqlite_where=_to_be_carried,
    postgresql_where=_to_be_carried,
)
