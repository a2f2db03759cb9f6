"""What a measurement says of itself."""

import pytest

from tests.bench import table
from tests.bench.spent import Part, Watch
from tests.bench.table import Run


def run(*, name: str = "ours", seconds: float = 10, moments: int = 10, slower: float = 1) -> Run:
    """A thousand messages, a tenth each second; the last tenth takes `slower` times as long."""
    watch = Watch({}, machine=(0, 0))
    watch.parts[1] = Part("smtp-sink", before=1.0, until=1.25)
    watch.parts[2] = Part("worker", before=0.0, until=0.1, peak=50 * table.MEGABYTE)
    watch.parts[3] = Part("worker, child", before=0.0, until=0.2, peak=90 * table.MEGABYTE)
    watch.parts[4] = Part("worker, child", before=0.1, until=0.1, peak=70 * table.MEGABYTE)
    at = [(float(n), n * 100) for n in range(moments)] + [(9 + slower, 1000)]
    return Run(name=name, messages=1000, seconds=seconds, watch=watch, moments=at)


def test_the_cpu_of_a_message_is_told_apart_from_the_sinks() -> None:
    assert run().cpu(sink=True) == pytest.approx(250)
    assert run().cpu(sink=False) == pytest.approx(300)


def test_processes_of_one_kind_are_one_line_with_the_largest_peak() -> None:
    [line] = [line for line in table.processes(run()) if line.startswith("worker, child")]
    assert line.split()[-3:] == ["2", "200.0", "90"]


def test_the_last_tenth_is_compared_with_the_first() -> None:
    last = list(table.pace(run(slower=2)))[1]
    assert last.split()[-2:] == ["50", "-50%"]


def test_a_run_that_did_not_reach_its_end_has_no_tenths() -> None:
    short = Run(name="ours", messages=1000, seconds=1, watch=Watch({}), moments=[(1.0, 500)])
    assert list(table.pace(short)) == []


def test_what_was_measured_with_fewer_readers_says_so() -> None:
    lines = list(table.ratios(run(), None, run(name="one task a reader", seconds=100)))
    assert lines[0].split()[-1] == "10.0"
    assert "1,000 readers" in lines[1]


def test_a_process_that_grows_is_seen_to() -> None:
    grown = run()
    grown.watch.parts[3].looks = [(s, (50 + s) * table.MEGABYTE, 0.0) for s in range(21)]
    assert [line.split()[-1] for line in table.memory(grown)] == ["52", "MB"]
    assert "+18 MB" in list(table.memory(grown))[1]


def test_the_cpu_of_the_last_tenth_is_compared_with_that_of_the_first() -> None:
    tired = run()
    tired.watch.parts[3].looks = [(s, 0, s * 0.1 + max(0, s - 9) * 0.1) for s in range(11)]
    assert [line.split()[-2:] for line in table.effort(tired)] == [
        ["tenth", "1,000"],
        ["2,000", "+100%"],
    ]
