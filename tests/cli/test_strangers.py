"""Against servers that this project did not write: mastodon-mock, and a plain aiosmtpd."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import httpx
import pytest

from tests.cli.home import Home, free_port, wait_until

ISSUE = Path(__file__).parents[3] / "shared/corpus/xmpp/2022-12-05-newsletter.md"
KEY = "2022-12-05-newsletter"

CONFIG = """
[site]
name = "The XMPP Newsletter"
base_url = "https://xmpp.org/"
license = "CC BY-SA 4.0"

[channels.fosstodon]
kind = "mastodon"
instance = "http://127.0.0.1:{mastodon}"
access_token = "mock_token"

[channels.readers]
kind = "email"
host = "127.0.0.1"
port = {smtp}
tls = "none"
from = "XMPP Newsletter <newsletter@xmpp.org>"
list_id = "newsletter.xmpp.org"
bounce_address = "bounces@xmpp.org"
"""


class Inbox:
    """What arrived."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Message]] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802  aiosmtpd's name
        to, content = envelope.rcpt_tos[0], envelope.content  # type: ignore[attr-defined]
        self.letters.append((to, message_from_bytes(content)))
        return "250 OK, kept"


@contextmanager
def mail_server() -> Iterator[tuple[int, Inbox]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # aiosmtpd is not ours
        from aiosmtpd.controller import Controller

    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, inbox
    finally:
        controller.stop()


@contextmanager
def mastodon_server() -> Iterator[int]:
    port = free_port()
    command = [Path(sys.executable).with_name("mastodon_mock"), "serve", "--in-memory"]
    with subprocess.Popen(
        [*map(str, command), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(lambda: _answers(port), seconds=30)
            yield port
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/instance").status_code < 500
    except httpx.TransportError:
        return False


@pytest.mark.skipif(not ISSUE.exists(), reason="the corpus does not lie beside the project")
def test_a_real_issue_reaches_servers_we_did_not_write_once(tmp_path: Path) -> None:
    with mail_server() as (smtp, inbox), mastodon_server() as mastodon:
        home = Home(folder=tmp_path, outside=None)  # type: ignore[arg-type]  # no stand-ins here
        (tmp_path / "publisher.toml").write_text(CONFIG.format(mastodon=mastodon, smtp=smtp))
        assert home.run("subscribers", "add", "ann@example.org", "bob@example.net").code == 0
        for _ in range(2):
            done = home.run("publish", str(ISSUE))
            assert done.code == 0, done.out + done.err
        token = {"Authorization": "Bearer mock_token"}
        api = f"http://127.0.0.1:{mastodon}/api/v1/accounts"
        me = httpx.get(f"{api}/verify_credentials", headers=token).json()["id"]
        statuses = httpx.get(f"{api}/{me}/statuses", headers=token).json()
        log = home.run("log", KEY, "--json").json()
    ours = [s for s in statuses if "xmpp-newsletter-november-2022" in s["content"]]
    assert len(ours) == 1
    assert sorted(to for to, _ in inbox.letters) == ["ann@example.org", "bob@example.net"]
    assert {letter["Subject"] for _, letter in inbox.letters} == {
        "The XMPP Newsletter November 2022"
    }
    assert sorted((a["channel"], a["outcome"], a["attempt"]) for a in log) == [
        ("fosstodon", "delivered", 1),
        ("readers", "delivered", 1),
        ("readers", "delivered", 1),
    ]
