"""What breaks besides answers: frozen processes, a forgetful broker, a store that refuses."""

import json
import random
import resource
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import cast

import redis
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from publisher import queue, wiring
from publisher.storage.engine import reading
from publisher.storage.schema import deliveries, posts
from publisher.storage.waiting import Hint
from tests.faults.crew import end
from tests.faults.scene import Scene, pick
from tests.faults.world import CHANNELS, NETWORKS

UNLIMITED = resource.RLIM_INFINITY
COPIES = 3
PREFIX = "publisher:"

Strike = Callable[[Scene, random.Random], None]

# --- processes


def freeze(scene: Scene, chance: random.Random) -> None:
    """Stop a worker with all its children for seconds."""
    pids = chance.choice(scene.world.crew.named("worker")).family()
    _freeze(scene, pids, pick(chance, 1, 5))


def freeze_broker(scene: Scene, chance: random.Random) -> None:
    _freeze(scene, scene.world.crew.one("broker").family(), pick(chance, 1, 4))


def _freeze(scene: Scene, pids: list[int], seconds: float) -> None:
    end(pids, SIGSTOP)
    scene.later(seconds, lambda: end(pids, SIGCONT))


def clock(scene: Scene, chance: random.Random) -> None:
    """Start a worker again with a clock of its own; the start after that is as usual."""
    worker = chance.choice(scene.world.crew.named("worker"))
    usual, shift = worker.process.command, round(pick(chance, -20, 20), 3)
    if "celery" not in usual:
        return
    place = list(usual).index("celery")
    worker.process.command = [
        *usual[:place], "tests.faults.clock", str(shift), *usual[place + 1 :]
    ]  # fmt: skip

    def usual_again() -> None:
        worker.process.command = usual
        _end_worker(scene, worker.family())

    _end_worker(scene, worker.family())
    scene.later(pick(chance, 10, 20), usual_again)


def _end_worker(scene: Scene, pids: list[int]) -> None:
    lines = scene.world.lines(pids)
    end(pids, SIGKILL)
    scene.note_kill("a worker, for another clock", "SIGKILL", lines)


def operators(scene: Scene, chance: random.Random) -> None:
    """Let two people say `retry` of one issue at the same moment."""
    if not scene.released:
        return
    issue, barrier = chance.choice(list(scene.released)), threading.Barrier(2)

    def say() -> None:
        barrier.wait(timeout=10)
        with suppress(DBAPIError):  # they are told, and would say it again
            scene.world.retry(issue, CHANNELS)

    people = [threading.Thread(target=say) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join(timeout=60)


# --- the broker


def _broker(scene: Scene) -> redis.Redis:
    return redis.Redis.from_url(scene.world.broker_url, socket_timeout=2)


def flush(scene: Scene, chance: random.Random) -> None:
    with closing(_broker(scene)) as broker, suppress(redis.RedisError):
        broker.flushall()


def broker_gone(scene: Scene, chance: random.Random) -> None:
    """Kill the broker, and let it stay away; a minute in a long run."""
    broker = scene.world.crew.one("broker")
    away = 60.0 if scene.long else pick(chance, 3, 8)
    broker.away_until = time.monotonic() + away
    end(broker.family(), SIGKILL)
    scene.note_kill("the broker, for a while", "SIGKILL", 0)


def double(scene: Scene, chance: random.Random) -> None:
    """Say again, in any order, whatever is in the queues and in the workers' hands."""
    with closing(_broker(scene)) as broker, suppress(redis.RedisError):
        found = [(name, one) for name in _queues(broker) for one in broker.lrange(name, 0, -1)]
        for held in broker.hvals(f"{PREFIX}unacked"):
            message, _, name = json.loads(held)
            found.append((f"{PREFIX}{name}".encode(), json.dumps(message).encode()))
        copies = found * COPIES
        chance.shuffle(copies)
        for name, message in copies:
            broker.lpush(name, message)


def _queues(broker: redis.Redis) -> list[bytes]:
    names = cast(list[bytes], broker.keys(f"{PREFIX}*"))
    return [name for name in names if broker.type(name) == b"list"]


def stale(scene: Scene, chance: random.Random) -> None:
    """Hint at deliveries and posts of any age, and at some that never were."""
    with reading(scene.world.engine) as db:
        known = [Hint(delivery=id) for id in db.scalars(select(deliveries.c.id))]
        known += [Hint(post=id) for id in db.scalars(select(posts.c.id))]
    never = [Hint(delivery=10**6), Hint(post=10**6), Hint(ask=10**6)]
    for hint in [*chance.sample(known, min(20, len(known))), *never]:
        if not queue.give(wiring.broker(), hint):
            return


# --- the store


def lock(scene: Scene, chance: random.Random) -> None:
    """Hold the store's write lock, as another program might."""
    path = scene.world.store.address.removeprefix("sqlite:///")
    seconds = 35.0 if scene.long else pick(chance, 1, 4)

    def hold() -> None:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
            db.execute("begin exclusive")
            time.sleep(seconds)
            db.execute("rollback")

    threading.Thread(target=hold, daemon=True).start()


def full_disk(scene: Scene, chance: random.Random) -> None:
    """Let no file that a worker's processes write grow or change, as on a full disk."""
    pids = chance.choice(scene.world.crew.named("worker")).family()
    scene.doubts += scene.world.lines(pids)
    _limit(pids, 0)

    def room() -> None:
        scene.doubts += scene.world.lines(pids)
        _limit(pids, UNLIMITED)

    scene.later(pick(chance, 1, 4), room)


def _limit(pids: list[int], most: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, UNLIMITED))


