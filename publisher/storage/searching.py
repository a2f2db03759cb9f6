"""The index of what editions say, on SQLite (FTS5) and PostgreSQL (tsvector), and looking in it.

Sources: https://www.sqlite.org/fts5.html, https://www.postgresql.org/docs/15/textsearch.html
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from publisher.domain.sought import text_of, words
from publisher.storage.schema import editions

LONGEST = 300_000  # bytes of an edition's words: PostgreSQL takes a megabyte, with all their places

TABLES = {
    "sqlite": (
        "create virtual table edition_index using fts5"
        "(revision unindexed, title, summary, body, tokenize = 'unicode61')",
    ),
    "postgresql": (
        "create table edition_index"
        " (edition_id bigint primary key, revision varchar not null, words tsvector not null)",
        "create index ix_edition_index_words on edition_index using gin (words)",
    ),
}
PUT = {
    "sqlite": (
        "delete from edition_index where rowid = :id",
        "insert into edition_index (rowid, revision, title, summary, body)"
        " values (:id, :revision, :title, :summary, :body)",
    ),
    "postgresql": (
        "insert into edition_index (edition_id, revision, words) values (:id, :revision,"
        " setweight(to_tsvector('simple', :title), 'A') ||"
        " setweight(to_tsvector('simple', :summary), 'B') || to_tsvector('simple', :body))"
        " on conflict (edition_id) do update"
        " set revision = excluded.revision, words = excluded.words",
    ),
}
STALE = {
    "sqlite": "select e.id from editions e left join edition_index i on i.rowid = e.id"
    " where i.revision is null or i.revision <> e.revision",
    "postgresql": "select e.id from editions e left join edition_index i on i.edition_id = e.id"
    " where i.revision is null or i.revision <> e.revision",
}
MATCHING = {
    "sqlite": "from edition_index join editions e on e.id = edition_index.rowid"
    " where edition_index match :asked and (:lang = '' or e.lang = :lang)",
    "postgresql": "from edition_index i join editions e on e.id = i.edition_id,"
    " to_tsquery('simple', :asked) asked"
    " where i.words @@ asked and (:lang = '' or e.lang = :lang)",
}
ORDER = {  # a title counts most
    "sqlite": "bm25(edition_index, 0, 10, 4, 1)",
    "postgresql": "ts_rank(i.words, asked) desc",
}


def make(db: Connection) -> None:
    """Make the index of a store that has none, and fill it."""
    for statement in TABLES[db.dialect.name]:
        db.execute(text(statement))
    refresh(db)


def put(db: Connection, id: int, *, title: str, summary: str, html: str, revision: str) -> None:
    """Have an edition be found by what it says now, and by nothing that it said before."""
    row = {
        "id": id,
        "revision": revision,
        "title": _indexed(title),
        "summary": _indexed(summary),
        "body": _indexed(text_of(html)),
    }
    for statement in PUT[db.dialect.name]:
        db.execute(text(statement), row)


def _indexed(said: str) -> str:
    """The words of a text, as far as there is room."""
    return " ".join(words(said)).encode()[:LONGEST].decode(errors="ignore")


def stale(db: Connection) -> list[int]:
    """Editions that the index does not know as they are: a program of before wrote them."""
    return list(db.scalars(text(STALE[db.dialect.name])))


def refresh(db: Connection) -> int:
    """Bring the index up to date; how many editions that took."""
    found = stale(db)
    c = editions.c
    for id in found:
        row = db.execute(
            editions.select()
            .with_only_columns(c.id, c.title, c.summary, c.html, c.revision)
            .where(c.id == id)
        ).one()
        put(db, **row._mapping)
    return len(found)


def count(db: Connection, sought: Sequence[str], *, lang: str = "") -> int:
    """How many editions have a word that begins so for each of the terms, in a language or any."""
    query = text(f"select count(*) {MATCHING[db.dialect.name]}")
    return int(db.scalar(query, _asked(db, sought, lang)) or 0)


def find(
    db: Connection, sought: Sequence[str], *, lang: str = "", first: int = 0, most: int = 10
) -> Sequence[Row[Any]]:
    """Those editions, the best first: (issue, lang, title, summary, html, dated)."""
    name = db.dialect.name
    query = text(
        f"select e.issue, e.lang, e.title, e.summary, e.html, e.dated {MATCHING[name]}"
        f" order by {ORDER[name]}, e.dated desc, e.id limit :most offset :first"
    ).columns(*(editions.c[key] for key in ("issue", "lang", "title", "summary", "html", "dated")))
    rows: Sequence[Row[Any]] = db.execute(
        query, _asked(db, sought, lang) | {"first": first, "most": most}
    ).all()
    return rows


def _asked(db: Connection, sought: Sequence[str], lang: str) -> dict[str, Any]:
    """The question in the database's own notation: terms are letters and digits alone."""
    if db.dialect.name == "sqlite":
        asked = " ".join(f'"{term}"*' for term in sought)
    else:
        asked = " & ".join(f"'{term}':*" for term in sought)
    return {"asked": asked, "lang": lang}
