"""The fence: a copied or restored store sends nothing, and an adopted one sends nothing twice."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text

from publisher import asking, auditing, fencing, mailing, publishing, subscribing
from publisher.domain.delivery import State
from publisher.fencing import Fenced, Witness
from publisher.storage import asks, copies, deliveries, homes, identity, posts, reports, waiting
from publisher.storage.engine import connect, migrate, reading
from publisher.storage.homes import Home
from publisher.storage.identity import Identity
from tests.publisher.fakes import (
    NOW,
    Clock,
    FakeChannel,
    FakeMailing,
    configured,
    edition,
    worker,
)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(path=tmp_path / "state" / "witness")


def recognise(engine: Engine, witness: Witness) -> Identity:
    return fencing.recognise(engine, witness, at=NOW)


def fence(engine: Engine, witness: Witness) -> None:
    recognise(engine, witness)
    with engine.begin() as db:
        identity.fence(db, "it was copied", at=NOW)


def plan(engine: Engine, **channels: FakeChannel) -> None:
    with engine.begin() as db:
        all_ = {name: configured(name, channel) for name, channel in channels.items()}
        publishing.plan([edition()], db=db, channels=all_, at=NOW)


def work(engine: Engine, clock: Clock, **channels: FakeChannel) -> None:
    """Sweep and do what is hinted at, a few times over."""
    me = replace(
        worker(engine, clock),
        channels={name: configured(name, channel) for name, channel in channels.items()},
    )
    for _ in range(3):
        hints: list[waiting.Hint] = []
        publishing.sweep(me, hint=hints.append)
        for hint in hints:
            if hint.post:
                mailing.deliver_copies(hint.post, me)
            else:
                publishing.deliver(hint.delivery, me)
        clock.forward(seconds=45)


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as db:
        return {s.channel: s.state for s in reports.standings(db)}


# --- which store it is


def test_a_store_that_lies_where_it_lay_sends(engine: Engine, witness: Witness) -> None:
    first = recognise(engine, witness)
    fencing.grow(engine, witness)
    again = recognise(engine, witness)
    assert (again.name, again.fenced_at, again.age) == (first.name, None, first.age + 1)


def test_a_store_that_was_opened_anew_keeps_its_name(engine: Engine, witness: Witness) -> None:
    name = recognise(engine, witness).name
    again = connect(engine.url)
    assert recognise(again, witness).name == name
    again.dispose()


@contextmanager
def at(path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    yield engine
    engine.dispose()


def test_a_copied_folder_is_fenced_and_its_original_is_not(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    witness = Witness(path=tmp_path / "home" / "witness")
    with at(tmp_path / "home" / "publisher.db") as original:
        recognise(original, witness)
        fencing.grow(original, witness)
        shutil.copytree(tmp_path / "home", tmp_path / "copy")
        with at(tmp_path / "copy" / "publisher.db") as copy:
            found = recognise(copy, Witness(path=tmp_path / "copy" / "witness"))
        assert found.fenced_at == NOW
        assert "its file was copied" in found.reason
        assert recognise(original, witness).fenced_at is None


def test_a_folder_that_was_moved_on_its_disk_goes_on(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with at(tmp_path / "home" / "publisher.db") as before:
        recognise(before, Witness(path=tmp_path / "home" / "witness"))
    (tmp_path / "home").rename(tmp_path / "moved")
    with at(tmp_path / "moved" / "publisher.db") as after:
        found = recognise(after, Witness(path=tmp_path / "moved" / "witness"))
        assert found.fenced_at is None
        again = recognise(after, Witness(path=tmp_path / "moved" / "witness"))
    assert again.home.path == str(tmp_path / "moved" / "publisher.db")


def test_an_older_file_put_back_in_its_place_is_fenced(tmp_path: Path, witness: Witness) -> None:
    path, old = tmp_path / "publisher.db", tmp_path / "old.db"
    with at(path) as store:
        recognise(store, witness)
        fencing.grow(store, witness)
    shutil.copyfile(path, old)
    with at(path) as store:
        fencing.grow(store, witness)
    shutil.copyfile(old, path)  # the inode stays
    with at(path) as store:
        assert "an older state" in recognise(store, witness).reason


def test_a_database_copied_on_its_server_is_fenced(
    postgres: str, postgres_database: str, witness: Witness
) -> None:
    original = connect(postgres_database)
    migrate(original)
    recognise(original, witness)
    original.dispose()
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f"create database the_copy template {original.url.database}"))
    copy = connect(original.url.set(database="the_copy"))
    assert "another database of the server" in recognise(copy, witness).reason
    assert recognise(original, witness).fenced_at is None
    for opened in (copy, original):
        opened.dispose()
    with admin.connect() as db:
        db.execute(text("drop database the_copy with (force)"))
    admin.dispose()


def test_a_server_that_failed_over_is_fenced_before_anything_is_claimed(
    postgres_database: str, witness: Witness
) -> None:
    engine = connect(postgres_database)
    migrate(engine)
    recognise(engine, witness)
    plan(engine, fake=FakeChannel())
    fencing.guard(engine, now=Clock())
    with engine.begin() as db:
        me = identity.known(db)
        assert me
        identity.move(db, replace(me.home, timeline=7))  # as it was before
    engine.dispose()  # what a server that goes away does
    with engine.begin() as db:
        assert deliveries.claim(db, 1, at=NOW, owner="me") is None
    engine.dispose()


HERE = Home(path="/srv/news/publisher.db", inode=7, machine=("52:54:00:00:00:01",))
SERVED = Home(cluster="7001", database=16384, timeline=1)


@pytest.mark.parametrize(
    ("known", "found", "words"),
    [
        (HERE, HERE, ""),
        (HERE, replace(HERE, path="/data/publisher.db"), ""),
        (HERE, replace(HERE, machine=()), ""),
        (HERE, replace(HERE, machine=("52:54:00:00:00:01", "52:54:00:00:00:02")), ""),
        (HERE, replace(HERE, inode=8), "its file was copied"),
        (HERE, replace(HERE, machine=("52:54:00:00:00:09",)), "another machine"),
        (SERVED, SERVED, ""),
        (SERVED, replace(SERVED, cluster="7002"), "another database server"),
        (SERVED, replace(SERVED, database=16385), "another database of the server"),
        (SERVED, replace(SERVED, timeline=2), "a backup or a standby"),
        (SERVED, replace(SERVED, cluster="", timeline=0), ""),
    ],
)
def test_what_was_not_told_agrees_and_what_differs_is_named(
    known: Home, found: Home, words: str
) -> None:
    assert homes.read(str(found)) == found
    strange = homes.strange(known, found)
    assert words in strange
    assert bool(strange) == bool(words)


def test_a_disks_snapshot_beside_its_original_is_a_copy(tmp_path: Path) -> None:
    here = tmp_path / "publisher.db"
    here.touch()
    elsewhere = Path("/proc/self/status")  # a file on another disk
    known, found = replace(HERE, path=str(here)), replace(HERE, path=str(elsewhere))
    assert "is still there" in homes.strange(known, found)


def test_growing_in_many_places_at_once_fences_nobody(engine: Engine, witness: Witness) -> None:
    recognise(engine, witness)

    def live(_: int) -> bool:
        fencing.grow(engine, witness)
        return recognise(engine, witness).fenced_at is None

    with ThreadPoolExecutor(max_workers=4) as threads:
        assert all(threads.map(live, range(24)))


@pytest.mark.parametrize("words", ["", "{}", "[]", '{"name": 1, "age": "old"}', "\0"])
def test_a_broken_witness_says_nothing(words: str, witness: Witness) -> None:
    witness.path.parent.mkdir()
    witness.path.write_text(words)
    assert witness.seen()[1] == 0


# --- what a fenced store does not do


def test_a_fenced_store_claims_no_delivery_and_hints_at_none(
    engine: Engine, witness: Witness
) -> None:
    plan(engine, fake=FakeChannel())
    fence(engine, witness)
    with engine.begin() as db:
        assert deliveries.claim(db, 1, at=NOW, owner="me") is None
        assert waiting.due(db, at=NOW, unhinted_since=NOW) == []


def test_a_fenced_store_claims_no_copy(engine: Engine, witness: Witness) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    plan(engine, mail=FakeMailing())
    fence(engine, witness)
    with engine.begin() as db:
        post = posts.stored(db, 1)
        assert not copies.may_go_on(db, 1, at=NOW)
        given = {"limit": 500, "at": NOW, "owner": "me", "channel": "mail"}
        assert copies.claim(db, 1, post, **given) == []  # type: ignore[arg-type]
        assert waiting.due(db, at=NOW, unhinted_since=NOW) == []


def test_a_fenced_store_claims_no_question(engine: Engine, witness: Witness) -> None:
    fence(engine, witness)
    with engine.begin() as db:
        who = ("ann@example.org", "ann@example.org")
        id = asking.ask(db, *who, how="form", channel="mail", lang="en", at=NOW)
        assert id
        later = NOW + timedelta(minutes=1)
        assert asks.claim(db, id, at=later, owner="me") is None
        assert not asks.due(db, at=later, unhinted_since=later)


def test_a_fenced_store_says_why_and_what_to_do(engine: Engine, witness: Witness) -> None:
    recognise(engine, witness)
    fencing.require_free(engine)
    fence(engine, witness)
    with pytest.raises(Fenced, match="it was copied; `publisher adopt`"):
        fencing.require_free(engine)


# --- what an adopted store does


def test_what_waited_and_is_out_there_is_found_and_not_sent_again(
    engine: Engine, witness: Witness
) -> None:
    fake, clock = FakeChannel(), Clock()
    plan(engine, fake=fake)
    fake.out_there.append(fake.render(edition()))  # by the original, after it was copied
    fence(engine, witness)
    work(engine, clock, fake=fake)
    assert states(engine) == {"fake": State.PENDING}
    assert fencing.adopt(engine, witness, at=clock()) == 1
    work(engine, clock, fake=fake)
    assert (states(engine), len(fake.out_there)) == ({"fake": State.DELIVERED}, 1)


def test_what_waited_and_is_not_out_there_is_sent_after_the_settling_time(
    engine: Engine, witness: Witness
) -> None:
    fake, clock = FakeChannel(), Clock()
    plan(engine, fake=fake)
    fence(engine, witness)
    fencing.adopt(engine, witness, at=clock())
    publishing.deliver(1, worker(engine, clock, fake=fake))
    assert fake.out_there == []  # the original may be sending it this very moment
    work(engine, Clock(NOW + timedelta(minutes=1)), fake=fake)
    assert (states(engine), len(fake.out_there)) == ({"fake": State.DELIVERED}, 1)


def test_what_was_in_a_workers_hands_is_looked_for_too(engine: Engine, witness: Witness) -> None:
    fake, clock = FakeChannel(), Clock()
    plan(engine, fake=fake)
    with engine.begin() as db:
        deliveries.claim(db, 1, at=NOW, owner="the original")
    fake.out_there.append(fake.render(edition()))
    fence(engine, witness)
    fencing.adopt(engine, witness, at=clock())
    work(engine, clock, fake=fake)
    assert (states(engine), len(fake.out_there)) == ({"fake": State.DELIVERED}, 1)


def test_mail_that_waited_is_held_and_goes_out_on_a_persons_word(
    engine: Engine, witness: Witness
) -> None:
    mail, clock = FakeMailing(cannot_be_asked=True), Clock()
    subscribing.add(["ann@example.org", "bob@example.net"], engine=engine)
    plan(engine, mail=mail)
    fence(engine, witness)
    assert fencing.adopt(engine, witness, at=clock()) == 2
    work(engine, clock, mail=mail)
    assert (states(engine), mail.out_there) == ({"mail": State.HELD}, [])
    with engine.begin() as db:
        publishing.settle("2026-11", "mail", State.PENDING, db=db, at=clock())
    work(engine, clock, mail=mail)
    assert (states(engine), len(mail.out_there)) == ({"mail": State.DELIVERED}, 2)


def test_what_was_refused_is_looked_for_when_it_is_retried(
    engine: Engine, witness: Witness
) -> None:
    fake, clock = FakeChannel(), Clock()
    with engine.begin() as db:
        plan_id = posts.add(db, PLACE, fake.render(edition()), at=NOW)
        assert plan_id
        deliveries.plan(db, plan_id, at=NOW, refused="too long")
    fence(engine, witness)
    fencing.adopt(engine, witness, at=clock())
    fake.out_there.append(fake.render(edition()))
    with engine.begin() as db:
        channels = [configured("fake", fake)]
        publishing.retry("2026-11", db=db, channels=channels, editions=[], at=clock())
    work(engine, clock, fake=fake)
    assert (states(engine), len(fake.out_there)) == ({"fake": State.DELIVERED}, 1)


PLACE = posts.Place(issue="2026-11", lang="en", channel="fake", kind="fake")


@pytest.mark.parametrize(
    ("age", "state"), [(timedelta(days=1), State.UNSURE), (-timedelta(hours=1), State.PENDING)]
)
def test_an_issue_from_before_the_adoption_begins_in_doubt(
    engine: Engine, witness: Witness, age: timedelta, state: State
) -> None:
    fence(engine, witness)
    fencing.adopt(engine, witness, at=NOW)
    subscribing.add(["ann@example.org"], engine=engine)
    channels = {"fake": FakeChannel(), "mail": FakeMailing()}
    with engine.begin() as db:
        all_ = {name: configured(name, channel) for name, channel in channels.items()}
        publishing.plan([edition(date=NOW - age)], db=db, channels=all_, at=NOW)
    assert states(engine) == {"fake": state, "mail": state}


def test_a_store_that_only_moved_goes_on_where_it_was(engine: Engine, witness: Witness) -> None:
    fake, clock = FakeChannel(), Clock()
    plan(engine, fake=fake)
    fence(engine, witness)
    fencing.adopt_moved(engine, witness)
    work(engine, clock, fake=fake)
    assert (states(engine), fake.looks) == ({"fake": State.DELIVERED}, 0)


def test_an_adopted_store_is_known_again_on_every_machine(
    engine: Engine, witness: Witness, tmp_path: Path
) -> None:
    fence(engine, witness)
    other = Witness(path=tmp_path / "other" / "witness")
    with reading(engine) as db:
        me = identity.known(db)
    assert me
    witness.see(me.name, me.age + 50)
    other.see(me.name, me.age + 60)  # which the machine that adopts cannot know
    fencing.adopt(engine, witness, at=NOW)
    for seen in (witness, other):
        assert recognise(engine, seen).fenced_at is None


def test_an_adoption_that_was_cut_short_is_still_fenced_and_can_be_said_again(
    engine: Engine, witness: Witness
) -> None:
    plan(engine, fake=FakeChannel())
    fence(engine, witness)
    commits: list[object] = []

    def cut(_: object) -> None:
        commits.append(1)
        if len(commits) == 3:
            raise KeyboardInterrupt

    event.listen(engine, "commit", cut)
    with suppress(KeyboardInterrupt):
        fencing.adopt(engine, witness, at=NOW + timedelta(hours=1))
    event.remove(engine, "commit", cut)
    assert recognise(engine, witness).fenced_at
    fencing.adopt(engine, witness, at=NOW + timedelta(hours=2))
    found = recognise(engine, witness)
    assert (found.forgot_since, found.adopted_at) == (NOW, NOW + timedelta(hours=2))
    assert states(engine) == {"fake": State.UNSURE}


def test_an_adopted_store_keeps_every_promise(engine: Engine, witness: Witness) -> None:
    fake, mail = FakeChannel(), FakeMailing(cannot_be_asked=True)
    clock = Clock()
    subscribing.add(["ann@example.org"], engine=engine)
    plan(engine, fake=fake, mail=mail)
    fence(engine, witness)
    fencing.adopt(engine, witness, at=clock())
    with engine.begin() as db:
        channels = {"fake": configured("fake", fake), "mail": configured("mail", mail)}
        publishing.plan([edition("2026-10")], db=db, channels=channels, at=clock())
    work(engine, clock, fake=fake, mail=mail)
    with reading(engine) as db:
        found = auditing.broken(auditing.audit(db, at=clock()))
    assert list(found) == []
