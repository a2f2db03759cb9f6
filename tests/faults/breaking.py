"""One run: issues go out while everything breaks; then all is healed, and judged."""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import oracle
from tests.faults.faults import Fault, named
from tests.faults.kills import KILLS
from tests.faults.oracle import Verdict
from tests.faults.scene import Scene
from tests.faults.schedule import Step, drawn
from tests.faults.world import Shape, world

LAST = 30.0  # seconds that kills may still lie in wait when everything else is over
RECOVERY = 600.0  # seconds after which what is not settled counts as broken
TOLD = 20  # steps between two words on how far it has come


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A run to be made: `faults` besides kills, of these names only if any are given."""

    seed: int
    releases: int
    kills: int
    faults: int
    only: tuple[str, ...] = ()
    pause: float = 1.0
    long: bool = False
    shape: Shape = field(default_factory=Shape)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a run came to. Times in seconds; `settled` is from the last fault's end."""

    wanted: Wanted
    verdict: Verdict
    struck: Counter[str]
    killed: Counter[tuple[str, str]]
    doubts: int
    retries: int
    comebacks: Sequence[float]
    stops: Sequence[float]
    lasted: float
    settled: float
    odd: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the promise was kept: mail is in doubt no more often than it may be."""
        found, resends = self.verdict, self.wanted.shape.when_unsure == "resend"
        twice = [place for place in found.doubled if " readers " in place] if resends else []
        doubtful = len(found.held) + len(twice) <= self.doubts
        once = len(twice) == len(found.doubled)
        sound = not (found.lost or found.unfinished or found.untrue or self.odd)
        return sound and once and doubtful


def known(database: str) -> dict[str, Fault]:
    """Every kill and other fault, by name."""
    return {fault.name: fault for fault in KILLS} | named(database)


def steps(wanted: Wanted) -> list[Step]:
    """The schedule of a run."""

    def often(faults: Sequence[Fault]) -> dict[str, int]:
        return {f.name: f.often for f in faults if not wanted.only or f.name in wanted.only}

    kills, others = often(KILLS), often(list(named(wanted.shape.database).values()))
    return drawn(
        seed=wanted.seed,
        releases=wanted.releases,
        kills=kills,
        killed=wanted.kills,
        others=others,
        troubled=wanted.faults,
        pause=wanted.pause,
    )


def broken(wanted: Wanted, tell: Callable[[str], object]) -> Ended:
    """Make a run in a folder of its own, and judge it."""
    with (
        tempfile.TemporaryDirectory(prefix="publisher-faults-") as folder,
        world(wanted.shape, Path(folder)) as made,
    ):
        scene = Scene(world=made, long=wanted.long)
        begun = time.monotonic()
        struck = _through(scene, steps(wanted), tell)
        _make_up(scene, wanted)
        lasted = time.monotonic() - begun
        settled = _settled(scene, tell)
        verdict, odd = _judged(scene)
        ended = Ended(
            wanted=wanted,
            verdict=verdict,
            struck=struck,
            killed=Counter((one.what, one.how) for one in scene.killed),
            doubts=scene.doubts,
            retries=scene.retries,
            comebacks=tuple(scene.comebacks),
            stops=tuple(scene.stops),
            lasted=lasted,
            settled=settled,
            odd=odd,
        )
        if not ended.kept:
            tell(f"what the processes said: {_keep(made.folder, wanted.seed)}")
        return ended


def _through(scene: Scene, schedule: Sequence[Step], tell: Callable[[str], object]) -> Counter[str]:
    """Let everything in the schedule happen; what struck, by name."""
    faults, struck = known(scene.world.shape.database), Counter[str]()
    for number, step in enumerate(schedule, 1):
        scene.rest(step.pause)
        if step.issue:
            scene.release(step.issue, step.way)
        else:
            faults[step.fault].strike(scene, random.Random(step.seed))
            struck[step.fault] += 1
        if number % TOLD == 0:
            tell(_progress(scene, number, len(schedule)))
    scene.until(lambda: not scene.waiting, LAST)
    return struck


def _make_up(scene: Scene, wanted: Wanted) -> None:
    """Kill in the place of kills that found nobody there any more."""
    chance, [again] = random.Random(wanted.seed), [one for one in KILLS if one.name == "child"]
    end = time.monotonic() + LAST
    while len(scene.killed) < wanted.kills and time.monotonic() < end:
        again.strike(scene, chance)
        scene.rest(wanted.pause)


def _progress(scene: Scene, number: int, of: int) -> str:
    states = Counter(copy.state for copy in scene.copies())
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    done = f"{len(scene.killed)} kills, {len(scene.released)} issues"
    return f"  {number} of {of} events, {done}; {told}"


def _settled(scene: Scene, tell: Callable[[str], object]) -> float:
    """Heal everything, and let the service recover; the seconds that took."""
    scene.heal()
    begun = time.monotonic()
    tell("all faults are over")
    scene.until(lambda: not scene.unfinished(), RECOVERY)
    return time.monotonic() - begun


def _judged(scene: Scene) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict of the outside's record, and what the program's own audit finds odd."""
    made = scene.world
    out = oracle.outside(made.record, made.feed)
    verdict = oracle.judged(out, oracle.rows(made.engine), scene.released)
    resends = ["readers"] if made.shape.when_unsure == "resend" else []
    return verdict, tuple(oracle.odd(made.engine, out, resends=resends))


def _keep(folder: Path, seed: int) -> Path:
    """Keep what is needed to find out why: the store, the record and the logs."""
    kept = Path(tempfile.mkdtemp(prefix=f"publisher-broken-{seed}-"))
    for path in folder.iterdir():
        if path.is_file():
            (kept / path.name).write_bytes(path.read_bytes())
    return kept
