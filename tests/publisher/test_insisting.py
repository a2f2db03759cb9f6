"""What happened is written down, if the store takes it at all in time."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError

from publisher import insisting
from publisher.embedded import GRACE
from publisher.insisting import insist


@dataclass
class Store:
    """Takes nothing before its clock shows so many seconds."""

    from_second: float
    asked_to_stop_at: float = 1e9
    clock: float = 0.0
    tries: list[float] = field(default_factory=list)

    def write(self) -> str:
        self.tries.append(self.clock)
        if self.clock < self.from_second:
            raise OperationalError("", {}, Exception("database is locked"))
        return "written"

    def rest(self, seconds: float) -> None:
        self.clock += seconds

    def stopping(self) -> bool:
        return self.clock >= self.asked_to_stop_at


def insisted(store: Store) -> str:
    return insist(store.write, "it", rest=store.rest, stopping=store.stopping)


def test_what_is_taken_is_written_once() -> None:
    store = Store(from_second=0)
    assert (insisted(store), store.tries) == ("written", [0.0])


def test_a_store_that_takes_nothing_for_a_while_gets_it_after_all() -> None:
    assert insisted(Store(from_second=50)) == "written"


def test_a_store_that_never_takes_it_is_named_after_a_minute() -> None:
    store = Store(from_second=1e9)
    with pytest.raises(OperationalError):
        insisted(store)
    assert store.clock == sum(insisting.PAUSES)


@pytest.mark.parametrize("asked", [0.0, 20.0, 40.0])
def test_whoever_is_asked_to_stop_insists_for_less_than_the_grace_time(asked: float) -> None:
    store = Store(from_second=1e9, asked_to_stop_at=asked)
    with pytest.raises(OperationalError):
        insisted(store)
    assert store.clock - asked <= insisting.LAST + 1 < GRACE - 5


def test_whoever_is_asked_to_stop_tries_once_more_at_the_end() -> None:
    store = Store(from_second=9.5, asked_to_stop_at=0)
    assert insisted(store) == "written"


def test_the_log_names_what_the_store_does_not_take(caplog: pytest.LogCaptureFixture) -> None:
    _silently(lambda: insisted(Store(from_second=1e9)))
    assert caplog.messages == ["the store does not take it"] * len(insisting.PAUSES)


def _silently(call: Callable[[], object]) -> None:
    with pytest.raises(OperationalError):
        call()
