"""`publisher bounces`: what an operator, a schedule and a mail server's pipe see of it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from publisher import publishing, subscribing, wiring
from publisher.cli.main import main
from publisher.domain import bounce
from publisher.domain.delivery import State
from publisher.storage import secrets
from publisher.storage.engine import connect, migrate
from publisher.storage.schema import bounces, deliveries
from tests.cli.home import Done
from tests.publisher.fakes import FakeMailing, configured, edition
from tests.publisher.returns.imap_script import Box, serving
from tests.publisher.returns.letters import VACATION, dsn

SITE = '[site]\nname = "The Test Post"\nbase_url = "https://news.example/"\n'
WAS = datetime.now(UTC) - timedelta(hours=3)


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    """A store in which two issues have gone out to ann@example.org."""
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    subscribing.add(["ann@example.org"], engine=engine, at=WAS)
    both = [edition(key="2026-10"), edition(key="2026-11")]
    with engine.begin() as db:
        channels = {"mail": configured("mail", FakeMailing())}
        publishing.plan(both, db=db, channels=channels, at=WAS)
        db.execute(deliveries.update().values(state=State.DELIVERED, marked_at=WAS))
    return engine


@dataclass(frozen=True, kw_only=True)
class Here:
    """A newsletter whose commands run in this process: nothing is sent, so nothing need be real."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> Done:
        for cached in (wiring.settings, wiring.channels, wiring.engine, wiring.bounce_secret):
            cached.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(words)
        with suppress(Exception):
            wiring.engine().dispose()
        said = self.capsys.readouterr()
        return Done(code=int(ended.value.code or 0), out=said.out, err=said.err)


@pytest.fixture
def home(
    tmp_path: Path,
    store: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Here]:
    (tmp_path / "publisher.toml").write_text(SITE, encoding="utf-8")
    monkeypatch.setenv("PUBLISHER_CONFIG", str(tmp_path / "publisher.toml"))
    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield Here(folder=tmp_path, capsys=capsys)
    for number, handler in before.items():
        signal.signal(number, handler)
    for cached in (wiring.settings, wiring.channels, wiring.engine, wiring.bounce_secret):
        cached.cache_clear()
    store.dispose()


def report(store: Engine, delivery: int = 1) -> bytes:
    with store.begin() as db:
        token = bounce.token(delivery, secrets.key(db, "bounces"))
    return dsn(to=f"bounces+{token}@news.example")


def kept(store: Engine) -> list[str]:
    with store.begin() as db:
        return list(db.scalars(select(bounces.c.kind)))


