"""`make prove-faults`: a server that refuses, defers, cuts lines and dawdles; where all ends."""

import argparse
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from publisher import wiring
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries, delivery_log
from tests.bench import newsroom, stores
from tests.proofs import judging
from tests.proofs.mailing import under_way

SHARES = {"refused": 0.01, "deferred": 0.05, "cut": 0.002, "lost": 0.001, "taken": 0.001}
SHARES |= {"slow": 0.01}


@dataclass(frozen=True, kw_only=True)
class End:
    """Where a reader's copy must end, and what the log must say on the way there.

    `said` is (state, words): a line of the log that moved to that state with those words in it.
    """

    state: str
    said: tuple[tuple[str, str], ...]


TAKEN = ("delivered", "250 2.0.0 taken")
IN_DOUBT = End(state="held", said=(("unsure", "after the end of <"), ("held", "Message-ID")))
GREYLISTED = ("pending", "451 4.7.1 greylisted, come again")
ENDS = {
    "reader": (End(state="delivered", said=(TAKEN,)),),
    "refused": (End(state="refused", said=(("refused", "550 5.1.1 no such user here"),)),),
    "deferred": (End(state="delivered", said=(GREYLISTED, TAKEN)),),
    # a cut that is heard of only once the dot has left cannot be told from one after it
    "cut": (End(state="delivered", said=(("pending", " "), TAKEN)), IN_DOUBT),
    "lost": (IN_DOUBT,),
    "taken": (IN_DOUBT,),
    "slow": (End(state="delivered", said=(("delivered", "taken, after a while"),)),),
}


def addresses(readers: int, chance: random.Random) -> Iterator[str]:
    """Readers whose mail meets all kinds of trouble, by `SHARES`. Greylisting is a domain's way."""
    for number in range(readers):
        drawn, fate = chance.random(), "reader"
        for name, share in SHARES.items():
            if drawn < share:
                fate = name
                break
            drawn -= share
        domain = "grey" if fate == "deferred" else "list"
        yield f"{fate}.{number}@{domain}{number % newsroom.DOMAINS}.example"


def wrong(engine: Engine) -> Iterator[str]:
    """The readers whose copies did not end where they must, or not with the server's words."""
    log = _logs(engine)
    for row in judging.rows(engine):
        said = log[row.recipient]
        ends = ENDS[row.recipient.partition(".")[0]]
        if not any(_is(end, row.state, said) for end in ends):
            yield f"{row.recipient} is {row.state}, and must be {ends}: {said}"


def _is(end: End, state: str, log: Sequence[tuple[str, str]]) -> bool:
    return state == end.state and all(
        any(now == wanted and words in why for now, why in log) for wanted, words in end.said
    )


def _logs(engine: Engine) -> dict[str, list[tuple[str, str]]]:
    c = delivery_log.c
    lines = select(deliveries.c.recipient, c.now, c.reason).join(deliveries).order_by(c.id)
    found: dict[str, list[tuple[str, str]]] = {}
    with reading(engine) as db:
        for recipient, now, reason in db.execute(lines):
            found.setdefault(recipient, []).append((now, reason))
    return found


def proved(asked: argparse.Namespace) -> bool:
    """One mailing to a faulty server; whether every reader ended where they must."""
    print(f"{asked.readers:,} readers on {asked.database}, seed {asked.seed}", flush=True)
    with under_way(
        addresses(asked.readers, random.Random(asked.seed)),
        channel={"connections": asked.connections, "when_unsure": "hold"},
        size=asked.size,
        workers=asked.workers,
        database=asked.database,
    ) as mailing:
        mailing.until(lambda: not mailing.unfinished())
        verdict, found = mailing.verdict(), list(wrong(wiring.engine()))
        ends = Counter((row.recipient.partition(".")[0], row.state) for row in _rows())
    for (fate, state), count in sorted(ends.items()):
        print(f"  {fate:<10} {state:<10} {count:>8,}")
    print("\n".join(judging.in_words(verdict)))
    print(f"not where they must be, or without the server's words: {len(found)}")
    print("\n".join(found[:20]))
    good = not (found or verdict.missing or verdict.false or verdict.doubled)
    print("The promise was kept." if good else "THE PROMISE WAS BROKEN.", flush=True)
    return good


def _rows() -> Sequence[judging.Row]:
    return judging.rows(wiring.engine())


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started ends with us
    parser = argparse.ArgumentParser(prog="make prove-faults", description=__doc__)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--size", type=int, default=40_000, help="bytes of a message")
    parser.add_argument("--database", choices=stores.KINDS, default="sqlite")
    sys.exit(0 if proved(parser.parse_args()) else 1)


if __name__ == "__main__":
    main()
