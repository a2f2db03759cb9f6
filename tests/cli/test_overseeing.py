"""Who is replaced by `publisher up`, and who is not."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from publisher.cli.overseeing import LOOK, Oversight, Seen
from publisher.embedded import Process
from publisher.signs import QUIET
from tests.publisher.fakes import NOW

SLEEP = ["/bin/sleep", "60"]


@dataclass
class World:
    """A worker and a schedule that sleep, and what the store and the broker say of them."""

    worker: Process
    beat: Process
    said: list[str] = field(default_factory=list)
    now: float = 0.0
    broker: str = ""
    store: str = ""
    breathing: tuple[str, ...] = ("worker", "beat")
    oversight: Oversight | None = None

    def look(self) -> Seen:
        if self.store:
            raise OperationalError("INSERT", {}, Exception(self.store))
        living = [p for p in (self.worker, self.beat) if p.name in self.breathing]
        at = NOW + timedelta(seconds=self.now)
        return Seen(signs={p.popen.pid: at for p in living if p.popen}, busy=False)

    def passes(self, seconds: float) -> None:
        """Let time go by, with a look every few seconds."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOK
            assert self.oversight
            self.oversight.tick()


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Process("worker", SLEEP, env={}), Process("beat", SLEEP, env={}))
    made.oversight = Oversight(
        processes=[made.worker, made.beat],
        look=made.look,
        broker_trouble=lambda: made.broker,
        say=made.said.append,
        clock=lambda: made.now,
    )
    for process in (made.worker, made.beat):
        process.start()
    made.oversight.tick()
    yield made
    for process in (made.worker, made.beat):
        process.grace = 0
        process.stop(0)


def test_who_gives_signs_is_left_alone(world: World) -> None:
    world.passes(3 * QUIET)
    assert world.said == []


def test_a_worker_that_is_alive_and_silent_is_replaced(world: World) -> None:
    world.breathing = ("beat",)
    world.passes(QUIET + 2 * LOOK)
    assert world.said == ["worker is alive but gives no sign of life, and is replaced"]
    assert world.worker.is_ending


def test_a_silent_schedule_is_replaced_while_workers_are_well(world: World) -> None:
    world.breathing = ("worker",)
    world.passes(QUIET + 2 * LOOK)
    assert world.said == ["beat is alive but gives no sign of life, and is replaced"]


def test_while_the_broker_is_away_nobody_is_replaced_and_it_is_said_once(world: World) -> None:
    world.breathing, world.broker = (), "connection refused"
    world.passes(3 * QUIET)
    (said,) = world.said
    assert "the broker does not answer: connection refused" in said
    assert not world.worker.is_ending


def test_while_the_store_is_away_nobody_is_replaced_and_it_is_said_once(world: World) -> None:
    world.breathing, world.store = (), "database is locked"
    world.passes(3 * QUIET)
    (said,) = world.said
    assert "the store cannot be asked: database is locked" in said
    assert not world.worker.is_ending


def test_after_the_store_is_back_a_worker_has_its_time_anew(world: World) -> None:
    world.breathing, world.store = (), "database is locked"
    world.passes(2 * QUIET)
    world.store = ""
    world.passes(QUIET - LOOK)
    assert not world.worker.is_ending


def test_a_process_that_does_not_stop_when_replaced_is_killed() -> None:
    process = Process("deaf", SLEEP, env={})
    process.start()
    assert process.popen
    os.kill(process.popen.pid, signal.SIGSTOP)
    process.replace()
    process.ends_at = 0.0
    process.keep_running()
    assert process.popen.wait(timeout=10) == -9
