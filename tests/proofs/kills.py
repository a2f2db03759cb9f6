"""`make prove-kills`: workers killed at random moments of a mailing, and who then has it."""

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from publisher.embedded import Process
from tests.bench import newsroom, spent, stores
from tests.proofs import judging
from tests.proofs.judging import Verdict
from tests.proofs.mailing import PATIENCE, TICK, Mailing, under_way


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to prove: `kills` over a list of `readers`, under each policy of `when_unsure`."""

    readers: int
    kills: int
    seed: int
    workers: int
    connections: int
    size: int
    database: str
    policies: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Kill:
    """After how many mails it came, what it met, and how many connections were open there."""

    taken: int
    met: str
    lines: int


def wanted(words: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="make prove-kills", description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--size", type=int, default=40_000, help="bytes of a message")
    parser.add_argument("--database", choices=stores.KINDS, default="sqlite")
    parser.add_argument("--policies", nargs="+", default=["hold", "resend"])
    found = vars(parser.parse_args(words))
    return Wanted(**{**found, "policies": tuple(found["policies"])})


def killed(wanted: Wanted, mailing: Mailing, chance: random.Random) -> list[Kill]:
    """Kill workers at random moments of the mailing; start again those that are gone."""
    moments = sorted(chance.sample(range(wanted.readers * 49 // 50), wanted.kills))
    kills = []
    for moment in moments:
        while mailing.at.taken() < moment and mailing.unfinished():
            time.sleep(TICK)
        time.sleep(chance.random() / 10)
        if kill := _kill(mailing, whole=chance.random() < 0.5):
            kills.append(kill)
            print(f"  after {kill.taken:,} mails: {kill.met}, {kill.lines} lines open", flush=True)
    return kills


def _kill(mailing: Mailing, *, whole: bool) -> Kill | None:
    """Kill the child that sends, or its whole worker; None when the mailing is over."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and mailing.unfinished():
        for worker in mailing.workers:
            lines = mailing.at.lines_of(spent.family(_pid(worker)))
            if lines:
                taken = mailing.at.taken()
                _end(worker, spent.family(_pid(worker)) if whole else list(lines))
                met = f"{worker.name}{'' if whole else ', the child that sends'}"
                return Kill(taken=taken, met=met, lines=sum(lines.values()))
        time.sleep(TICK)
    return None


def _end(worker: Process, pids: Sequence[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    if worker.popen and worker.popen.pid in pids:
        worker.popen.wait()
        worker.start()


def _pid(process: Process) -> int:
    return process.popen.pid if process.popen else 0


def proved(wanted: Wanted, policy: str) -> bool:
    """One mailing with kills under a policy; whether it kept the promise."""
    print(f"\nwhen_unsure = {policy}, {wanted.workers} worker(s), seed {wanted.seed}", flush=True)
    with under_way(
        (newsroom.address(number) for number in range(wanted.readers)),
        channel={"connections": wanted.connections, "when_unsure": policy},
        size=wanted.size,
        workers=wanted.workers,
        database=wanted.database,
    ) as mailing:
        kills = killed(wanted, mailing, random.Random(wanted.seed))
        mailing.until(lambda: not mailing.unfinished())
        left, verdict = mailing.unfinished(), mailing.verdict()
    if left:
        print(f"{left} readers' copies were not decided about in time")
    return _told(verdict, kills, policy) and not left


def _told(verdict: Verdict, kills: Sequence[Kill], policy: str) -> bool:
    lines = sum(kill.lines for kill in kills)
    print("\n".join(judging.in_words(verdict)))
    print(f"{len(kills)} kills met {lines} open connections")
    broken = {
        "hold": bool(verdict.doubled) or len(verdict.held) > lines,
        "resend": len(verdict.doubled) > lines or bool(verdict.held),
    }[policy]
    good = not (broken or verdict.missing or verdict.false)
    print("The promise was kept." if good else "THE PROMISE WAS BROKEN.", flush=True)
    return good


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started ends with us
    asked = wanted(sys.argv[1:])
    kept = [proved(asked, policy) for policy in asked.policies]
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
