"""Who is forgotten is in no file of the store; what was agreed can still be proved."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from publisher import floods, publishing, subscribing
from publisher.domain.bounce import Kind
from publisher.domain.delivery import Outcome, State
from publisher.domain.subscriber import Event
from publisher.forgetting import NobodyKnown, StillSending, forget
from publisher.storage import asks, bounces, copies, deliveries, suppressions
from publisher.storage.engine import connect, migrate
from publisher.storage.forgetting import HIDDEN, write_through
from publisher.storage.schema import delivery_log, metadata, reader_log
from publisher.storage.secrets import digest
from publisher.subscribing import Choices
from tests.publisher.fakes import NOW, FakeMailing, configured, edition
from tests.publisher.importing.files import imported

ANN = "Ann.Lee@bücher.example"
KEY = "ann.lee@xn--bcher-kva.example"
WORDS = f"550 5.1.1 <{KEY.upper()}>: ann.lee is unknown"


def post(engine: Engine) -> int:
    channels = {"mail": configured("mail", FakeMailing())}
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels=channels, at=NOW)
        return int(db.scalar(text("select max(id) from posts")) or 0)


def claim(engine: Engine, number: int) -> list[Any]:
    with engine.begin() as db:
        found = copies.stored_post(db, number)
        assert found
        return list(copies.claim(db, number, found[1], limit=9, at=NOW, owner="w", channel="mail"))


def settle(engine: Engine, held: Any, reason: str, state: State = State.REFUSED) -> None:
    with engine.begin() as db:
        outcome = Outcome(state=state, note=reason)
        assert deliveries.settle(db, held, outcome, at=NOW, worker="w")


@pytest.fixture
def known(engine: Engine) -> Engine:
    """A reader of whom there is everything, and another whose log names her, too."""
    choices = Choices(name="Ann Lee-Quay", languages=("de",))
    subscribing.add([ANN], engine=engine, choices=choices, at=NOW)
    subscribing.add(["bob@example.org"], engine=engine, at=NOW)
    held = claim(engine, post(engine))
    for one in held:
        settle(engine, one, f"not tried yet: {WORDS}" if one.address != ANN else WORDS)
    reader = subscribing.about(ANN, engine=engine).reader
    assert reader
    [hers] = [one.id for one in held if one.address == ANN]
    with engine.begin() as db:
        bounces.record(db, hers, kind=Kind.HARD, at=NOW, status="5.1.1", words=WORDS)
        asks.add(
            db,
            reader.id,
            token="t",
            channel="mail",
            lang="en",
            languages=(),
            lists=(),
            at=NOW,
            expires_at=NOW + timedelta(days=7),
        )
    return engine


def everything(engine: Engine) -> str:
    with engine.begin() as db:
        rows = [db.execute(select(table)).all() for table in metadata.sorted_tables]
    return str(rows).lower()


def test_nothing_that_names_the_reader_stays_in_any_table(known: Engine) -> None:
    erased = forget(ANN, engine=known, at=NOW)
    assert (erased.mails, erased.questions, erased.bounces) == (1, 1, 1)
    left = everything(known)
    for word in (KEY, ANN.lower(), "ann.lee", "lee-quay", "bcher-kva", "bücher"):
        assert word not in left
    assert "bob@example.org" in left


def test_what_servers_said_of_others_loses_only_the_address(known: Engine) -> None:
    forget(ANN, engine=known, at=NOW)
    with known.begin() as db:
        reasons = db.scalars(select(delivery_log.c.reason)).all()
    assert f"not tried yet: 550 5.1.1 <{HIDDEN}>: {HIDDEN} is unknown" in reasons


def test_the_proof_of_consent_stays_under_a_hash_without_place_and_words(known: Engine) -> None:
    forget(ANN, engine=known, at=NOW)
    with known.begin() as db:
        rows = db.execute(select(reader_log).where(reader_log.c.digest == digest(db, KEY))).all()
    assert (rows[0].event, rows[-1].event) == (Event.JOINED, Event.FORGOTTEN)
    assert all((row.subscriber_id, row.place, row.words) == (None, "", "") for row in rows)
    assert rows[0].at == NOW


def test_no_file_brings_a_forgotten_reader_back_but_their_own_wish_does(known: Engine) -> None:
    forget(ANN, engine=known, at=NOW)
    _, [bad] = imported(f"email\n{ANN}\n", known)
    assert "forgotten" in bad.why
    subscribing.lift([ANN], engine=known)
    assert subscribing.add([ANN], engine=known) == [True]


def test_an_older_suppression_keeps_its_reason(known: Engine) -> None:
    with known.begin() as db:
        suppressions.suppress(db, KEY, "complained", at=NOW)
    forget(ANN, engine=known, at=NOW)
    with known.begin() as db:
        assert suppressions.reason(db, KEY) == "complained"


def test_nobody_is_forgotten_of_an_unknown_address(engine: Engine) -> None:
    with pytest.raises(NobodyKnown):
        forget("ann@example.org", engine=engine, at=NOW)
    assert subscribing.about("ann@example.org", engine=engine).suppression is None


def test_mail_that_waits_is_never_sent(engine: Engine) -> None:
    subscribing.add([ANN, "bob@example.org"], engine=engine)
    number = post(engine)
    forget(ANN, engine=engine, at=NOW)
    assert [held.address for held in claim(engine, number)] == ["bob@example.org"]


def test_a_mail_on_its_way_is_settled_before_its_reader_is_erased(engine: Engine) -> None:
    subscribing.add([ANN], engine=engine)
    [held] = claim(engine, post(engine))
    with pytest.raises(StillSending):
        forget(ANN, engine=engine, at=NOW)
    settle(engine, held, WORDS)
    forget(ANN, engine=engine, at=NOW)
    assert "ann.lee" not in everything(engine)


def test_a_bounce_that_comes_later_tells_no_more_than_its_status(known: Engine) -> None:
    with known.begin() as db:
        [hers] = db.scalars(text("select id from deliveries where recipient like '%bcher%'"))
    forget(ANN, engine=known, at=NOW)
    with known.begin() as db:
        bounces.record(db, hers, kind=Kind.SOFT, at=NOW, status="4.2.2", words=WORDS)
    assert "ann.lee" not in everything(known)


def test_who_is_forgotten_twice_has_two_mails_of_one_post(engine: Engine) -> None:
    subscribing.add([ANN], engine=engine)
    post(engine)
    forget(ANN, engine=engine, at=NOW)
    subscribing.lift([ANN], engine=engine)
    subscribing.add([ANN], engine=engine)
    post(engine)
    forget(ANN, engine=engine, at=NOW)
    with engine.begin() as db:
        names = db.scalars(text("select recipient from deliveries order by id")).all()
    assert len(set(names)) == len(names) == 2
    assert all(name.startswith("forgotten:") for name in names)


def test_the_tally_of_questions_goes_too(engine: Engine) -> None:
    subscribing.add(["ann@example.org"], engine=engine)
    ask = {"network": "192.0.2.0/24", "everybody": 9, "at": NOW}
    with engine.begin() as db:
        floods.admit(db, "ann@example.org", **ask)  # type: ignore[arg-type]
        before = len(db.execute(text("select name from tallies")).all())
    forget("ann@example.org", engine=engine, at=NOW)
    with engine.begin() as db:
        assert len(db.execute(text("select name from tallies")).all()) == before - 1


def test_the_address_is_in_no_file_of_the_store(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    readers = [f"r{n}@example.org" for n in range(300)]
    subscribing.add([*readers, "ann.quay@example.org"], engine=engine)
    number = post(engine)
    for held in claim(engine, number):
        settle(engine, held, "not tried yet: 450 <ann.quay@example.org> is busy")
    subscribing.remove("ann.quay@example.org", engine=engine)
    forget("ann.quay@example.org", engine=engine, at=NOW)
    assert write_through(engine)
    for path in tmp_path.iterdir():
        assert b"ann.quay" not in path.read_bytes().lower(), path.name
    engine.dispose()
