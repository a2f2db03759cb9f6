"""Writing down what happened, again and again while the store does not take it."""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # seconds between tries
LAST = 10.0  # seconds that are left once this process is asked to stop: see embedded.GRACE
T = TypeVar("T")


def insist(
    write: Callable[[], T],
    what: str,
    *,
    rest: Callable[[float], object],
    stopping: Callable[[], bool],
) -> T:
    """Write it, and try again for a minute, or for LAST seconds once `stopping()`.

    `what` names it in the log, and `rest(seconds)` sleeps. Raises DBAPIError when the store has
    not taken it by then.
    """
    left = LAST
    for pause in PAUSES:
        try:
            return write()
        except DBAPIError:
            log.warning("the store does not take %s", what)
        left = _rest(pause, left, rest, stopping)
        if left <= 0:
            break
    return write()


def _rest(
    pause: float, left: float, rest: Callable[[float], object], stopping: Callable[[], bool]
) -> float:
    """Rest for a while, a second at a time; how much is left of the time to stop in."""
    while pause > 0 and left > 0:
        step = min(1.0, pause)
        rest(step)
        pause -= step
        left -= step if stopping() else 0.0
    return left
