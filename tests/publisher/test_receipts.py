"""What is out of an issue is told, and written down for the site, and nothing else is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from publisher import mailing, publishing, receipts, subscribing, wiring
from publisher.domain.channel import Receipt, Refused
from publisher.domain.delivery import State
from publisher.domain.issue import BadSource
from publisher.publishing import Worker
from publisher.receipts import Unwritten, discussed, document, file_names, keep_up
from publisher.storage import changes, corrections, identity, schema
from publisher.storage import receipts as stored
from publisher.storage.engine import reading
from publisher.storage.receipts import Proof
from publisher.storage.waiting import Hint
from publisher.writing_back import addresses, into_files
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, edition, worker
from tests.publisher.test_changes import Desk

KEY = "2026-11"
ADDRESSES = ("ann@one.example", "bob@two.example")


def out(me: Worker, *editions: Any) -> None:
    """Send what is planned of these, and all that waits."""
    with me.engine.begin() as db:
        publishing.plan(editions, db=db, channels=me.channels, at=me.now())
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)


@pytest.fixture
def me(engine: Engine) -> Worker:
    """A worker with a network and a list of two readers."""
    subscribing.add(ADDRESSES, engine=engine)
    return worker(engine, Clock(), net=FakeChannel(), mail=FakeMailing())


def of(engine: Engine, key: str = KEY) -> dict[str, Any]:
    with reading(engine) as db:
        return document(key, stored.proofs(db, key))


def test_a_post_is_told_with_its_address_and_its_id(me: Worker) -> None:
    out(me, edition())
    assert of(me.engine)["receipts"][1] == {
        "lang": "en",
        "channel": "net",
        "kind": "fake",
        "at": "2026-11-05T12:00:00Z",
        "url": "https://fake.example/1",
        "remote_id": "1",
        "readers": None,
    }


def test_of_mail_only_the_number_of_copies_is_told(me: Worker) -> None:
    out(me, edition())
    mail = of(me.engine)["receipts"][0]
    assert (mail["channel"], mail["readers"], mail["url"], mail["remote_id"]) == ("mail", 2, "", "")
    assert "example" not in json.dumps(mail)


def test_what_is_not_delivered_has_no_receipt(engine: Engine) -> None:
    me = worker(engine, Clock(), net=FakeChannel(fails_with=[Refused("no")]), other=FakeChannel())
    out(me, edition())
    assert [one["channel"] for one in of(engine)["receipts"]] == ["other"]


def test_an_issue_of_which_nothing_is_out_has_no_receipts_and_is_known(me: Worker) -> None:
    with me.engine.begin() as db:
        publishing.plan([edition()], db=db, channels=me.channels, at=NOW)
    assert of(me.engine) == {"key": KEY, "receipts": []}
    with reading(me.engine) as db:
        assert (stored.is_known(db, KEY), stored.is_known(db, "nothing")) == (True, False)


def test_what_a_person_says_is_there_has_the_address_that_they_gave(engine: Engine) -> None:
    me = worker(engine, Clock(), net=FakeChannel(fails_with=[Refused("no")]))
    out(me, edition())
    with engine.begin() as db:
        where = "https://net.example/7"
        publishing.settle(KEY, "net", State.DELIVERED, db=db, at=NOW, url=where)
    assert [one["url"] for one in of(engine)["receipts"]] == [where]


def proof(channel: str, url: str, lang: str = "en", kind: str = "mastodon") -> Proof:
    return Proof(lang=lang, channel=channel, kind=kind, at=NOW, url=url)


def test_an_edition_is_discussed_on_networks_alone_and_in_its_own_language() -> None:
    found = [
        proof("feed", "https://x.example/feed.xml", kind="atom"),
        proof("mail", "mid:1@x.example", kind="email"),
        proof("a", "https://a.example/1"),
        proof("again", "https://a.example/1"),
        proof("b", "https://b.example/1", lang="de"),
        proof("c", ""),
        proof("d", 'https://d.example/">\nx: y'),
    ]
    assert discussed(found, "en") == ["https://a.example/1"]


# --- names


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("2026-11-05-newsletter", "2026-11-05-newsletter.json"),
        ("2026/11/letter", "2026_11_letter.json"),
        ("../../etc/passwd", "______etc_passwd.json"),
        (".hidden", "_hidden.json"),
        ("Überblick.v2", "Überblick_v2.json"),
    ],
)
def test_a_file_is_named_by_its_key_made_safe(key: str, name: str) -> None:
    assert file_names([key])[key] == name


def test_of_two_keys_with_one_name_the_one_planned_later_is_marked() -> None:
    names = file_names(["a/b", "a_b", "A_B"])
    assert names["a/b"] == "a_b.json"
    assert len({name.casefold() for name in names.values()}) == 3
    assert file_names(["a/b", "a_b"])["a_b"] == names["a_b"]


def test_a_long_key_makes_a_name_that_systems_take() -> None:
    names = file_names(["ü" * 300, "ü" * 301])
    assert all(len(name.encode()) < 255 for name in names.values())
    assert len(set(names.values())) == 2


# --- files


Keep = Callable[[], list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "receipts"


@pytest.fixture
def keep(me: Worker, folder: Path, tmp_path: Path) -> Keep:
    """Write out what is new; the names of the files that changed."""
    state = tmp_path / "state"
    return lambda: [path.name for path in keep_up(me.engine, folder, state=state, now=me.now)]


def test_a_file_holds_what_the_command_tells(me: Worker, keep: Keep, folder: Path) -> None:
    out(me, edition())
    assert keep() == ["2026-11.json"]
    assert json.loads((folder / "2026-11.json").read_bytes()) == of(me.engine)


def test_nothing_is_written_before_anything_is_out(keep: Keep, folder: Path) -> None:
    assert keep() == []
    assert not folder.exists()


def test_a_file_is_written_again_only_when_something_became_out(
    me: Worker, keep: Keep, folder: Path
) -> None:
    out(me, edition())
    keep()
    before = (folder / "2026-11.json").stat()
    assert keep() == []
    assert (folder / "2026-11.json").stat().st_mtime_ns == before.st_mtime_ns
    out(me, edition(key="2026-12", title="December"))
    assert keep() == ["2026-12.json"]


def test_a_file_has_the_same_bytes_when_it_is_written_anew(
    me: Worker, keep: Keep, folder: Path
) -> None:
    out(me, edition())
    keep()
    file = folder / "2026-11.json"
    before = file.read_bytes()
    file.unlink()
    folder.rmdir()
    me.now.forward(days=1)  # type: ignore[attr-defined]  # the pretend clock
    assert keep() == ["2026-11.json"]
    assert file.read_bytes() == before


def test_a_post_that_moved_is_written_with_its_new_address(
    me: Worker, keep: Keep, folder: Path
) -> None:
    out(me, edition())
    keep()
    moved = Receipt(id="1", url="https://fake.example/moved")
    with me.engine.begin() as db:
        there = corrections.out(db, KEY, "en", "net")
        assert there is not None
        corrections.note(db, there, there.post, moved, reason="moved", at=NOW, by="")
    assert keep() == ["2026-11.json"]
    assert "https://fake.example/moved" in (folder / "2026-11.json").read_text()


def test_a_writer_that_was_killed_half_way_is_made_up_for(
    me: Worker, keep: Keep, folder: Path
) -> None:
    out(me, edition())
    folder.mkdir(parents=True)
    (folder / ".2026-11.json.new").write_text('{"key": "20')
    assert keep() == ["2026-11.json"]
    assert [path.name for path in folder.iterdir()] == ["2026-11.json"]


def test_lines_of_the_log_that_come_to_be_seen_late_are_not_missed(
    me: Worker, keep: Keep, folder: Path
) -> None:
    out(me, edition())
    me.now.forward(minutes=1)  # type: ignore[attr-defined]  # the pretend clock
    keep()
    (folder / "2026-11.json").write_text("{}")  # as of before a line that was written meanwhile
    assert keep() == ["2026-11.json"]


def test_what_is_long_known_is_not_looked_through_again(
    me: Worker, keep: Keep, tmp_path: Path
) -> None:
    out(me, edition())
    me.now.forward(minutes=6)  # type: ignore[attr-defined]  # the pretend clock
    keep()
    mark = json.loads((tmp_path / "state" / "receipts.json").read_text())
    with reading(me.engine) as db:
        assert mark["through"] == stored.newest(db) > 0
        assert stored.grown(db, since=mark["through"]) == set()


@pytest.mark.parametrize("words", ["", "[]", '{"through": 9}', "\0"])
def test_a_mark_that_cannot_be_read_only_costs_a_second_writing(
    words: str, me: Worker, keep: Keep, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "receipts.json").write_text(words)
    out(me, edition())
    assert keep() == ["2026-11.json"]


def test_a_folder_that_cannot_be_made_is_named(me: Worker, keep: Keep, folder: Path) -> None:
    out(me, edition())
    folder.parent.write_text("a file")
    with pytest.raises(Unwritten, match=r"data.*receipts are written once that is mended"):
        keep()
    folder.parent.unlink()
    assert keep() == ["2026-11.json"]


def test_a_symbolic_link_in_the_way_is_named_and_what_it_leads_to_is_left(
    me: Worker, keep: Keep, folder: Path, tmp_path: Path
) -> None:
    out(me, edition())
    other = tmp_path / "other"
    other.write_text("not ours")
    folder.mkdir(parents=True)
    (folder / "2026-11.json").symlink_to(other)
    with pytest.raises(Unwritten, match=r"2026-11\.json: is a symbolic link"):
        keep()
    assert other.read_text() == "not ours"


def test_one_writer_at_a_time_is_enough(me: Worker, keep: Keep, tmp_path: Path) -> None:
    out(me, edition())
    with receipts._alone(tmp_path / "state" / "receipts.lock"):
        assert keep() == []
    assert keep() == ["2026-11.json"]


def test_a_file_that_is_there_keeps_its_mode(me: Worker, keep: Keep, folder: Path) -> None:
    out(me, edition())
    folder.mkdir(parents=True)
    file = folder / "2026-11.json"
    file.write_text("{}")
    file.chmod(0o604)
    keep()
    assert file.stat().st_mode & 0o777 == 0o604


# --- written back


HEAD = "---\ntitle: November\n---\nText.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2026-11.md"
    path.write_text(HEAD)
    return path


def test_a_file_is_told_where_its_own_edition_is_out(file: Path) -> None:
    editions = [edition(path=str(file)), edition(path="none.de.md", lang="de")]
    wanted = addresses(editions, [proof("a", "https://a.example/1")])
    assert into_files(wanted) == [file]
    assert file.read_text() == HEAD.replace(
        "November\n", 'November\nsyndication:\n  - "https://a.example/1"\n'
    )
    assert into_files(wanted) == []


def test_where_one_file_cannot_be_written_into_none_is(file: Path, tmp_path: Path) -> None:
    bare = tmp_path / "2026-11.de.md"
    bare.write_text("# November\n")
    with pytest.raises(BadSource, match="has no head"):
        into_files({file: ["https://a.example/1"], bare: ["https://a.example/2"]})
    assert file.read_text() == HEAD


def test_a_file_that_is_a_symbolic_link_is_left_as_it_is(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.md"
    link.symlink_to(file)
    with pytest.raises(OSError, match="is a symbolic link"):
        into_files({link: ["https://a.example/1"]})
    assert file.read_text() == HEAD


def test_a_file_that_was_written_into_is_neither_news_nor_a_correction(
    engine: Engine, tmp_path: Path
) -> None:
    desk = Desk(engine=engine, folder=tmp_path / "content")
    desk.folder.mkdir()
    desk.write("old", "Old")
    desk.turn()
    desk.write("new", "November")
    desk.turn()
    into_files({desk.folder / "new.md": ["https://a.example/1"]})
    desk.turn(minutes=1)
    with reading(engine) as db:
        assert changes.open_(db) == []
    desk.write("new", "December")
    desk.turn(minutes=1)
    with reading(engine) as db:
        assert [noted.issue for noted in changes.open_(db)] == ["new"]
    assert len(desk.wall.out_there) == 1


def test_the_service_writes_them_unless_the_store_is_fenced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "publisher.toml"
    site = '[site]\nname = "News"\nbase_url = "https://news.example"\n'
    config.write_text(f'{site}[receipts]\nfolder = "receipts"\n')
    monkeypatch.setenv("PUBLISHER_CONFIG", str(config))
    made = (wiring.settings, wiring.engine)
    for one in made:
        one.cache_clear()
    try:
        store = wiring.engine()
        out(worker(store, Clock(), net=FakeChannel()), edition())
        with store.begin() as db:
            identity.fence(db, "copied", at=NOW)
        wiring.write_receipts()
        assert not (tmp_path / "receipts").exists()
        with store.begin() as db:
            db.execute(schema.identity.update().values(fenced_at=None))
        wiring.write_receipts()
        assert [path.name for path in (tmp_path / "receipts").iterdir()] == ["2026-11.json"]
        store.dispose()
    finally:
        for one in made:
            one.cache_clear()
