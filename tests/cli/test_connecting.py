"""`publisher connect`, from the command to the files, with a browser and without one."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from publisher.sandbox.networks import mastodon
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from tests.cli.home import Done, free_port
from tests.testing import browser

BROWSER = f"{sys.executable} {browser.__file__} %s &"
SITE = '[site]\nname = "N"\nbase_url = "https://news.example/"\n\n'


@pytest.fixture(autouse=True)
def _ctrl_c_is_heeded() -> Iterator[None]:
    """Also where the tests run in the background of a shell, which has its children ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A configuration with what `tables` say, and a Mastodon that stands in."""

    folder: Path
    instance: str
    outside: Outside

    def configured(self, tables: str) -> None:
        text = SITE + tables.replace("INSTANCE", self.instance)
        (self.folder / "publisher.toml").write_text(text, encoding="utf-8")

    @property
    def config(self) -> str:
        return (self.folder / "publisher.toml").read_text(encoding="utf-8")

    def env(self, more: Mapping[str, str]) -> dict[str, str]:
        root = str(Path(__file__).parents[2])
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": root}
        return {**own, "PUBLISHER_CONFIG": str(self.folder / "publisher.toml"), **more}

    def run(self, *words: str, **env: str) -> Done:
        """Run the command where nobody can be asked."""
        done = subprocess.run(
            [sys.executable, "-m", "publisher.cli.main", "connect", *words],
            cwd=self.folder,
            env=self.env(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    @contextmanager
    def seated(self, *words: str, **env: str) -> Iterator["Seat"]:
        """Run it at a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "publisher.cli.main", "connect", *words],
            cwd=self.folder,
            env=self.env(env),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,  # else a secret is asked for at the tests' own terminal
        )
        os.close(theirs)
        with closing(os.fdopen(ours, "rb", buffering=0)):
            try:
                yield Seat(process=process, terminal=ours, seen=[])
            finally:
                process.kill()
                process.communicate()


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A command at a terminal, and all that was to be seen there."""

    process: subprocess.Popen[bytes]
    terminal: int
    seen: list[str]

    @property
    def text(self) -> str:
        return "".join(self.seen)

    def wait_for(self, words: str) -> str:
        end = time.monotonic() + 30
        while words not in self.text:
            assert time.monotonic() < end, self.text
            try:
                self.seen.append(os.read(self.terminal, 4096).decode())
            except OSError:  # the other end is closed
                break
        assert words in self.text, self.text
        return self.text

    def type(self, question: str, answer: str) -> None:
        self.wait_for(question)
        os.write(self.terminal, f"{answer}\n".encode())

    def end(self) -> int:
        try:
            while said := os.read(self.terminal, 4096):
                self.seen.append(said.decode())
        except OSError:
            pass
        return self.process.wait(30)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    outside = Outside()
    with serving(mastodon.app(outside)) as url:
        yield Desk(folder=tmp_path, instance=url, outside=outside)


TABLE = '[channels.toots]\nkind = "mastodon"\ninstance = "INSTANCE"\naccess_token = "{}"\n'


def test_a_browser_brings_a_token_to_where_the_configuration_says(desk: Desk) -> None:
    desk.configured(TABLE.format("file:secrets/token"))
    before = desk.config
    done = desk.run("mastodon", "--port", str(free_port()), BROWSER=BROWSER)
    assert done.code == 0, done.err
    path = desk.folder / "secrets/token"
    token = path.read_text().strip()
    assert token.startswith("pretend-")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "✓ channel toots (mastodon): signed in at" in done.err
    assert "scopes: read:accounts read:statuses write:statuses write:media" in done.err
    assert token not in done.out + done.err
    assert desk.config == before
    assert desk.outside.posts("mastodon") == []


def test_a_token_for_the_environment_is_shown_alone_on_stdout(desk: Desk) -> None:
    desk.configured(TABLE.format("env:TOKEN_OF_TOOTS"))
    done = desk.run("mastodon", "--port", str(free_port()), BROWSER=BROWSER)
    assert done.code == 0, done.err
    assert re.fullmatch(r"TOKEN_OF_TOOTS=pretend-\S+\n", done.out)
    assert "for the environment, shown only now" in done.err


def test_a_person_pastes_the_address_where_the_browser_is_elsewhere(desk: Desk) -> None:
    desk.configured("")
    with desk.seated("mastodon", "--no-browser") as seat:
        seat.type("Your instance", desk.instance)
        shown = seat.wait_for("The whole address that it ended at")
        [url] = re.findall(r"http://\S+/oauth/authorize\S+", shown)
        seat.type("The whole address", browser.visit(url))
        seat.type("Add this to", "y")
        assert seat.end() == 0, seat.text
    assert '\n[channels.mastodon]\nkind = "mastodon"\n' in desk.config
    assert 'access_token = "file:secrets/mastodon.access_token"' in desk.config
    assert "✓ channel mastodon (mastodon): signed in" in seat.text


def test_a_kind_without_a_sign_in_of_its_own_hides_what_is_typed(desk: Desk) -> None:
    desk.configured('[channels.forum]\nkind = "lemmy"\ninstance = "INSTANCE"\ncommunity = "c"\n')
    with desk.seated("lemmy") as seat:
        seat.type("username:", "letter")
        seat.type("password:", "open sesame")
        assert seat.end() == 1  # a Mastodon is no Lemmy
    assert "letter" in seat.text
    assert "sesame" not in seat.text
    assert "✗ channel forum (lemmy)" in seat.text
    assert (desk.folder / "secrets/forum.password").read_text() == "open sesame\n"


def test_a_wrong_secret_is_named_and_neither_shown_nor_written(desk: Desk) -> None:
    desk.configured("")
    with desk.seated("discord") as seat:
        seat.type("webhook:", "https://discord.com/api/open-sesame")
        assert seat.end() == 2
    assert "[channels.discord] webhook: must be" in seat.text
    assert "sesame" not in seat.text
    assert [path.name for path in desk.folder.iterdir()] == ["publisher.toml"]


def test_what_nobody_can_be_asked_for_is_named(desk: Desk) -> None:
    desk.configured('[channels.forum]\nkind = "lemmy"\ninstance = "INSTANCE"\ncommunity = "c"\n')
    done = desk.run("lemmy")
    assert done.code == 2
    assert "nobody can be asked for username, password: run it in" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("myspace",), "there is no kind 'myspace'; there are apprise, "),
        (("mastodon",), "several channels of the kind mastodon: a, b; say --channel"),
        (("mastodon", "--channel", "a b"), "--channel a b: expected a name of letters"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    desk: Desk, words: tuple[str, ...], message: str
) -> None:
    two = TABLE.replace("toots", "a") + TABLE.replace("toots", "b")
    desk.configured(two.format("env:A", "env:B"))
    done = desk.run(*words)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_port_that_is_taken_is_named(desk: Desk) -> None:
    desk.configured(TABLE.format("env:TOKEN_OF_TOOTS"))
    taken = desk.instance.rpartition(":")[2]
    done = desk.run("mastodon", "--port", taken)
    assert done.code == 2
    assert f"port {taken} cannot be used" in done.err


def test_a_network_that_cannot_be_reached_leaves_nothing_behind(desk: Desk) -> None:
    desk.configured(
        TABLE.format("file:secrets/token").replace("INSTANCE", f"http://127.0.0.1:{free_port()}")
    )
    done = desk.run("mastodon")
    assert done.code == 1
    assert "cannot be reached" in done.err
    assert [path.name for path in desk.folder.iterdir()] == ["publisher.toml"]


def test_ctrl_c_while_the_browser_is_open_leaves_nothing_behind(desk: Desk) -> None:
    desk.configured(TABLE.format("file:secrets/token"))
    with desk.seated("mastodon", "--port", str(free_port())) as seat:
        seat.wait_for("Open this in your browser")
        seat.wait_for("state=")
        seat.process.send_signal(signal.SIGINT)
        assert seat.end() == 130
    assert [path.name for path in desk.folder.iterdir()] == ["publisher.toml"]


def test_an_address_pasted_from_another_sign_in_is_refused(desk: Desk) -> None:
    desk.configured('[channels.forum]\nkind = "reddit"\nsite = "INSTANCE"\n')
    with desk.seated("reddit", "--no-browser") as seat:
        seat.type("client_id", "pretend-id")
        seat.type("client_secret", "open sesame")
        seat.type("subreddit", "towpath")
        seat.type("The whole address", "http://127.0.0.1:8914/?state=x&code=y")
        assert seat.end() == 1
    assert "the answer to another question" in seat.text
