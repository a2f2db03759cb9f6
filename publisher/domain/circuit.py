"""When a channel rests: after failures in a row nobody asks its network for a while."""

import random
from datetime import timedelta

IN_A_ROW = 5  # failures until a channel rests
ON_PROBATION = IN_A_ROW // 2  # what counts against a network that has just come back
RESTS = tuple(timedelta(seconds=s) for s in (15, 60, 300, 900, 3600))
AT_ONCE = 1  # attempts of one channel to a network: who hangs keeps one process, not all


def rest(failures: int, *, asked: timedelta = timedelta()) -> timedelta | None:
    """How long a channel rests after so many failures in a row; None while it goes on.

    `asked` is what the server asked for (RFC 9110, Retry-After). It is believed.
    """
    if failures < IN_A_ROW:
        return None
    jitter = 1 + random.random() / 4  # noqa: S311  spreads load, guards nothing
    own = RESTS[min(failures - IN_A_ROW, len(RESTS) - 1)] * jitter
    return max(own, asked)
