"""The kills: who is met, by which signal, at a random moment or when a post was just taken."""

import random
import signal
import time
from collections.abc import Callable, Sequence
from signal import SIGKILL, SIGTERM

from tests.faults.crew import WORKING, Member, end, sockets_of
from tests.faults.faults import POST, Fault
from tests.faults.proxy import Trap
from tests.faults.scene import Scene, pick

READYING = 60.0  # seconds that a kill waits for somebody who is worth killing
PASSING = 15.0  # seconds that a kill lies in wait for a delivery
OUT = 60.0  # seconds after which a process that was asked to stop has failed to

Whom = Callable[[Member, int], Sequence[int]]


def _kill(
    scene: Scene,
    pids: Sequence[int],
    what: str,
    how: signal.Signals = SIGKILL,
    children: Sequence[int] = (),
) -> None:
    """Kill them, and with them `children` that do not outlive them."""
    if pids:
        lines = scene.world.lines({*pids, *children})
        end(pids, how)
        scene.note_kill(what, how.name, lines)


def _ready(scene: Scene, role: str) -> list[Member]:
    def found() -> list[Member]:
        return [member for member in scene.world.crew.named(role) if member.ready()]

    scene.until(lambda: bool(found()), READYING)
    return found() or scene.world.crew.named(role)


def _alone(member: Member, pid: int) -> Sequence[int]:
    return [pid]


def _whole(member: Member, pid: int) -> Sequence[int]:
    return member.family()


# --- at a random moment


def _child(scene: Scene, chance: random.Random) -> None:
    worker = chance.choice(_ready(scene, "worker"))
    children = worker.family()[1:]
    _kill(scene, [chance.choice(children)] if children else worker.family(), "a worker's child")


def _main_alone(scene: Scene, chance: random.Random) -> None:
    worker = chance.choice(_ready(scene, "worker"))
    family = worker.family()
    _kill(scene, [worker.pid], "a worker's main process", children=family)


def whole(role: str, what: str, how: signal.Signals) -> Callable[[Scene, random.Random], None]:
    """A kill of a process with all its children; SIGTERM goes to the first, as it should."""

    def strike(scene: Scene, chance: random.Random) -> None:
        member = chance.choice(_ready(scene, role))
        _kill(scene, member.family() if how is SIGKILL else [member.pid], what, how)

    return strike


def _everything(scene: Scene, chance: random.Random) -> None:
    scene.until(scene.world.crew.all_ready, READYING)
    pids = [pid for member in scene.world.crew.members for pid in member.family()]
    _kill(scene, pids, "everything")
    scene.await_comeback()


def _deploy(scene: Scene, chance: random.Random) -> None:
    """Ask everything to stop as a supervisor does, the broker last; then start it all again."""
    scene.until(scene.world.crew.all_ready, READYING)
    broker, *others = scene.world.crew.members
    begun = time.monotonic()
    scene.note_kill("everything, for a deploy", "SIGTERM", 0)
    end([member.pid for member in others if member.lives()], SIGTERM)
    while any(member.lives() for member in others) and time.monotonic() < begun + OUT:
        time.sleep(0.02)
    scene.stops.append(time.monotonic() - begun)
    end([broker.pid], SIGTERM)
    scene.await_comeback()


def _publish(scene: Scene, chance: random.Random) -> None:
    """Kill the command that publishes; whoever said it says it again."""
    number = int(chance.choice(list(scene.released))[-4:]) if scene.released else 1
    key = next((one for one in scene.released if one.endswith(f"{number:04d}")), "")
    command = scene.world.command("publish", key, "--no-wait")
    scene.rest(pick(chance, 0.3, 1.6))
    _kill(scene, [command.pid] if command.poll() is None else [], "a `publish`")
    scene.world.command("publish", key, "--no-wait")


# --- at the moment of a delivery


def at_delivery(what: str, whom: Whom) -> Callable[[Scene, random.Random], None]:
    """A kill of the process that sends, when the outside has taken a post and not yet said so."""

    def strike(scene: Scene, chance: random.Random) -> None:
        network = chance.choice(list(POST))
        met: list[int] = []

        def kill(port: int) -> None:
            families = scene.world.crew.families()
            working = [pid for pid, member in families.items() if member.role in WORKING]
            for pid in sockets_of(working, [port]):
                met.append(pid)
                _kill(scene, whom(families[pid], pid), f"{what}, at a delivery")
            scene.doubts += network == "email" and not met  # its line is cut all the same

        trap = Trap(after=POST[network], do="strike", then=kill)
        proxy = scene.world.proxies[network]
        proxy.set(trap)

        def give_up() -> None:
            if trap in proxy.traps:
                proxy.traps.remove(trap)
                _child(scene, chance)

        scene.later(PASSING, give_up)
        scene.traps.append((proxy, trap))

    return strike


def _fault(name: str, often: int, strike: Callable[[Scene, random.Random], None]) -> Fault:
    back = "it is started again at once"
    return Fault(name=name, does="", undoes=back, often=often, strike=strike)


KILLS = (
    _fault("child-at-delivery", 34, at_delivery("a worker's child", _alone)),
    _fault("worker-at-delivery", 8, at_delivery("a worker", _whole)),
    _fault("child", 24, _child),
    _fault("worker", 7, whole("worker", "a worker", SIGKILL)),
    _fault("worker-main", 3, _main_alone),
    _fault("worker-stopped", 5, whole("worker", "a worker", SIGTERM)),
    _fault("schedule", 4, whole("beat", "the schedule", SIGKILL)),
    _fault("schedule-stopped", 1, whole("beat", "the schedule", SIGTERM)),
    _fault("pages", 2, whole("web", "the pages", SIGKILL)),
    _fault("pages-stopped", 1, whole("web", "the pages", SIGTERM)),
    _fault("questions", 2, whole("questions", "the worker for questions", SIGKILL)),
    _fault("broker", 4, whole("broker", "the broker", SIGKILL)),
    _fault("publish", 2, _publish),
    _fault("everything", 2, _everything),
    _fault("deploy", 1, _deploy),
)
