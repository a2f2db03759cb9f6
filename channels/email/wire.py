"""Many mails over a few kept lines: each marked before its dot, and settled once.

Where the server takes commands together (RFC 2920), a mail's final dot and the commands of the
next go out in one write, if the next is at hand; a dot never waits for one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from channels.email.conversation import Step, Worn, ask, end, offer, steps, taken
from channels.email.feed import Feed
from channels.email.line import Line, Server, close_line, open_line
from channels.email.message import Parcel
from channels.email.talk import Gone
from publisher.domain.channel import (
    ChannelError,
    Copy,
    Post,
    Receipt,
    Refused,
    TryLater,
)

Pack = Callable[[Post], Parcel]
Mark = Callable[[Copy], Awaitable[bool]]
Settle = Callable[[Copy, Receipt | Exception], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Round:
    """One run over copies, shared by its lines."""

    server: Server
    feed: Feed
    pack: Pack
    mark: Mark
    settle: Settle


@dataclass(kw_only=True)
class Carrier:
    """Who sends copies over one line at a time.

    `due` is the copy that is out and marked but for its dot, `again` one whose line was at its
    end before it heard of it. `ordered`: a copy is being fetched for this carrier.
    """

    line: Line | None = None
    again: Copy | None = None
    due: tuple[Copy, Parcel] | None = None
    ordered: bool = False


async def send_one(server: Server, parcel: Parcel) -> Receipt:
    """Send one mail over a line of its own. Raises as `open_line`, `offer` and `taken` do."""
    line = await open_line(server)
    try:
        asked = steps(line, parcel)
        await offer(line, parcel, asked, waiting=_together(line, asked))
        end(line, parcel, following=[])
        return await taken(line, parcel)
    except asyncio.CancelledError:
        line.talk.end("cancelled")
        raise
    finally:
        await close_line(line)


def _together(line: Line, asked: list[Step]) -> bool:
    """Ask all at once where the server allows it; whether it does."""
    if not line.offers.pipelining:
        return False
    with suppress(Gone):  # `offer` meets that again, and names it
        ask(line, asked)
    return True


async def send_each(
    server: Server,
    copies: AsyncIterator[Copy],
    *,
    connections: int,
    pack: Pack,
    mark: Mark,
    settle: Settle,
) -> None:
    """Send copies over up to `connections` lines; see `Mailing.deliver_each`.

    A line that cannot be opened settles the copy in hand as TryLater and is given up; when all
    are, this returns and leaves the other copies where they are. After a failure (Disconnected,
    or whatever `mark` and `settle` raise) copies under way are finished, then it is raised.
    """
    feed = Feed(source=copies)
    round_ = Round(server=server, feed=feed, pack=pack, mark=mark, settle=settle)
    fetching = asyncio.create_task(feed.run())
    try:
        await asyncio.gather(*(_carry(round_) for _ in range(connections)))
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
    if feed.failure is not None:
        raise feed.failure


async def _carry(round_: Round) -> None:
    carrier = Carrier()
    try:
        while await _carried_on(round_, carrier):
            pass
    except BaseException as error:
        if carrier.line is not None:
            carrier.line.talk.end("cut by us")
        if not isinstance(error, Exception):
            raise
        round_.feed.failure = round_.feed.failure or error  # raised once all lines rest
        round_.feed.stop()
    finally:
        if carrier.line is not None:
            await close_line(carrier.line)


async def _carried_on(round_: Round, carrier: Carrier) -> bool:
    """End the copy that is due, begin the next; whether there may be more to do."""
    copy = await _next_copy(round_.feed, carrier)
    if copy is None:
        return await _end_due(round_, carrier, following=[])
    try:
        line = await _usable(round_.server, carrier)
    except TryLater as error:
        await round_.settle(copy, error)
        return False
    try:
        parcel = round_.pack(copy.post)
        asked = steps(line, parcel)
    except Exception as error:  # noqa: BLE001  the caller names what is no ChannelError a bug
        await _end_due(round_, carrier, following=[])
        await round_.settle(copy, error)
        return True
    if line.offers.pipelining:
        _order(round_.feed, carrier)  # so that one is at hand when this copy's dot is due
    waiting = await _end_due(round_, carrier, following=asked) or _together(line, asked)
    try:
        await offer(line, parcel, asked, waiting=waiting)
    except Worn:
        carrier.again = copy
        return True
    except (TryLater, Refused) as error:
        await round_.settle(copy, error)
        return True
    await _mark(round_, carrier, line, copy, parcel)
    return True


async def _mark(round_: Round, carrier: Carrier, line: Line, copy: Copy, parcel: Parcel) -> None:
    """Have the copy marked, which then is due; hang up where it must not be ended."""
    if round_.feed.failure is None and await round_.mark(copy):
        carrier.due = (copy, parcel)
    else:
        line.talk.end("cut by us: the copy is not ours to end")


async def _next_copy(feed: Feed, carrier: Carrier) -> Copy | None:
    """The next copy to begin; with one due only if it is at hand and may follow on this line."""
    if carrier.due is not None:
        line = carrier.line
        follows = line is not None and line.offers.pipelining and line.usable
        copy = feed.at_hand() if follows else None
    elif carrier.again is not None and feed.failure is None:
        copy, carrier.again = carrier.again, None
        return copy
    else:
        _order(feed, carrier)
        copy = await feed.next()
    carrier.ordered = carrier.ordered and copy is None
    return copy


def _order(feed: Feed, carrier: Carrier) -> None:
    if not carrier.ordered:
        feed.order()
        carrier.ordered = True


async def _end_due(round_: Round, carrier: Carrier, *, following: list[Step]) -> bool:
    """Send the dot that is due, the next mail's commands with it; False when none was due."""
    if carrier.due is None or carrier.line is None:
        return False
    (copy, parcel), carrier.due = carrier.due, None
    outcome: Receipt | ChannelError
    try:
        end(carrier.line, parcel, following=following)
        outcome = await taken(carrier.line, parcel)
    except ChannelError as error:
        outcome = error
    await round_.settle(copy, outcome)
    return True


async def _usable(server: Server, carrier: Carrier) -> Line:
    line = carrier.line
    if line is not None and (carrier.due or (line.usable and not line.rested)):
        return line
    if line is not None:
        await close_line(line)
    carrier.line = None
    carrier.line = await open_line(server)
    return carrier.line
