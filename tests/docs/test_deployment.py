"""Whether the files for containers and process managers name what exists."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery

from publisher import queue
from publisher.cli.main import cli
from tests.docs.pages import ROOT
from tests.docs.test_configuration import DATABASE, mistakes_in

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def procfile() -> dict[str, list[str]]:
    """Process → command."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    return {
        name: shlex.split(command) for name, _, command in (line.partition(":") for line in lines)
    }


def does(command: list[str]) -> list[str]:
    """The words of a command that say what it does, without how."""
    return command[:2] if command[0] == "publisher" else command[:4]


def exists(command: list[str]) -> bool:
    match command:
        case ["publisher", word, *_]:
            return word in cli.commands
        case ["celery", "-A", "workers.app", word, *_]:
            return word in celery.commands
        case _:
            return False


def test_the_parts_of_the_system_are_all_there() -> None:
    processes = {"web", "worker", "mail", "questions", "beat"}
    assert set(SERVICES) == processes | {"postgres", "redis", "migrate", "mailpit"}
    assert set(procfile()) == processes


@pytest.mark.parametrize("commands", [procfile(), {n: SERVICES[n]["command"] for n in procfile()}])
def test_mailings_and_what_somebody_waits_for_have_workers_of_their_own(
    commands: dict[str, list[str]],
) -> None:
    queues = {
        name: command[command.index("--queues") + 1]
        for name, command in commands.items()
        if "worker" in command
    }
    assert queues == {
        "worker": f"{queue.NETWORKS},{queue.SCHEDULE}",
        "mail": queue.BULK,
        "questions": queue.QUESTIONS,
    }
    assert ",".join(queues.values()).count("publisher") == len(queue.QUEUES)


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_exists(name: str) -> None:
    assert exists(SERVICES[name]["command"])


@pytest.mark.parametrize("name", procfile())
def test_a_process_and_the_service_of_its_name_do_the_same(name: str) -> None:
    assert exists(procfile()[name])
    assert does(procfile()[name]) == does(SERVICES[name]["command"])


@pytest.mark.parametrize("name", SERVICES)
def test_who_waits_for_health_waits_for_somebody_who_is_asked(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


@pytest.mark.parametrize("name", sorted(set(OURS) - {"migrate"}))
def test_nothing_starts_before_the_store_is_ready(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_broker_keeps_nothing_and_forgets_nothing() -> None:
    words = " ".join(SERVICES["redis"]["command"])
    assert "--save  --appendonly no" in words
    assert "--maxmemory-policy noeviction" in words


@pytest.mark.parametrize("name", OURS)
def test_a_service_finds_its_configuration_where_the_image_looks(name: str) -> None:
    [given] = SERVICES[name]["configs"]
    assert f"ENV PUBLISHER_CONFIG={given['target']}" in DOCKERFILE
    assert given["source"] in COMPOSE["configs"]


def test_the_configuration_in_the_compose_file_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"PUBLISHER_DATABASE": DATABASE, "PUBLISHER_BROKER": "redis://redis:6379/0"}
    assert set(environment) == set(SERVICES["worker"]["environment"])
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    file = tmp_path / "publisher.toml"
    file.write_text(COMPOSE["configs"]["publisher.toml"]["content"], encoding="utf-8")
    assert mistakes_in(file) == []


def test_the_sample_newsletter_lies_where_the_compose_file_looks() -> None:
    [mount] = [v for v in SERVICES["worker"]["volumes"] if v.startswith("${NEWSLETTER:-")]
    sample = ROOT / mount.removeprefix("${NEWSLETTER:-").partition("}")[0]
    assert (sample / "content" / "newsletter" / "2026-11-05-newsletter.md").is_file()


def test_what_the_image_copies_exists_and_is_let_in() -> None:
    wanted = [
        word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.M) for word in line.split()[:-1]
    ]
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert wanted
    for name in wanted:
        assert (ROOT / name).exists(), name
        assert any(fnmatch(name, rule) for rule in let_in), name


def test_the_image_installs_as_the_makefile_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [flags] = re.findall(r"^INSTALL := \$\(PIP\) (install .*)$", makefile, re.M)
    for file in ("requirements-build.txt", "requirements.txt"):
        assert f"pip {flags} -r {file}" in DOCKERFILE


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\w+)$", DOCKERFILE, re.M)
    assert users
    assert users[-1] != "root"
