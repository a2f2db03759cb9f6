"""A mailing under way in real processes, to a server that writes down what it takes."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from publisher import embedded, wiring
from publisher.embedded import Process
from tests.bench import newsroom, stores
from tests.proofs import judging
from tests.proofs.judging import Verdict
from tests.proofs.outside import Outside, outside

TICK = 0.01
PATIENCE = 180.0  # seconds without a mail or a decision before it is given up
UNFINISHED = ("pending", "sending", "unsure")


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """What is under way: the server, and the workers."""

    at: Outside
    workers: Sequence[Process]

    def unfinished(self) -> int:
        """How many readers' copies are still to be decided about."""
        states = newsroom.states()
        return sum(states.get(state, 0) for state in UNFINISHED)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait, as long as something happens."""
        last, moved = (0, 0), time.monotonic()
        while not true() and time.monotonic() < moved + PATIENCE:
            time.sleep(TICK)
            now = (self.at.taken(), self.unfinished() if time.monotonic() > moved + 5 else last[1])
            if now != last:
                last, moved = now, time.monotonic()

    def verdict(self) -> Verdict:
        """The server's record against the store's."""
        return judging.judged(judging.receipts(self.at.record), judging.rows(wiring.engine()))


@contextmanager
def under_way(
    addresses: Iterator[str],
    *,
    channel: Mapping[str, object],
    size: int,
    workers: int,
    database: str,
) -> Iterator[Mailing]:
    """Begin to send an issue to these readers; broker, schedule and workers end with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="publisher-proof-")))
        store = stack.enter_context(stores.opened(database, folder))
        at = stack.enter_context(outside(folder))
        opened = newsroom.opened(folder, port=at.port, database=store.address, channel=channel)
        room = stack.enter_context(opened)
        newsroom.sign_up(addresses)
        newsroom.plan(newsroom.issue(room, size=size))
        log = stack.enter_context((folder / "proof.log").open("ab"))
        crew = newsroom.crew(room, log, workers=workers)
        stack.enter_context(embedded.running(crew, room.state))
        wiring.sweep()
        yield Mailing(at=at, workers=[p for p in crew if p.name.startswith("worker")])
