"""Processes that run beside each other stop together, at once where a person says so again."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import embedded
from publisher.cli.main import main
from publisher.cli.running import Stopped
from publisher.embedded import Process
from tests.cli.home import wait_until


@pytest.fixture
def handlers() -> Iterator[None]:
    """Signals are handled afterwards as they were before."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_who_is_told_to_stop_again_goes_on_stopping() -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    with pytest.raises(Stopped):
        signal.raise_signal(signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.raise_signal(number)  # would raise


@pytest.mark.usefixtures("handlers")
def test_ctrl_c_again_ends_at_once_what_takes_its_time(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    deaf = f"trap '' TERM; touch {ready}; while :; do sleep 1; done"
    process = Process("deaf", ["sh", "-c", deaf], env={})
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), embedded.running([process], tmp_path):
        wait_until(ready.exists)
        signal.setitimer(signal.ITIMER_REAL, 0.2)  # once it waits for the process
    assert process.popen is not None
    assert process.popen.poll() == -signal.SIGKILL
