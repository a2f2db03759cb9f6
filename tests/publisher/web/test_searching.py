"""Search: what stands in an edition is found, in the store's index, whatever is typed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from publisher import backups
from publisher.storage import posts, searching
from publisher.storage.engine import connect, migrate, reading
from tests.publisher.fakes import NOW, edition
from tests.publisher.web.test_archive import links, publish


def found(web: httpx.Client, q: str, **more: str) -> list[str]:
    """The titles of the results, in their order."""
    page = web.get("/search", params={"q": q, **more})
    assert page.status_code == 200
    html = page.text.partition('<ol class="found">')[2]
    titles = re.findall(r'class="title"[^>]*>(.*?)</a>', html, re.DOTALL)
    return [unescape(re.sub(r"</?mark>", "", title)).strip() for title in titles]


def snippet(web: httpx.Client, q: str) -> str:
    """The markup of the first snippet."""
    html = web.get("/search", params={"q": q}).text.partition('<ol class="found">')[2]
    [first, *_] = re.findall(r'<p lang="[^"]*" dir="auto">(.*?)</p>', html, re.DOTALL)
    return str(first).strip()


@pytest.fixture
def shelf(web: httpx.Client, engine: Engine) -> httpx.Client:
    """Some editions, each with something of its own."""
    publish(
        engine,
        edition("boats", title="Boats", html="<p>The <em>ca</em>fé by the lock opens.</p>"),
        edition(
            "locks",
            title="The lock",
            summary="All about gates.",
            html="<p>A boatyard.</p>",
            date=NOW - timedelta(days=9),
        ),
        edition("boats", "de", title="Schleusen", html="<p>Straße &amp; Brücke, über Café.</p>"),
    )
    return web


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ("gates", ["The lock"]),
        ("boatyard", ["The lock"]),
        ("lock", ["The lock", "Boats"]),
        ("LOCK opens", ["Boats"]),
        ("boat", ["Boats", "The lock"]),
        ("strasse", ["Schleusen"]),
        ("bruecke", []),
        ("brucke", ["Schleusen"]),
        ("ÜBER", ["Schleusen"]),
        ("gates opens", []),
        ("p em amp", []),
    ],
)
def test_what_an_edition_says_is_found_the_best_first(
    shelf: httpx.Client, q: str, titles: list[str]
) -> None:
    assert found(shelf, q) == titles


@pytest.mark.parametrize("q", ["cafe", "Café", "Cafe\u0301", "CAFÉ", '"café"'])
def test_accents_fold(shelf: httpx.Client, q: str) -> None:
    assert set(found(shelf, q)) == {"Boats", "Schleusen"}


def test_a_language_alone_is_looked_in(shelf: httpx.Client) -> None:
    assert found(shelf, "cafe", lang="de") == ["Schleusen"]
    assert found(shelf, "cafe", lang="en") == ["Boats"]
    assert set(found(shelf, "cafe", lang="xx")) == {"Boats", "Schleusen"}
    nothing = shelf.get("/search", params={"q": "gates", "lang": "de"}).text
    assert "Look in all languages" in nothing
    assert "/search?q=gates" in links(nothing)


@pytest.mark.parametrize(
    "q",
    [
        *('"', "'", "*", "AND", "NOT", "a AND", "NEAR(", "(((", "a:b", "-", "^x", "\\", "%", ";--"),
        *("\0", "a\0b", "boats\0", "{{ 7*7 }}", "<script>", "' | '", "!!", "<->", ":*", "&", "ﬀ"),
        *("\N{GRINNING FACE}", "\ud7ff", "\N{RIGHT-TO-LEFT OVERRIDE}", "x" * 10_000),
        *("lock " * 2000, "a b c d e f g h i j k l m n o p", "'boats'", "boats*", "title:boats"),
        *("日本語", "हिन्दी", "ß", "İ"),
    ],
)
def test_whatever_is_typed_gets_a_page(shelf: httpx.Client, q: str) -> None:
    page = shelf.get("/search", params={"q": q})
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "49" not in page.text


@pytest.mark.parametrize(
    "query", ["", "?q=", "?page=2", "?q=%ff%fe", "?q=%ED%A0%80", "?q=boats&q=x&lang=%00"]
)
def test_odd_addresses_get_a_page(shelf: httpx.Client, query: str) -> None:
    assert shelf.get(f"/search{query}").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "99999999999", "²", "1" * 5000])
def test_a_page_that_there_is_not_is_none(shelf: httpx.Client, number: str) -> None:
    assert shelf.get("/search", params={"q": "boats", "page": number}).status_code == 200


def test_a_hit_is_marked_in_its_sentence_and_nothing_else_is_markup(
    web: httpx.Client, engine: Engine
) -> None:
    far = "<p>" + "word " * 500 + "the &lt;b&gt; Crane &amp; co lifts</p>"
    publish(engine, edition(title="<i>Cranes</i>", html=far))
    shown = snippet(web, "crane")
    assert "&lt;b&gt; <mark>Crane</mark> &amp; co lifts" in shown
    assert shown.startswith("… ")
    assert len(shown) < 500
    page = web.get("/search", params={"q": "crane"}).text
    assert "&lt;i&gt;<mark>Cranes</mark>&lt;/i&gt;" in page


def test_what_stands_in_the_title_alone_shows_the_summary(shelf: httpx.Client) -> None:
    assert "All that happened." in snippet(shelf, "schleusen")


def test_nothing_found_says_what_to_do(shelf: httpx.Client) -> None:
    page = shelf.get("/search", params={"q": "zzz"}).text
    assert "Nothing was found" in page
    assert "Try fewer or other words" in page
    assert 'value="zzz"' in page


def test_many_results_come_in_pages(web: httpx.Client, engine: Engine) -> None:
    publish(
        engine,
        *(
            edition(f"n{n:02}", title=f"Number {n:02}", date=NOW - timedelta(days=n))
            for n in range(23)
        ),
    )
    pages = [found(web, "happened number", page=str(n)) for n in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 3, 0]
    assert len({title for page in pages for title in page}) == 23
    first = web.get("/search", params={"q": "happened number"}).text
    assert "Found: 23" in first
    assert "/search?q=happened+number&page=2" in links(first)
    second = web.get("/search", params={"q": "happened number", "page": "2"}).text
    assert {"/search?q=happened+number", "/search?q=happened+number&page=3"} <= {*links(second)}


def test_the_archive_has_a_field_to_search_by(shelf: httpx.Client) -> None:
    html = shelf.get("/").text
    assert re.search(r'<form class="search" role="search" action="/search">', html)
    assert re.search(r'<input type="search" name="q"[^>]* aria-label="Search"', html)


def test_an_edition_is_found_by_what_it_says_now_and_by_nothing_else(
    shelf: httpx.Client, engine: Engine
) -> None:
    publish(engine, edition("boats", title="Ships", html="<p>Vessels.</p>"))
    assert found(shelf, "vessels") == ["Ships"]
    assert found(shelf, "opens") == []
    assert found(shelf, "boats") == []


def test_an_edition_that_is_not_kept_after_all_is_not_found(engine: Engine) -> None:
    """The index is of the same transaction."""
    db = engine.connect()
    with db.begin() as work:
        posts.keep_edition(db, edition(html="<p>Unheard of.</p>"), at=NOW)
        assert searching.count(db, ["unheard"]) == 1
        work.rollback()
    db.close()
    with reading(engine) as db:
        assert searching.count(db, ["unheard"]) == 0


def test_what_a_program_of_the_version_before_wrote_is_found_too(
    shelf: httpx.Client, engine: Engine
) -> None:
    with engine.begin() as db:
        db.execute(
            text("update editions set title = 'Barges', revision = '2' where issue = 'locks'")
        )
        db.execute(
            text(
                "insert into editions (issue, lang, path, title, url, summary, html, revision,"
                " dated, planned_at) select 'new', lang, path, 'Rafts', url, summary, html,"
                " revision, dated, planned_at from editions where issue = 'locks'"
            )
        )
    assert found(shelf, "barges") == ["Barges"]
    assert found(shelf, "rafts") == ["Rafts"]
    assert found(shelf, "gates") == ["Barges", "Rafts"]


def test_a_store_of_the_version_before_is_indexed_when_it_is_migrated(empty: Engine) -> None:
    migrate(empty, to="0005")
    with empty.begin() as db:
        db.execute(
            text(
                "insert into editions (issue, lang, path, title, url, summary, html, revision,"
                " dated, planned_at) values ('1', 'en', 'p', 'Old boats', 'u', 's',"
                " '<p>Été</p>', '1', '2026-11-05 12:00:00', '2026-11-05 12:00:00')"
            )
        )
    migrate(empty)
    with reading(empty) as db:
        assert searching.stale(db) == []
        assert searching.count(db, ["ete"]) == 1


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it, of each kind in turn."""
    address = f"sqlite:///{tmp_path}/publisher.db"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres_database")
    engine = connect(address)
    yield engine
    engine.dispose()


def test_a_restored_store_can_be_searched(engine: Engine, tmp_path: Path) -> None:
    publish(engine, edition(html="<p>Kept for later.</p>"))
    file = tmp_path / "backup.db"
    backups.back_up(engine, file, at=NOW, replacing=False)
    new = connect(f"sqlite:///{tmp_path}/new.db")
    backups.restore(file, new, room=tmp_path, at=NOW)
    with reading(new) as db:
        assert searching.stale(db) == []
        assert searching.count(db, ["later"]) == 1
    new.dispose()


def test_an_edition_of_any_size_can_be_kept(engine: Engine) -> None:
    """PostgreSQL takes a megabyte of index for one row, and says no to more."""
    many = " ".join(f"wörter{number}" for number in range(150_000))
    publish(engine, edition(html=f"<p>{many}</p>", title="x" * 10_000))
    with reading(engine) as db:
        assert searching.count(db, ["worter1"]) == 1
