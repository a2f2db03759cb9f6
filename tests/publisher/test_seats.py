"""Processes share seats, and leave them however they end."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from publisher.seats import Seats


@contextmanager
def sitting(seats: Seats, *, at: int | None = None) -> Iterator[int]:
    """Another process that has a seat, or is at a mailing, by its number; killed in the end."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with seats.one() if at is None else seats.alone_at(at) as seated:
            os.write(writer, b"y" if seated else b"n")
            signal.pause()
        os._exit(0)
    assert os.read(reader, 1) == b"y"
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)


@contextmanager
def placed(number: int) -> Iterator[Seats]:
    seats = Seats(number=number)
    with seats.file:
        yield seats


def test_who_comes_when_all_seats_are_taken_has_none() -> None:
    with placed(2) as seats, sitting(seats), sitting(seats), seats.one() as seated:
        assert not seated


def test_a_seat_is_free_again_when_its_process_was_killed() -> None:
    with placed(1) as seats:
        with sitting(seats):
            pass
        with seats.one() as seated:
            assert seated


def test_a_seat_is_free_again_after_its_work() -> None:
    with placed(1) as seats:
        with seats.one():
            pass
        with sitting(seats):
            pass


def test_one_process_is_at_a_mailing_and_others_may_be_at_others() -> None:
    with placed(1) as seats, sitting(seats, at=7):
        with seats.alone_at(7) as alone:
            assert not alone
        with seats.alone_at(8) as alone, sitting(seats, at=9):
            assert alone


def test_a_mailing_is_free_again_when_its_process_was_killed_or_has_done() -> None:
    with placed(1) as seats:
        with sitting(seats, at=7):
            pass
        with seats.alone_at(7) as alone:
            assert alone
        with sitting(seats, at=7):
            pass


def test_a_mailing_that_was_turned_away_is_called_in_once_and_in_its_turn() -> None:
    with placed(1) as seats:
        for mailing in (7, 8):
            seats.turn_away(mailing)
        assert [seats.next() for _ in range(3)] == [7, 8, None]


def test_whoever_leaves_calls_in_what_another_process_turned_away() -> None:
    with placed(1) as seats:
        child = os.fork()
        if not child:
            seats.turn_away(70_000)
            os._exit(0)
        os.waitpid(child, 0)
        assert seats.next() == 70_000


def test_more_that_wait_than_there_is_room_for_hold_nobody_up() -> None:
    with placed(1) as seats:
        for mailing in range(100_000):
            seats.turn_away(mailing)
        assert seats.next() == 0
