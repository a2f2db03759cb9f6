"""Places that write down what they take, in a file, before they say so; they outlive who posts."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from publisher.domain.channel import Copy, Post, Receipt, Refused
from publisher.domain.issue import Edition
from publisher.domain.oddity import Found
from tests.crashes.points import Points
from tests.publisher.fakes import FakeChannel


@dataclass(kw_only=True)
class Noted:
    """One network whose record is a file: a line for each post, in one write(2)."""

    name: str
    record: Path
    points: Points
    can_be_asked: bool = True

    def render(self, edition: Edition) -> Post:
        return FakeChannel().render(edition)

    def deliver(self, post: Post) -> Receipt:
        self.points.passing(f"before the request to {self.name}")
        receipt = self.take(post)
        self.points.passing(f"before {self.name}'s answer is heard")
        return receipt

    def take(self, post: Post) -> Receipt:
        to = post.to.address if post.to else ""
        id = f"<{post.key}.{to}.{self.name}>"
        file = os.open(self.record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{id}\t{to}\n".encode())
        os.close(file)
        return Receipt(id=id, url=f"https://{self.name}.example/")

    def taken(self) -> list[Found]:
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        pairs = [line.split("\t") for line in lines]
        return [Found(channel=self.name, remote_id=id, recipient=to) for id, to in pairs]

    def find_existing(self, post: Post) -> Receipt | None:
        if not self.can_be_asked:
            raise NotImplementedError("nobody can be asked here")
        self.points.passing(f"before a look at {self.name}")
        found = self.taken()
        return Receipt(id=found[0].remote_id) if found else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        raise Refused("it stays as it is")

    def check(self) -> list[str]:
        return []


@dataclass(kw_only=True)
class NotedMail(Noted):
    """Many readers, one after the other."""

    can_be_asked: bool = False
    rate: float = 0

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        async for copy in copies:
            self.points.passing("before a mark")
            if await mark(copy):
                self.points.passing("before the dot")
                receipt = self.take(copy.post)
                self.points.passing("after the dot")
                await settle(copy, receipt)
