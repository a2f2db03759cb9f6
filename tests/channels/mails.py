"""Mails for tests: a channel to a server on this machine, readers, copies, and their outcomes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from channels.email import Email
from publisher.domain.channel import Copy, Post, Reader, Receipt

Outcomes = dict[int, Receipt | Exception]
Mark = Callable[[Copy], Awaitable[bool]]
Settle = Callable[[Copy, Receipt | Exception], Awaitable[None]]


def channel(port: int = 25, **settings: Any) -> Email:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "from_": "The Harbour Letter <letter@harbour.example>",
        "list_id": "letter.harbour.example",
        "bounce_address": "bounces@harbour.example",
        "timeout": 2,
        "end_timeout": settings.get("timeout") or 2,
    }
    return Email(**{**given, **settings})


def reader(number: int = 0) -> Reader:
    token = f"t{number:031}"
    return Reader(
        address=f"reader{number}@boats.example",
        token=token,
        unsubscribe_url=f"https://harbour.example/unsubscribe/{token}?a=1&b=2",
        bounce_token=f"b{number}",
    )


def copies(post: Post, count: int) -> list[Copy]:
    return [Copy(id=n, post=replace(post, to=reader(n))) for n in range(count)]


async def handed_out(these: list[Copy]) -> AsyncIterator[Copy]:
    while these:
        yield these.pop(0)


async def yes(_: Copy) -> bool:
    return True


def send(mail: Email, these: list[Copy], *, mark: Mark = yes) -> Outcomes:
    """Deliver copies; what stays in `these` was never asked for. Each is settled only once."""
    outcomes: Outcomes = {}

    async def settle(copy: Copy, outcome: Receipt | Exception) -> None:
        assert copy.id not in outcomes
        outcomes[copy.id] = outcome

    asyncio.run(mail.deliver_each(handed_out(these), mark=mark, settle=settle))
    return outcomes
