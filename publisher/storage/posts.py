"""Posts and editions in the database: what was understood, and what will be said."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects import postgresql, sqlite

from publisher.domain.channel import Post, Reader
from publisher.domain.delivery import State
from publisher.domain.issue import Edition, Finding, Image
from publisher.storage import searching
from publisher.storage.schema import deliveries, editions, posts, sound


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a post goes: which edition, to which channel."""

    issue: str
    lang: str
    channel: str
    kind: str


def upsert(db: Connection, table: Any) -> Any:
    """An INSERT that can say ON CONFLICT, in the words of the database at hand."""
    return (postgresql if db.dialect.name == "postgresql" else sqlite).insert(table)


def keep_edition(db: Connection, edition: Edition, *, at: datetime) -> None:
    """Remember an edition as it was understood last, and have it be found by that."""
    row: dict[str, Any] = {
        "issue": edition.key,
        "lang": edition.lang,
        "path": str(Path(edition.path).absolute()),
        "title": edition.title,
        "url": edition.url,
        "summary": edition.summary,
        "html": edition.html,
        "revision": edition.revision,
        "dated": edition.date,
        "planned_at": at,
    }
    changed = {key: row[key] for key in row.keys() - {"issue", "lang", "planned_at"}}
    insert = upsert(db, editions).values(row)
    kept = insert.on_conflict_do_update(index_elements=["issue", "lang"], set_=changed)
    id = db.execute(kept.returning(editions.c.id)).scalar_one()
    said = {key: sound(row[key]) for key in ("title", "summary", "html")}
    searching.put(db, id, revision=edition.revision, **said)


def add(db: Connection, place: Place, post: Post, *, at: datetime) -> int | None:
    """Write down what will be said; None when that was planned before."""
    row = asdict(place) | {"body": to_json(post), "planned_at": at}
    insert = upsert(db, posts).values(row).on_conflict_do_nothing().returning(posts.c.id)
    id: int | None = db.scalar(insert)
    return id


def number(db: Connection, place: Place) -> int:
    """The number of a post that was planned before."""
    where = [posts.c[key] == value for key, value in asdict(place).items() if key != "kind"]
    return int(db.execute(select(posts.c.id).where(*where)).scalar_one())


class Unreadable(Exception):
    """A stored post that cannot be read back; the message names its row and the remedy."""


def stored(db: Connection, id: int) -> Post:
    """What will be said, or was. Raises Unreadable."""
    try:
        return from_json(db.execute(select(posts.c.body).where(posts.c.id == id)).scalar_one())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        row = f"row {id} of the table posts cannot be read ({error!r})"
        raise Unreadable(f"{row}; restore it from a backup, then `publisher retry`") from error


def of_issue(db: Connection, issue: str) -> dict[tuple[str, str], Post]:
    """What is said of an issue, by channel and language; without what cannot be read."""
    c = posts.c
    found = {}
    for row in db.execute(select(c.id, c.channel, c.lang).where(c.issue == issue)):
        with suppress(Unreadable):
            found[row.channel, row.lang] = stored(db, row.id)
    return found


def texts(db: Connection, issue: str) -> dict[tuple[str, str], str]:
    """What is said of an issue, by channel and language, as far as it can be read."""
    c = posts.c
    rows = db.execute(select(c.channel, c.lang, c.body).where(c.issue == issue))
    bodies = ((row, row.body) for row in rows)
    return {
        (row.channel, row.lang): str(body.get("text", ""))
        for row, body in bodies
        if isinstance(body, dict)
    }


def replace_body(db: Connection, id: int, post: Post) -> None:
    """Say something else. Only for posts of which nothing can be out there."""
    db.execute(posts.update().where(posts.c.id == id).values(body=to_json(post)))


def one_at_a_time(db: Connection, issue: str) -> None:
    """Have whoever else would plan copies of an issue wait until this transaction is over.

    That is what keeps a reader from getting two editions of it. SQLite has one writer anyway.
    """
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"issue {issue}", 0))))


def edition_of(db: Connection, issue: str, lang: str) -> Row[Any] | None:
    """The stored edition's row, or None."""
    return db.execute(
        select(editions).where(editions.c.issue == issue, editions.c.lang == lang)
    ).one_or_none()


def out_there(db: Connection, issue: str, lang: str) -> Sequence[Row[Any]]:
    """(channel, kind, url) of an edition's posts that are delivered and have an address."""
    d = deliveries.c
    out = (d.recipient == "") & (d.state == State.DELIVERED) & (d.url != "")
    where = (posts.c.issue == issue) & (posts.c.lang == lang)
    found: Any = select(posts.c.channel, posts.c.kind, d.url).join_from(posts, deliveries)
    rows: Sequence[Row[Any]] = db.execute(found.where(where, out).order_by(posts.c.id)).all()
    return rows


def to_json(post: Post) -> dict[str, Any]:
    """A post as it is stored: without what is only known once it goes out."""
    body = asdict(replace(post, to=None))
    del body["reply_to"]  # a program of the version before reads this, too
    return body


def from_json(body: dict[str, Any], to: Reader | None = None) -> Post:
    """A post as it was stored."""
    images = tuple(Image(**image) for image in body["images"])
    warnings = tuple(Finding(**finding) for finding in body["warnings"])
    return Post(**{**body, "images": images, "warnings": warnings, "to": to})
