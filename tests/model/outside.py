"""The outside world of the model: places that take posts, lose answers, and remember everything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from publisher.domain.channel import (
    Copy,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Edition
from tests.model import steps
from tests.publisher.fakes import Clock

CUT = timedelta(seconds=60)  # a server has given up on a line that was silent for so long
LATE = timedelta(seconds=20)  # what is on its way arrives within that

ANSWERS = ("", "lost", "unheard", "late", "refused", "later", "disconnected", "bug")
LOOKS = ("", "later", "disconnected", "bug")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the outside holds: for good, whatever the store says."""

    channel: str
    id: str
    post: str
    recipient: str = ""


@dataclass(eq=False)
class Place:
    """One network. What it takes it keeps, and says of it what it is told to say."""

    name: str
    clock: Clock
    can_be_asked: bool = True
    taken: list[Taken] = field(default_factory=list)
    on_its_way: list[tuple[datetime, Taken]] = field(default_factory=list)

    def render(self, edition: Edition) -> Post:
        return Post(
            key=f"{edition.key}.{edition.lang}",
            lang=edition.lang,
            title=edition.title,
            text=edition.text,
            url=edition.url,
        )

    def deliver(self, post: Post) -> Receipt:
        began = self.clock()
        answer = steps.stop("request")
        receipt = self.take(post, answer, began)
        steps.stop("answer")
        if isinstance(receipt, Exception):
            raise receipt
        return receipt

    def take(self, post: Post, answer: str, began: datetime) -> Receipt | Exception:
        """Keep a post, or not; what is said of that."""
        if self.clock() - began > CUT:
            return Unsure("the line was cut meanwhile")
        failures: dict[str, Exception] = {
            "lost": Unsure("no answer, and it was not taken"),
            "refused": Refused("not wanted"),
            "later": TryLater("busy", timedelta(seconds=3)),
            "disconnected": Disconnected("the token is not valid any more"),
        }
        if answer in failures:
            return failures[answer]
        to = post.to.address if post.to else ""
        id = f"<{post.key}.{to}>" if to else f"{self.name}-{len(self.taken) + 1}"
        taken = Taken(channel=self.name, id=id, post=post.key, recipient=to)
        if answer == "late":
            self.on_its_way.append((self.clock() + LATE, taken))
            return Unsure("no answer; it is on its way")
        self.taken.append(taken)
        said: dict[str, Exception] = {
            "unheard": Unsure("no answer, though it was taken"),
            "bug": RuntimeError("an answer that nobody understands"),
        }
        return said.get(answer) or Receipt(id=id, url=f"https://{self.name}.example/{id}")

    def arrive(self) -> None:
        """Let what was on its way arrive when its time has come."""
        here = [taken for at, taken in self.on_its_way if at <= self.clock()]
        self.on_its_way = [one for one in self.on_its_way if one[0] > self.clock()]
        self.taken += here

    def find_existing(self, post: Post) -> Receipt | None:
        if not self.can_be_asked:
            raise NotImplementedError("nobody can be asked here")
        answer = steps.stop("look")
        self.arrive()
        failures: dict[str, Exception] = {
            "later": TryLater("busy"),
            "disconnected": Disconnected("the token is not valid any more"),
            "bug": RuntimeError("an answer that nobody understands"),
        }
        if answer in failures:
            raise failures[answer]
        found = [one for one in self.taken if one.post == post.key]
        return Receipt(id=found[0].id, url=f"https://{self.name}.example/") if found else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        return receipt

    def check(self) -> list[str]:
        return []


@dataclass(eq=False)
class Mail(Place):
    """Many readers, over one line. Nobody can be asked whether a copy was taken."""

    rate: float = 0
    can_be_asked: bool = False

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        async for copy in copies:
            if not await mark(copy):
                continue
            began = self.clock()
            answer = steps.stop("dot")
            result = self.take(copy.post, answer, began)
            steps.stop("answer")
            await settle(copy, result)
            await asyncio.sleep(0)


class AtOnce(Executor):
    """Does what it is given before it returns: threads would make runs differ."""

    def __init__(self, **_: Any) -> None:
        """Nothing is started."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        known: Future[Any] = Future()
        try:
            known.set_result(work(*given, **named))
        except Exception as error:  # noqa: BLE001  whoever waits for it gets it
            known.set_exception(error)
        return known


def everything(places: Sequence[Place]) -> list[Taken]:
    return [taken for place in places for taken in place.taken]
