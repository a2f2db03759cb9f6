"""Copies on their way to several lines: fetched when ordered, and never a line kept waiting."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from publisher.domain.channel import Copy


@dataclass(kw_only=True)
class Feed:
    """One source of copies for several lines. `run` fetches them, one for every order.

    Only `run` steps the source, so that no line that is cut can stop it half-way.
    """

    source: AsyncIterator[Copy]
    failure: Exception | None = None
    _at_hand: deque[Copy] = field(default_factory=deque)
    _orders: int = 0
    _over: bool = False
    _ordered: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def run(self) -> None:
        """Fetch what is ordered until the source has no more."""
        try:
            while not self._over:
                await self._ordered.wait()
                copy = await anext(self.source, None)
                if copy is None:
                    break
                self._at_hand.append(copy)
                self._orders -= 1
                if self._orders <= 0:
                    self._ordered.clear()
                self._wake()
        except Exception as error:  # noqa: BLE001  who asks for the next copy has it
            self.failure = self.failure or error
        finally:
            self.stop()

    def stop(self) -> None:
        """Give out no more than what is at hand."""
        self._over = True
        while self._waiting:
            self._wake()

    def order(self) -> None:
        """Have one more copy fetched."""
        self._orders += 1
        self._ordered.set()

    def at_hand(self) -> Copy | None:
        """A copy that was fetched, if there is one just now."""
        return self._at_hand.popleft() if self._at_hand and self.failure is None else None

    async def next(self) -> Copy | None:
        """The next copy; None when there are no more. One must have been ordered."""
        while True:
            if copy := self.at_hand():
                return copy
            if self._over or self.failure is not None:
                return None
            coming: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(coming)
            await coming

    def _wake(self) -> None:
        if self._waiting and not (first := self._waiting.popleft()).done():
            first.set_result(None)
