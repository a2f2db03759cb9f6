"""Pretend channels for the use cases. They remember what is out there, and fail as told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from publisher import mailing, publishing
from publisher.domain.channel import Copy, Post, Receipt, Refused
from publisher.domain.issue import Edition, Site
from publisher.publishing import Worker
from publisher.registry import Configured
from publisher.storage.waiting import Hint

SITE = Site(name="The Test", base_url="https://news.example/")
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


def edition(key: str = "2026-11", lang: str = "en", **changes: object) -> Edition:
    """An edition to publish, as small as can be."""
    fields = {
        "key": key,
        "lang": lang,
        "path": f"{key}.md",
        "title": "November",
        "date": NOW - timedelta(hours=1),
        "url": f"https://news.example/{lang}/{key}/",
        "summary": "All that happened.",
        "html": "<p>All that happened.</p>",
        "text": "All that happened.",
        "revision": "1",
        "site": SITE,
        **changes,
    }
    return Edition(**fields)  # type: ignore[arg-type]  # the changes are the test's own


@dataclass
class FakeChannel:
    """One place. `fails_with` is used up from the front, before or after the post is kept."""

    fails_with: list[Exception] = field(default_factory=list)
    keeps_it_anyway: bool = False
    cannot_be_asked: bool = False
    fails_looking_with: list[Exception] = field(default_factory=list)
    out_there: list[Post] = field(default_factory=list)
    looks: int = 0

    def render(self, edition: Edition) -> Post:
        return Post(
            key=f"{edition.key}.{edition.lang}",
            lang=edition.lang,
            title=edition.title,
            text=edition.text,
            url=edition.url,
        )

    def deliver(self, post: Post) -> Receipt:
        if self.fails_with and not self.keeps_it_anyway:
            raise self.fails_with.pop(0)
        self.out_there.append(post)
        if self.fails_with:
            raise self.fails_with.pop(0)
        return Receipt(id="1", url="https://fake.example/1", note="201 created")

    def find_existing(self, post: Post) -> Receipt | None:
        self.looks += 1
        if self.cannot_be_asked:
            raise NotImplementedError("a fake cannot be asked")
        if self.fails_looking_with:
            raise self.fails_looking_with.pop(0)
        found = [kept for kept in self.out_there if kept.url == post.url]
        return Receipt(id="1", url="https://fake.example/1") if found else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        return receipt

    def check(self) -> list[str]:
        return ["a fake is always well"]


@dataclass
class FakeMailing(FakeChannel):
    """Many readers. `refuses` names addresses; `before_dot` runs between mark and dot."""

    rate: float = 0
    refuses: dict[str, Exception] = field(default_factory=dict)
    ends_with: Exception | None = None
    ends_after: int = 0
    ignores_marks: bool = False

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        async for copy in copies:
            if self.ends_with and len(self.out_there) >= self.ends_after:
                raise self.ends_with
            assert copy.post.to is not None
            if error := self.refuses.get(copy.post.to.address):
                await settle(copy, error)
            elif await mark(copy) or self.ignores_marks:
                self.out_there.append(copy.post)
                await settle(copy, Receipt(id=f"<{copy.id}@fake>", note="250 queued"))

    def deliver(self, post: Post) -> Receipt:
        raise Refused("copies only")


def configured(name: str, channel: FakeChannel, *languages: str) -> Configured:
    """A fake as the configuration would have it."""
    return Configured(name=name, kind="fake", languages=languages or ("en",), channel=channel)


@dataclass
class Clock:
    """A time that goes on when it is told."""

    time: datetime = NOW

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **delta: float) -> None:
        self.time += timedelta(**delta)


def worker(
    engine: Engine,
    clock: Clock,
    name: str = "worker-1",
    lost: Callable[[str], bool] = lambda _: False,
    **channels: FakeChannel,
) -> Worker:
    """A worker of that name, with those channels and no process of its own."""
    return Worker(
        engine=engine,
        channels={name: configured(name, channel) for name, channel in channels.items()},
        name=name,
        unsubscribe="https://pages.example/unsubscribe/",
        lost=lost,
        now=clock,
    )


def work(me: Worker) -> None:
    """Do all that is due, once."""
    hints: list[Hint] = []
    publishing.sweep(me, hint=hints.append)
    for hint in hints:
        if hint.post:
            mailing.deliver_copies(hint.post, me)
        else:
            publishing.deliver(hint.delivery, me)
