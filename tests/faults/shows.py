"""Single promises, shown one by one: `make faults FAULTS="--show triggers,flush,stop"`."""

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from signal import SIGTERM

import redis
from sqlalchemy import func, select

from publisher import wiring
from publisher.storage.engine import reading
from publisher.storage.schema import delivery_log
from tests.faults import oracle
from tests.faults.crew import end
from tests.faults.faults import POST
from tests.faults.oracle import Verdict, key
from tests.faults.proxy import Trap
from tests.faults.scene import Scene
from tests.faults.world import NETWORKS, Shape, World, world

SWEEP = 2.0  # seconds between two of the schedule's sweeps
HOUR = 3600.0
PATIENCE = 300.0  # seconds after which it is given up
PLANNED = re.compile(r"^(\d+) deliver(?:y|ies) planned\.$", re.MULTILINE)
BEFORE = "Everything was planned before; nothing is sent twice."
STOPPING = 25.0  # seconds in which whoever is asked to stop is out


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one of the shows came to, in words, and whether it is as promised."""

    name: str
    words: Sequence[str]
    good: bool


@contextmanager
def _scene(shape: Shape) -> Iterator[Scene]:
    with (
        tempfile.TemporaryDirectory(prefix="publisher-show-") as folder,
        world(replace(shape, every=HOUR), Path(folder)) as made,
    ):
        yield Scene(world=made)


def _verdict(scene: Scene) -> Verdict:
    made = scene.world
    out = oracle.outside(made.record, made.feed)
    return oracle.judged(out, oracle.rows(made.engine), scene.released)


def _written(scene: Scene, count: int) -> list[str]:
    """So many issues beside the source, for a command that names them."""
    scene.released = {key(number): time.monotonic() for number in range(1, count + 1)}
    return [str(scene.world.write(number)) for number in range(1, count + 1)]


# --- a hundred equal triggers


def triggers(shape: Shape, count: int) -> Shown:
    """Say `publish` of one issue a hundred times at once, and look whether each answer is true."""
    with _scene(shape) as scene:
        [path] = _written(scene, 1)
        answers = _said_together(scene.world, count, ["publish", path, "--no-wait"])
        scene.until(lambda: not scene.unfinished(), PATIENCE)
        verdict = _verdict(scene)
    new = [int(found[1]) for _, text in answers if (found := PLANNED.search(text))]
    told = Counter(f"{code}: {' '.join(text.splitlines())}" for code, text in answers)
    true = sum(new) == verdict.planned and all(_true(code, text) for code, text in answers)
    return Shown(
        name=f"{count} simultaneous `publish` of one issue",
        words=[
            *(f"{times} × exit code {answer}" for answer, times in told.most_common()),
            f"{verdict.planned} deliveries planned, {verdict.out} posts and mails out there",
        ],
        good=true and verdict.kept and not verdict.held and len(answers) == count,
    )


def _said_together(made: World, count: int, words: Sequence[str]) -> list[tuple[int, str]]:
    """The exit code and the words of each of so many equal commands."""
    folder = made.folder / "answers"
    folder.mkdir()
    together = [sys.executable, "-m", "tests.faults.together", str(count), str(folder), *words]
    subprocess.run(together, check=True, timeout=PATIENCE)
    return [
        (int((folder / f"{n}.code").read_text()), (folder / f"{n}.txt").read_text())
        for n in range(count)
    ]


def _true(code: int, text: str) -> bool:
    """Whether an answer is one of those that may be given: planned by it, or before it."""
    return code == 0 and (BEFORE in text or PLANNED.search(text) is not None)


# --- a broker that forgets


def flush(shape: Shape, count: int) -> Shown:
    """Empty the broker in the middle of many issues; how long nothing is delivered for that."""
    with _scene(shape) as scene:
        paths = _written(scene, count)
        scene.world.command("publish", *paths, "--no-wait")
        wanted = count * (4 + shape.readers)
        scene.until(lambda: _delivered(scene) >= wanted // 4, PATIENCE)
        before, begun = _delivered(scene), time.monotonic()
        with closing(redis.Redis.from_url(scene.world.broker_url)) as broker:
            broker.flushall()
        heard = _progress(scene, wanted)
        took, verdict = time.monotonic() - begun, _verdict(scene)
    silent = max(after - before for before, after in pairwise([begun, *heard, begun + took]))
    return Shown(
        name=f"the broker flushed in the middle of {count} issues",
        words=[
            f"{before} of {wanted} were delivered when it forgot the rest",
            f"all delivered {took:.1f} s later",
            f"longest without a delivery: {silent:.1f} s, which is {silent / SWEEP:.1f} sweeps",
        ],
        good=silent <= 2 * SWEEP and verdict.kept and not verdict.held,
    )


def _progress(scene: Scene, wanted: int) -> list[float]:
    """The moments at which more was delivered than before, until all is."""
    heard, count = [time.monotonic()], _delivered(scene)

    def all_there() -> bool:
        nonlocal count
        if (now := _delivered(scene)) > count:
            count = now
            heard.append(time.monotonic())
        return count >= wanted

    scene.until(all_there, PATIENCE)
    return heard


def _delivered(scene: Scene) -> int:
    return sum(copy.state == "delivered" for copy in scene.copies())


# --- asked to stop


def stop(shape: Shape, count: int) -> Shown:
    """Ask everything to stop while a mailing and slow networks are in full flight."""
    with _scene(replace(shape, readers=count)) as scene:
        for network in NETWORKS:
            scene.world.proxies[network].set(Trap(after=POST[network], do="delay", seconds=4.0))
        [path] = _written(scene, 1)
        scene.world.command("publish", path, "--no-wait")
        scene.until(lambda: scene.world.posted() > count // 10, PATIENCE)
        begun, taken = time.monotonic(), scene.world.posted()
        _, *others = scene.world.crew.members
        end([member.pid for member in others], SIGTERM)
        while any(member.lives() for member in others) and time.monotonic() < begun + PATIENCE:
            time.sleep(0.02)
        took, doubts = time.monotonic() - begun, _doubts(scene)
        scene.until(lambda: not scene.unfinished(), PATIENCE)
        doubts, verdict = max(doubts, _doubts(scene)), _verdict(scene)
    return Shown(
        name=f"SIGTERM to everything in the middle of {count} mails and three slow networks",
        words=[
            f"{taken} posts and mails were out when it came",
            f"all were out of the way after {took:.1f} s, {doubts} deliveries in doubt",
        ],
        good=took <= STOPPING and not doubts and verdict.kept and not verdict.held,
    )


def _doubts(scene: Scene) -> int:
    """How often anything was in doubt, by the log."""
    unsure = select(func.count()).where(delivery_log.c.now == "unsure")
    with reading(wiring.engine()) as db:
        return db.scalar(unsure) or 0


SHOWS: Mapping[str, tuple[Callable[[Shape, int], Shown], int]] = {
    "triggers": (triggers, 100),
    "flush": (flush, 50),
    "stop": (stop, 200),
}


def shown(name: str, shape: Shape) -> Shown:
    """Make one of the shows, with as many of whatever it is about as it is promised for."""
    show, count = SHOWS[name]
    return show(shape, count)
