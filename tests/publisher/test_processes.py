"""Telling a living owner of a delivery from a lost one."""

import subprocess
import sys

import pytest

from publisher import processes

OWNER = "from publisher import processes; print(processes.owner(), flush=True); input()"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's start time")
def test_a_process_is_lost_once_it_has_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        name = process.stdout.readline().strip()
        assert not processes.lost(name)
        process.kill()
        process.wait()
    assert processes.lost(name)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's start time")
def test_another_process_with_the_same_number_is_not_the_owner() -> None:
    boot, namespace, pid, started, thread = processes.owner().split("/")
    assert processes.lost("/".join((boot, namespace, pid, str(int(started) + 1), thread)))


@pytest.mark.parametrize("name", ["", "elsewhere/4026531836/1/5/1", "//1//5", "a person"])
def test_nothing_is_said_of_processes_elsewhere(name: str) -> None:
    assert not processes.lost(name)


def test_this_process_is_alive() -> None:
    assert not processes.lost(processes.owner())