def pipe(folder: Path, raw: bytes) -> Done:
    """What a mail server does: the real command, with a message on its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "publisher.cli.main", "bounces", "read", "-"],
        cwd=folder,
        input=raw,
        capture_output=True,
        check=False,
    )
    return Done(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def test_a_mail_server_pipes_a_bounce_in(home: Here, store: Engine) -> None:
    done = pipe(home.folder, report(store))
    assert (done.code, done.out) == (0, "ann@example.org  2026-10  hard: 5.1.1 5.1.1\n")
    assert kept(store) == ["hard"]


def test_a_pipe_with_a_strangers_mail_is_content_too(home: Here, store: Engine) -> None:
    done = pipe(home.folder, b"Subject: hello\n\n" + b"x" * 3_000_000)
    assert (done.code, kept(store)) == (0, [])
    assert "left alone" in done.err


def test_a_store_in_trouble_makes_the_mail_server_try_again(home: Here, store: Engine) -> None:
    raw = report(store)
    store.dispose()
    (home.folder / "publisher.db").write_bytes(b"this is no database at all" * 100)
    done = pipe(home.folder, raw)
    assert done.code == 75
    assert "was not recorded" in done.err


def maildir(folder: Path, *letters: bytes) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / "box" / name).mkdir(parents=True)
    for number, raw in enumerate(letters):
        (folder / "box" / "new" / str(number)).write_bytes(raw)
    return folder / "box"


def test_a_maildir_is_read_and_put_away(home: Here, store: Engine) -> None:
    raw = report(store)
    box = maildir(home.folder, raw, raw, VACATION, b"")
    done = home.run("bounces", "read", "--maildir", "box")
    assert done.code == 0
    assert "4 messages: 1 known, 2 left alone, 1 noted" in done.out
    assert list((box / "new").iterdir()) == []
    assert len(list((box / ".Reports" / "cur").iterdir())) == 2


def test_what_came_back_is_listed(home: Here, store: Engine) -> None:
    maildir(home.folder, report(store))
    home.run("bounces", "read", "--maildir", "box")
    [found] = home.run("bounces", "list", "2026-10", "--json").json()
    assert (found["reader"], found["kind"], found["verdict"]) == ("ann@example.org", "hard", "open")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--maildir", "content"], "is no Maildir"),
        ([], "[bounces] names no mailbox"),
        (["-", "--maildir", "box"], "say either"),
    ],
)
def test_what_cannot_be_read_is_wrong_input(home: Here, words: list[str], told: str) -> None:
    done = home.run("bounces", "read", *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def configure(home: Here, box: Box, password: str = "") -> None:
    text = f'[bounces]\nimap = "127.0.0.1"\nport = {box.port}\ntls = "none"\nusername = "ann"\n'
    file = home.folder / "publisher.toml"
    file.write_text(SITE + text + f'password = "{password or box.password}"\n', encoding="utf-8")


def test_an_imap_mailbox_is_read_and_marked(home: Here, store: Engine) -> None:
    box = Box(messages={1: report(store), 2: VACATION})
    with serving(box):
        configure(home, box)
        done = home.run("bounces", "read")
    assert (done.code, kept(store)) == (0, ["hard"])
    assert box.flags == {1: {"\\Seen"}, 2: {"\\Seen", "\\Flagged"}}


def test_a_wrong_password_is_wrong_configuration(home: Here) -> None:
    box = Box(messages={})
    with serving(box):
        configure(home, box, password="wr0ng")
        done = home.run("bounces", "read")
    assert done.code == 2
    assert "mend [bounces] username and password" in done.err
    assert "wr0ng" not in done.err


def test_a_mailbox_that_is_down_is_a_failure(home: Here) -> None:
    with serving(Box(messages={})) as box:
        pass
    configure(home, box)
    done = home.run("bounces", "read")
    assert done.code == 1
    assert "cannot be read now" in done.err


def test_a_wave_that_is_not_there_cannot_be_believed(home: Here) -> None:
    done = home.run("bounces", "believe", "2026-10", "--channel", "mail")
    assert done.code == 2
    assert "no bounces are set aside" in done.err


LIST = """
[channels.mail]
host = "127.0.0.1"
kind = "email"
from = "The Test Post <post@news.example>"
list_id = "post.news.example"
"""


def story(home: Here, reader: str, *words: str) -> Done:
    (home.folder / "publisher.toml").write_text(SITE + LIST, encoding="utf-8")
    return home.run("log", "2026-10", "--reader", reader, *words)


def test_the_log_tells_a_readers_story_from_consent_to_bounce(home: Here, store: Engine) -> None:
    maildir(home.folder, report(store))
    home.run("bounces", "read", "--maildir", "box")
    done = story(home, "ann@example.org")
    assert (done.code, done.err) == (0, "")
    first, _, joined, *_, last = done.out.splitlines()
    assert first == "ann@example.org was sent 2026-10, and it came back."
    assert "joined the list" in joined
    assert last.endswith("it came back, for good: 5.1.1")


def test_the_log_says_that_it_knows_nobody_of_an_address(home: Here) -> None:
    done = story(home, "eve@example.org")
    assert "nobody of this address is on the list" in done.out


def test_the_logs_json_stays_a_list_of_attempts(home: Here) -> None:
    assert story(home, "ann@example.org", "--json").json() == []


def test_the_log_of_a_reader_on_a_channel_that_does_not_mail_is_wrong(home: Here) -> None:
    done = story(home, "ann@example.org", "--channel", "feed")
    assert done.code == 2
    assert "--channel feed" in done.err


def test_a_check_tries_the_mailbox_and_reads_nothing(home: Here, store: Engine) -> None:
    box = Box(messages={1: report(store)})
    with serving(box):
        configure(home, box)
        done = home.run("check")
    assert "✓ bounces in 127.0.0.1: there is mail to read" in done.out
    assert (box.unseen(), kept(store)) == ([1], [])


def test_a_check_names_a_mailbox_that_is_none(home: Here) -> None:
    text = SITE + '[bounces]\nmaildir = "content"\n'
    (home.folder / "publisher.toml").write_text(text, encoding="utf-8")
    done = home.run("check")
    assert done.code == 1
    assert "✗ bounces in" in done.out