def backends(scene: Scene, chance: random.Random) -> None:
    others = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
    _say(scene, f"{others} and backend_type = 'client backend'")


def store_crash(scene: Scene, chance: random.Random) -> None:
    """Kill a process of the database's: it ends all others, and recovers from its journal."""
    [pids] = [_say(scene, "select pid from pg_stat_activity where backend_type = 'client backend'")]
    end([chance.choice(pids)] if pids else [], SIGKILL)


def read_only(scene: Scene, chance: random.Random) -> None:
    _read_only(scene, "on")
    scene.later(pick(chance, 1, 4), lambda: _read_only(scene, "off"))


def _read_only(scene: Scene, value: str) -> None:
    _say(scene, f"alter system set default_transaction_read_only = {value}")
    _say(scene, "select pg_reload_conf()")


def _say(scene: Scene, words: str) -> list[int]:
    """Say something to the database server, as its owner; the first column of the answer."""
    engine = create_engine(scene.world.store.address, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as db:
            answer = db.execute(text(words))
            return [row[0] for row in answer] if answer.returns_rows else []
    except DBAPIError:
        return []  # it is in the middle of another fault
    finally:
        engine.dispose()


# --- the outside


def gone(scene: Scene, chance: random.Random) -> None:
    """Cut every line to a network or the mail server, and take no new one for seconds."""
    name = chance.choice([*NETWORKS, "email"])
    proxy = scene.world.proxies[name]
    scene.doubts += len(proxy.ports()) if name == "email" else 0
    proxy.block()
    scene.later(pick(chance, 1, 5), proxy.open)


def told(network: str, do: str) -> Strike:
    """Have a stand-in do something wrong by itself, once."""

    def strike(scene: Scene, chance: random.Random) -> None:
        scene.world.outside.fail_next(network, do)

    return strike


def refuse(scene: Scene, chance: random.Random) -> None:
    scene.world.outside.fail_next(chance.choice(NETWORKS), "refuse")


def revoke(scene: Scene, chance: random.Random) -> None:
    """Turn down who comes, for seconds; then all is well, and an operator says `retry`."""
    network = chance.choice([*NETWORKS, "email"])
    scene.world.outside.fail_next(network, "unauthorized", times=3)
    scene.later(pick(chance, 3, 8), lambda: scene.world.outside.heal(network))
