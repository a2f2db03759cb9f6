"""What was measured, as a person reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.bench.spent import Part, Watch

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Run:
    """One way of sending, measured.

    `moments` are (seconds, messages taken until then) from `begun` on, by the monotonic clock.
    """

    name: str
    messages: int
    seconds: float
    watch: Watch
    moments: Sequence[tuple[float, int]] = ()
    begun: float = 0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    def cpu(self, *, sink: bool) -> float:
        """Microseconds of CPU a message, of the sink or of all others."""
        parts = self.watch.by_role().items()
        used = sum(cpu for role, (_, cpu, _) in parts if (role == "smtp-sink") is sink)
        return used / self.messages * 1e6


def ways(runs: Sequence[Run]) -> Iterator[str]:
    """A line for each way of sending."""
    yield f"{'':<42}{'messages':>10}{'a second':>10}{'CPU us':>9}{'sink us':>9}{'others':>8}"
    for run in runs:
        cpu, sink = run.cpu(sink=False), run.cpu(sink=True)
        spent = f"{cpu:>9,.0f}{sink:>9,.0f}{run.watch.others:>8.0%}"
        yield f"{run.name:<42}{run.messages:>10,}{run.rate:>10,.0f}{spent}"


def ratios(ours: Run, yardstick: Run | None, naive: Run | None) -> Iterator[str]:
    """Ours against the others."""
    if yardstick:
        yield f"{f'ours / {yardstick.name}':<42}{ours.rate / yardstick.rate:>20.2f}"
    if naive:
        yield f"{'ours / one task a reader':<42}{ours.rate / naive.rate:>20.1f}"
        hours = ours.messages / naive.rate / 3600
        yield (
            f"(one task a reader was measured with {naive.messages:,} readers;"
            f" at that rate {ours.messages:,} take {hours:.1f} hours)"
        )


def processes(run: Run) -> Iterator[str]:
    """A line for each kind of process: how many, CPU a message, the largest one's peak memory."""
    yield f"{'process':<42}{'how many':>10}{'':>10}{'CPU us':>9}{'peak MB':>9}"
    for role, (count, cpu, peak) in run.watch.by_role().items():
        a_message = cpu / run.messages * 1e6
        yield f"{role:<42}{count:>10}{'':>10}{a_message:>9,.1f}{peak / MEGABYTE:>9,.0f}"


def pace(run: Run) -> Iterator[str]:
    """Whether it kept its pace: messages a second in the first and in the last tenth."""
    tenths = _tenths(run)
    if tenths:
        first, last = tenths[0], tenths[-1]
        yield f"{'first tenth, a second':<42}{first:>20,.0f}"
        yield f"{'last tenth, a second':<42}{last:>20,.0f}{f'{last / first - 1:+.0%}':>9}"
        yield "each tenth, a second: " + " ".join(f"{rate:,.0f}" for rate in tenths)


def effort(run: Run) -> Iterator[str]:
    """CPU a message in the first and in the last tenth: what others do meanwhile hardly shows."""
    shares = [_cpu_between(run, part / 10, (part + 1) / 10) for part in (0, 9)]
    if all(shares):
        first, last = shares
        yield f"{'CPU us a message in the first tenth':<42}{first:>20,.0f}"
        yield f"{'and in the last':<42}{last:>20,.0f}{f'{last / first - 1:+.0%}':>9}"


def _cpu_between(run: Run, start: float, end: float) -> float:
    """Microseconds of the worker's children for each message between two shares of the list."""
    first, last = _moment(run, start), _moment(run, end)
    if first is None or last is None:
        return 0
    spent = [_until(part.looks, last) - _until(part.looks, first) for part in _children(run)]
    return sum(spent) / (run.messages * (end - start)) * 1e6


def _moment(run: Run, share: float) -> float | None:
    reached = [at for at, taken in run.moments if taken >= run.messages * share]
    return run.begun + reached[0] if reached else None


def _until(looks: Sequence[tuple[float, int, float]], moment: float) -> float:
    return max((cpu for at, _, cpu in looks if at <= moment), default=looks[0][2] if looks else 0)


def _children(run: Run) -> list[Part]:
    return [part for part in run.watch.parts.values() if part.role == "worker, child"]


def memory(run: Run) -> Iterator[str]:
    """How large the worker's busiest child was after a tenth of its time, and at the end."""
    looks = max(_children(run), key=lambda part: part.cpu).looks if _children(run) else []
    if len(looks) >= 20:
        early, late = (looks[place][1] / MEGABYTE for place in (len(looks) // 10, -1))
        yield f"{'busiest child after a tenth of the time, MB':<42}{early:>20,.0f}"
        yield f"{'and at the end, MB':<42}{late:>20,.0f}{f'{late - early:+.0f} MB':>9}"


def _tenths(run: Run) -> list[float]:
    ends = [0.0]
    for part in range(1, 11):
        wanted = run.messages * part / 10
        reached = [seconds for seconds, taken in run.moments if taken >= wanted]
        if not reached:
            return []
        ends.append(reached[0])
    spans = [after - before for before, after in pairwise(ends)]
    return [run.messages / 10 / span for span in spans] if min(spans) > 0 else []
