"""Readers by a program: joined, asked, left, forgotten, and moved in and out as files."""

import pytest
from sqlalchemy import select

from publisher import subscribing
from publisher.domain.bounce import Kind
from publisher.domain.channel import Note
from publisher.storage import bounces
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, configured, edition
from tests.publisher.web.api.conftest import Program, problem

ANN = "ann@example.org"


class FakeLetters(FakeMailing):
    """One that writes to one person, too."""

    def write(self, note: Note) -> None:
        pass


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    return {"readers": FakeLetters(), "weekly": FakeMailing()}


@pytest.fixture(autouse=True)
def _two_languages(request: pytest.FixtureRequest) -> None:
    name = "stored" if "stored" in request.fixturenames else "program"
    house = request.getfixturevalue(name).house
    there = {
        name: configured(name, one.channel, "en", "de") for name, one in house.me.channels.items()
    }
    house.me.channels.update(there)


def test_a_reader_joins_is_shown_and_leaves(stored: Program) -> None:
    said = {"address": "Ann@Example.org", "name": "Ann", "languages": ["DE"], "lists": ["readers"]}
    answer = stored.post("/subscribers", json=said)
    assert (answer.status_code, answer.json()) == (201, {"added": True, "asked": False})
    again = stored.post("/subscribers", json=said)
    assert (again.status_code, again.json()) == (200, {"added": False, "asked": False})
    shown = stored.get(f"/subscribers/{ANN}")
    told = shown.json()
    assert (told["address"], told["name"], told["languages"]) == ("Ann@Example.org", "Ann", ["de"])
    assert told["state"] == "confirmed"
    assert [one["event"] for one in told["events"]] == ["joined"]
    assert shown.headers["cache-control"] == "no-store"
    assert stored.ask("DELETE", "/subscribers/ANN@example.org").status_code == 204
    assert stored.get(f"/subscribers/{ANN}").json()["state"] == "left"
    assert stored.ask("DELETE", f"/subscribers/{ANN}").status_code == 204
    assert "ann" not in str(stored.house.done()).lower()
    assert [one[1] for one in stored.house.done()][-2:] == [
        "add a reader",
        "remove a reader",
    ]


def test_nobody_is_told_as_nobody(program: Program) -> None:
    for method, path in (
        ("GET", f"/subscribers/{ANN}"),
        ("DELETE", f"/subscribers/{ANN}"),
        ("POST", f"/subscribers/{ANN}/forget"),
    ):
        answer = program.ask(method, path, "admin")
        assert problem(answer) == (404, "unknown")
        assert ANN not in answer.text
    assert problem(program.get("/subscribers/nobody")) == (422, "invalid")


def test_one_with_a_slash_or_of_xmpp(program: Program) -> None:
    for address in ("a/b@example.org", "xmpp:ann@example.org"):
        assert program.post("/subscribers", json={"address": address}).status_code == 201
        assert program.get(f"/subscribers/{address}").json()["address"] == address


