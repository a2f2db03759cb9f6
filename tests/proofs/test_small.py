"""The proofs in small: a list of some hundred readers, over real sockets, in seconds."""

import multiprocessing
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from channels.email import Email
from publisher import mailing, processes, publishing
from publisher.domain.subscriber import Standing
from publisher.publishing import Worker, utcnow
from publisher.registry import Configured
from publisher.storage import engine as storage
from publisher.storage.schema import subscribers
from publisher.storage.waiting import Hint
from tests.proofs import faults, judging
from tests.proofs.judging import Row, judged
from tests.proofs.outside import Outside, outside
from tests.publisher.fakes import edition

LINES = 5
PATIENCE = 20  # seconds


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Outside]:
    with outside(tmp_path) as found:
        yield found


def email(at: Outside, when_unsure: str) -> Configured:
    channel = Email(
        host="127.0.0.1",
        port=at.port,
        tls="none",
        from_="post@news.example",
        list_id="post.news.example",
        connections=LINES,
        when_unsure=when_unsure,
    )
    return Configured(name="mail", kind="email", languages=("en",), channel=channel)


def planned(engine: Engine, mail: Configured, addresses: list[str]) -> None:
    at = utcnow()
    rows = [
        {"address": one, "address_key": one, "state": Standing.CONFIRMED, "token": f"t{number}"}
        | {"origin": "test", "added_at": at, "changed_at": at}
        for number, one in enumerate(addresses)
    ]
    with engine.begin() as db:
        db.execute(insert(subscribers), rows)
        publishing.plan([edition()], db=db, channels={"mail": mail}, at=at)


def worked(
    engine: Engine, mail: Configured, *, later: timedelta = timedelta(0), name: str = ""
) -> int:
    """Do what is due, as a worker of this process would; how many hints there were."""
    me = Worker(
        engine=engine,
        channels={"mail": mail},
        name=name or processes.owner(),
        unsubscribe="https://pages.example/unsubscribe/",
        secret=b"secret",
        lost=processes.lost,
        now=lambda: utcnow() + later,
    )
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            while mailing.deliver_copies(hint.post, me):
                pass
        else:
            publishing.deliver(hint.delivery, me)
    return len(hints)


def finished(engine: Engine, mail: Configured) -> None:
    """Go on, days if need be, until nothing is due any more."""
    later = timedelta(0)
    for _ in range(12):
        later += timedelta(hours=6)
        worked(engine, mail, later=later)


def killed_at(moment: int, engine: Engine, mail: Configured, at: Outside) -> int:
    """Have a process send until `moment` mails are taken, and kill it; the connections it held."""
    address = engine.url.render_as_string(hide_password=False)
    engine.dispose()
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=lambda: worked(storage.connect(address), mail))
    process.start()
    end = time.monotonic() + PATIENCE
    while at.taken() < moment and process.is_alive() and time.monotonic() < end:
        time.sleep(0.001)
    held = sum(at.lines_of([process.pid or 0]).values())
    process.kill()
    process.join()
    return held


def killed_often(engine: Engine, at: Outside, when_unsure: str) -> tuple[int, judging.Verdict]:
    """(connections open at kills, verdict) of a mailing whose worker is killed again and again."""
    mail = email(at, when_unsure)
    planned(engine, mail, [f"reader.{n}@list{n % 9}.example" for n in range(400)])
    moments = sorted(random.sample(range(1, 350), 3))
    lines = sum(killed_at(moment, engine, mail, at) for moment in moments)
    finished(engine, mail)
    return lines, judged(judging.receipts(at.record), judging.rows(engine))


def test_a_killed_worker_leaves_no_mail_twice_and_only_what_its_lines_carried_is_held(
    engine: Engine, at: Outside
) -> None:
    lines, verdict = killed_often(engine, at, "hold")
    assert (verdict.missing, verdict.doubled, verdict.false) == ((), (), ())
    assert lines > 0
    assert len(verdict.held) <= lines


def test_where_the_operator_says_resend_only_what_the_lines_carried_is_there_twice(
    engine: Engine, at: Outside
) -> None:
    lines, verdict = killed_often(engine, at, "resend")
    assert (verdict.missing, verdict.held, verdict.false) == ((), (), ())
    assert len(verdict.doubled) <= lines


def test_whatever_a_faulty_server_does_each_reader_ends_in_the_right_state_with_its_words(
    engine: Engine, at: Outside
) -> None:
    mail = email(at, "hold")
    fates = ["refused", "deferred", "cut", "lost", "taken", "slow"]
    troubled = [f"{fate}.{n}@{fate}.example" for n in range(2) for fate in fates]
    planned(engine, mail, [*troubled, *(f"reader.{n}@list{n % 9}.example" for n in range(100))])
    finished(engine, mail)
    verdict = judged(judging.receipts(at.record), judging.rows(engine))
    assert list(faults.wrong(engine)) == []
    assert (verdict.missing, verdict.doubled, verdict.false) == ((), (), ())


def test_a_verdict_names_who_is_missing_who_has_it_twice_and_what_is_not_true() -> None:
    rows = [
        Row(recipient="a", state="delivered", remote_id="<a>", logged="delivered"),
        Row(recipient="b", state="delivered", remote_id="<b>", logged="delivered"),
        Row(recipient="c", state="refused", remote_id="", logged="pending"),
    ]
    verdict = judged([("<a>", "a"), ("<a>", "a"), ("<c>", "c")], rows)
    assert (verdict.missing, verdict.doubled) == (("b",), ("a",))
    assert verdict.false == (
        "b: delivered as <b>, but taken as None",
        "c: refused, but the log ends with pending",
        "c: refused, but taken as <c>",
    )
