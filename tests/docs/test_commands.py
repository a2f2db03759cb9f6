"""Whether every command is described, and every command that is shown exists."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from publisher.cli.main import cli
from tests.docs.pages import DOCS, name, pages, prose, snippets

RUNNING = (DOCS / "running.md").read_text(encoding="utf-8")
EVERYWHERE = {"--help"}


def commands(
    group: click.Group = cli, path: str = "publisher"
) -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it."""
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {word}")
        else:
            yield f"{path} {word}", command


def long_options(command: click.Command) -> set[str]:
    options = (p for p in command.params if isinstance(p, click.Option))
    return {opt for option in options for opt in option.opts if opt.startswith("--")}


COMMANDS = dict(commands())
GROUPS = {word for word, command in cli.commands.items() if isinstance(command, click.Group)}


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_described_with_all_its_options(words: str) -> None:
    rows = [line for line in RUNNING.splitlines() if line.startswith(f"| `{words}")]
    described = set(re.findall(r"--[\w-]+", " ".join(rows)))
    assert rows, f"no row of a table begins with `{words}"
    assert described == long_options(COMMANDS[words]) - EVERYWHERE


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_has_an_example(words: str) -> None:
    assert re.search(rf"^\$ {words}\b", RUNNING, re.MULTILINE)


def test_what_stands_before_a_command_is_described() -> None:
    for option in long_options(cli):
        assert option in RUNNING


def shown() -> list[tuple[str, str]]:
    """(page, arguments) of each call of `publisher` in a snippet."""
    found = []
    for snippet in snippets("console", "sh"):
        for line in snippet.text.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if "publisher" in words:
                found.append((snippet.page, shlex.join(words[words.index("publisher") + 1 :])))
    return found


@pytest.mark.parametrize(("page", "arguments"), shown())
def test_a_call_that_is_shown_is_understood(page: str, arguments: str) -> None:
    group, args = cli, shlex.split(arguments)
    try:
        while True:
            context = group.make_context(None, args)
            word, command, args = group.resolve_command(
                context, [*context._protected_args, *context.args]
            )
            if not isinstance(command, click.Group):
                break
            group = command
        assert command is not None
        command.make_context(word, args)
    except click.exceptions.Exit:
        pass  # --help, --version


@pytest.mark.parametrize("page", pages(), ids=name)
def test_a_command_named_in_the_text_exists(page: object) -> None:
    calls = [call for path in pages() if path == page for call in INLINE.findall(prose(path))]
    for call in calls:
        words = call.split()
        path = " ".join(("publisher", *words[: 2 if words[0] in GROUPS else 1]))
        known = COMMANDS.get(path) or cli.commands.get(words[0])
        assert known or words[0] in long_options(cli), f"`publisher {call}`"
        assert not known or set(re.findall(r"--[\w-]+", call)) <= long_options(known), call


INLINE = re.compile(r"`publisher ((?![./])[^`]+)`")