def test_somebody_is_asked_first(program: Program) -> None:
    answer = program.post("/subscribers", json={"address": ANN, "ask": True})
    assert (answer.status_code, answer.json()) == (201, {"added": False, "asked": True})
    assert program.get(f"/subscribers/{ANN}").json()["state"] == "unconfirmed"
    assert [hint.ask for hint in program.hints] == [1]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"address": "nobody"}, "#/address"),
        ({"lists": ["monthly"]}, "#/lists"),
        ({"languages": ["fr"]}, "#/languages"),
        ({"languages": ["!"]}, "#/languages"),
        ({"else_after": 5}, "#/else_after"),
        ({"else_after": 0}, "#/else_after"),
        ({"name": "a\r\nBcc: x@example.org"}, "#/name"),
        ({"nmae": "Ann"}, "#/nmae"),
        ({"ask": "maybe"}, "#/ask"),
        ({"languages": [["de"]]}, "#/languages/0"),
    ],
)
def test_a_wish_that_cannot_be_is_told_where(
    program: Program, said: dict[str, object], pointer: str
) -> None:
    answer = program.post("/subscribers", json={"address": ANN, **said})
    assert problem(answer) == (422, "invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert program.get(f"/subscribers/{ANN}").status_code == 404


def test_who_was_stopped_is_not_brought_back_unless_lifted(stored: Program) -> None:
    stored.post("/subscribers", json={"address": ANN})
    with stored.house.desk.engine.begin() as db:
        bounces.stop(db, 1, at=NOW, reason="bounced", place="", words="")
    assert problem(stored.post("/subscribers", json={"address": ANN})) == (409, "not_possible")
    assert stored.post("/subscribers", json={"address": ANN, "lift": True}).status_code == 201


def test_a_reader_is_forgotten(stored: Program) -> None:
    stored.post("/subscribers", json={"address": ANN})
    refused = stored.post(f"/subscribers/{ANN}/forget")
    assert problem(refused) == (403, "insufficient_scope")
    told = stored.post(f"/subscribers/{ANN}/forget", "admin").json()
    assert told["events"] == 2
    assert stored.get(f"/subscribers/{ANN}").status_code == 404
    assert "ann" not in str(stored.house.done()).lower()


def test_the_list_can_be_narrowed_and_comes_in_parts(stored: Program) -> None:
    for number in range(5):
        said = {"address": f"r{number}@example.org", "languages": ["de" if number % 2 else "en"]}
        stored.post("/subscribers", json=said)
    stored.ask("DELETE", "/subscribers/r0@example.org")

    def listed(**wanted: str) -> list[str]:
        found, after = [], ""
        while True:
            told = stored.get("/subscribers", params={"limit": "2", "after": after, **wanted})
            assert told.headers["cache-control"] == "no-store"
            found += [one["address"].partition("@")[0] for one in told.json()["items"]]
            after = told.json()["next"]
            if not after:
                return found

    assert listed() == ["r0", "r1", "r2", "r3", "r4"]
    assert listed(language="de") == ["r1", "r3"]
    assert listed(state="left") == ["r0"]
    assert listed(list="readers", state="confirmed") == ["r1", "r2", "r3", "r4"]
    assert problem(stored.get("/subscribers?list=x")) == (422, "invalid")
    assert problem(stored.get("/subscribers?state=x")) == (422, "invalid")


CSV = "email,name,language\nann@example.org,Ann,de\nbob@example.net,Bob,en\nnobody,No,en\n"


def test_readers_come_and_go_as_a_file(stored: Program) -> None:
    kind = {"Content-Type": "text/csv"}
    rehearsed = stored.post("/subscribers/import?dry_run=true", content=CSV, headers=kind).json()
    assert (rehearsed["rows"], rehearsed["added"], rehearsed["is_rehearsal"]) == (3, 2, True)
    assert stored.get("/subscribers").json()["items"] == []
    taken = stored.post("/subscribers/import", content=CSV, headers=kind)
    assert taken.status_code == 200, taken.text
    told = taken.json()
    assert (told["added"], told["left_out_rows"]) == (2, 1)
    assert told["left_out"][0]["line"] == 4
    exported = stored.get("/subscribers/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert "attachment" in exported.headers["content-disposition"]
    assert exported.headers["cache-control"] == "no-store"
    lines = exported.text.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("ann@example.org,Ann,de")
    assert stored.get("/subscribers/export?format=jsonl").text.count("\n") == 2
    again = stored.post("/subscribers/import", content=exported.content, headers=kind).json()
    assert (again["kept"], again["added"]) == (2, 0)
    assert stored.house.done()[-1][1:] == ("import readers", "", "", "2 rows, 0 left out")


def test_who_is_known_stays_as_they_are_unless_it_is_said(program: Program) -> None:
    program.post("/subscribers", json={"address": "ann@example.org", "name": "Ann"})

    def name(query: str) -> str:
        file = "email,name\nann@example.org,Anna\n"
        kept = program.post(f"/subscribers/import{query}", content=file)
        assert kept.json()["rows"] == 1
        return str(program.get("/subscribers/ann@example.org").json()["name"])

    assert (name(""), name("?update=true")) == ("Ann", "Anna")


def test_what_an_import_says_names_nobody(program: Program) -> None:
    program.post("/subscribers", json={"address": ANN})
    program.ask("DELETE", f"/subscribers/{ANN}")
    told = program.post("/subscribers/import", content=CSV)
    assert told.json()["left_out_rows"] == 2
    assert "ann@" not in told.text


def test_a_file_that_is_none_imports_nobody(program: Program) -> None:
    for content in (
        b"",
        b"PK\x03\x04",
        b"\xff\xfe\x00",
        b"a,b\n1,2\n",
        b"email\nann@ex\xe4mple.org\n",
    ):
        answer = program.post("/subscribers/import", content=content)
        assert problem(answer) == (422, "invalid"), content
    assert program.get("/subscribers").json()["items"] == []
    assert problem(program.post("/subscribers/import?list=x", content=CSV)) == (422, "invalid")
    assert problem(program.post("/subscribers/import?encoding=x", content=CSV)) == (422, "invalid")


def test_imported_readers_can_be_asked_first(program: Program) -> None:
    told = program.post(
        "/subscribers/import?ask=true&language=de", content="email\nann@example.org\n"
    )
    assert told.json()["added"] == 1
    shown = program.get(f"/subscribers/{ANN}").json()
    assert (shown["state"], shown["languages"]) == ("unconfirmed", ["de"])


def test_what_came_back_is_told(stored: Program) -> None:
    engine = stored.house.desk.engine
    subscribing.add([ANN, "bob@example.net"], engine=engine, at=NOW)
    stored.house.there = [edition()]
    stored.house.run()
    with reading(engine) as db:
        ids = list(db.scalars(select(deliveries.c.id).where(deliveries.c.recipient != "")))
    with engine.begin() as db:
        for id in ids:
            bounces.record(db, id, kind=Kind.HARD, at=NOW, status="5.1.1", words="no such user")
    first = stored.get("/bounces?limit=1&issue=2026-11").json()
    [one] = first["items"]
    assert (one["issue"], one["kind"], one["status"]) == ("2026-11", "hard", "5.1.1")
    rest = stored.get("/bounces", params={"after": first["next"]}).json()
    assert {one["reader"]} | {more["reader"] for more in rest["items"]} >= {ANN}
    assert stored.get("/bounces?issue=nothing").json() == {"items": [], "next": None}
