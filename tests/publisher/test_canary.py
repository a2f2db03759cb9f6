"""Whatever a server or a library says, nothing of a secret is in any row of the store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from publisher import mailing, publishing, secrecy, subscribing
from publisher.domain.channel import (
    Copy,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.publishing import Worker
from publisher.storage.engine import reading
from publisher.storage.schema import metadata
from publisher.storage.waiting import Hint
from tests.publisher.fakes import NOW, Clock, FakeChannel, FakeMailing, edition, worker

CANARY = "canary-word"
READERS = [f"reader{number}@one.example" for number in range(30)]
SAYS = f"450 4.2.1 {CANARY} is not known here"
SAID: list[Receipt | Exception] = [
    Receipt(id="1", note=SAYS),
    TryLater(SAYS, retry_after=timedelta(minutes=5)),
    Unsure(SAYS),
    Refused(SAYS),
    Disconnected(SAYS),
    ValueError(SAYS),
]


@dataclass
class Talkative(FakeChannel):
    """Says that, once, of a post."""

    says: Receipt | Exception = field(default_factory=lambda: SAID[0])

    def deliver(self, post: Post) -> Receipt:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class TalkativeMail(FakeMailing):
    """Says that of each copy after its mark."""

    says: Receipt | Exception = field(default_factory=lambda: SAID[0])

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        async for copy in copies:
            if await mark(copy):
                await settle(copy, self.says)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "_known", set())
    monkeypatch.setattr(secrecy, "_any", [])
    secrecy.learn([CANARY])


@pytest.mark.parametrize("said", SAID, ids=lambda said: type(said).__name__)
def test_no_row_keeps_a_secret_that_an_answer_held(
    engine: Engine, said: Receipt | Exception
) -> None:
    subscribing.add(READERS, engine=engine)
    me = worker(engine, Clock(), net=Talkative(says=said), mail=TalkativeMail(says=said))
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels=me.channels, at=NOW)
    work(me)
    rows = stored(engine)
    assert [row for row in rows if CANARY in row] == []
    assert any("is not known here" in row for row in rows)


def work(me: Worker) -> None:
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)


def stored(engine: Engine) -> list[str]:
    with reading(engine) as db:
        tables = metadata.sorted_tables
        return [f"{table.name}: {row}" for table in tables for row in db.execute(select(table))]
