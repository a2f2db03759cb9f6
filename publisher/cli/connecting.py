"""connect: getting a channel's credentials, putting them where they belong, and trying them."""

import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import click

from publisher import config, connecting, registry, secrecy
from publisher.checking import of_channel
from publisher.cli import browsing, checking, finding
from publisher.config import BadConfig, Mistake
from publisher.connecting import Draft, Stored
from publisher.domain.channel import ChannelError

PORT = 8914  # of no service that IANA knows


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """The person at this terminal. `missing` are the settings that they may be asked for."""

    port: int
    missing: list[str]
    no_browser: bool

    @property
    def redirect_uri(self) -> str:
        return browsing.redirect_uri(self.port)

    def say(self, words: str) -> None:
        click.echo(words, err=True)

    def ask(self, question: str, default: str = "") -> str:
        self._require_person()
        return str(click.prompt(question, default=default or None, err=True)).strip()

    def secret(self, question: str, known: str = "") -> str:
        self._require_person()
        words = f"{question} (Enter keeps the one there is)" if known else question
        typed = click.prompt(words, default="", show_default=False, hide_input=True, err=True)
        told = str(typed).strip() or known
        secrecy.learn([told])
        return told

    def browse(self, url_for: Callable[[str], str]) -> Mapping[str, str]:
        state = browsing.new_state()
        url = url_for(state)
        if self.no_browser:
            return browsing.judged(self._pasted(url), state)

        def opened() -> None:
            words = "Your browser opens" if browsing.show(url) else "Open this in your browser"
            self.say(f"{words}:\n\n    {url}\n")

        try:
            return browsing.judged(browsing.await_redirect(self.port, opened), state)
        except OSError as error:
            words = f"port {self.port} cannot be used ({error.strerror}): say --port and another"
            raise finding.Wrong(words) from error

    def _pasted(self, url: str) -> dict[str, str]:
        self.say(
            f"Open this in a browser, on any machine:\n\n    {url}\n\n"
            f"It ends at a page under {self.redirect_uri} that it may not be able to show."
        )
        return browsing.query_of(self.ask("The whole address that it ended at"))

    def _require_person(self) -> None:
        if not sys.stdin.isatty():
            raise finding.Wrong(
                f"this is no terminal, so nobody can be asked for {', '.join(self.missing)}:"
                " run it in one, or put them where the configuration says"
            )


@click.command(epilog="Example: publisher connect mastodon")
@click.argument("kind")
@click.option("--channel", "name", default="", metavar="C", help="Which, where there are several.")
@click.option("--no-browser", is_flag=True, help="Show the address; the browser is elsewhere.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="Where the browser comes back to on this machine.",
)
def connect(kind: str, *, name: str, no_browser: bool, port: int) -> int:
    """Get a channel's credentials, put them where the configuration says, and try them.

    Nothing is posted.
    """
    if kind not in registry.kinds():
        raise finding.Wrong(f"there is no kind {kind!r}; there are {', '.join(registry.kinds())}")
    settings, _ = config.load(config.find(None))
    secrecy.learn(secrecy.of(settings))
    draft = connecting.draft(settings, kind, name)
    click.echo(f"[channels.{draft.name}] in {draft.file}", err=True)
    talk = Terminal(port=port, missing=draft.open or ["anything"], no_browser=no_browser)
    try:
        got = connecting.ask(draft, talk)
    except ChannelError as error:
        click.echo(f"✗ {secrecy.removed(str(error))}", err=True)
        return 1
    return _keep_and_try(draft, got)


def _keep_and_try(draft: Draft, got: Mapping[str, object]) -> int:
    secrecy.learn(connecting.secrets_in(draft, got))
    channel, mistakes = connecting.build(draft, got)
    _require_right([mistake for mistake in mistakes if mistake.key in {*got, ""}])
    stored = list(connecting.store(draft, got))
    for one in stored:
        _tell(one)
    _settle_table(draft, stored)
    _require_right(mistakes)
    if channel is None:
        return 1
    checked = of_channel(channel)
    click.echo(secrecy.removed("\n    ".join(checking.lines(checked))), err=True)
    return 0 if checked.ok else 1


def _require_right(mistakes: list[Mistake]) -> None:
    if mistakes:
        raise BadConfig([replace(one, expected=secrecy.removed(one.expected)) for one in mistakes])


def _tell(one: Stored) -> None:
    """Say where a value went; what has to be put somewhere by hand stands alone on stdout."""
    if one.variable:
        click.echo(f"{one.key}: for the environment, shown only now:", err=True)
        click.echo(f"{one.variable}={shlex.quote(one.value)}")
    elif one.trouble:
        click.echo(f"{one.path}: {one.trouble}; put this there, shown only now:", err=True)
        click.echo(one.value)
    elif one.path:
        kept = f"; what was there is now {one.before}" if one.before else ""
        click.echo(f"{one.key}: written to {one.path}{kept}", err=True)


def _settle_table(draft: Draft, stored: list[Stored]) -> None:
    """Add the table to the file if the person likes; what is there already is theirs to edit."""
    lines = [one.line for one in stored if one.line]
    if not draft.is_new:
        if lines:
            words = "\n".join(f"    {line}" for line in lines)
            click.echo(f"Put into [channels.{draft.name}] of {draft.file}:\n{words}", err=True)
        return
    table = connecting.new_table(draft, stored)
    click.echo(f"\n{table}", err=True)
    if sys.stdin.isatty() and click.confirm(f"Add this to {draft.file}?", default=True, err=True):
        connecting.append(draft.file, table)
    else:
        click.echo(f"Put that into {draft.file}.", err=True)


COMMANDS = (connect,)
