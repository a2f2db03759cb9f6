"""What networks say they take: asked, remembered, and kept to."""

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp

from channels.atom import Atom
from channels.mastodon import Mastodon
from publisher import limits
from publisher.domain.channel import Measured
from publisher.registry import Configured
from publisher.sandbox.networks import mastodon as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION
from tests.channels.scripted import Scripted

NOW = datetime(2026, 8, 5, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONG = replace(EDITION, summary="High water came early. https://tides.org/august #979 " * 300)
PLEROMA = "2.7.2 (compatible; Pleroma 2.5.0)"


@contextmanager
def account(outside: Outside, app: ASGIApp | None = None, **told: object) -> Iterator[Configured]:
    with serving(app or stand_in.app(outside, **told)) as url:  # type: ignore[arg-type]
        yield configured(url)


def configured(url: str, **settings: int) -> Configured:
    channel = Mastodon(instance=url, access_token="token", **settings)  # type: ignore[arg-type]
    return Configured(name="quay", kind="mastodon", languages=("en",), channel=channel)


def ask(one: Configured, folder: Path, *, at: datetime = NOW, tried: limits.Tried) -> Configured:
    return limits.asked({"quay": one}, folder, tried=tried, at=at)["quay"]


@pytest.mark.parametrize("version", ["4.5.0", "4.3.1+glitch", PLEROMA])
@pytest.mark.parametrize("characters", [300, 500, 5000])
def test_a_post_fits_what_the_instance_takes(tmp_path: Path, characters: int, version: str) -> None:
    outside = Outside()
    with account(outside, characters=characters, version=version) as one:
        channel = ask(one, tmp_path, tried={}).channel
        post = channel.render(LONG)
        channel.deliver(post)
    assert post.limit == characters
    assert characters - 60 < post.length <= characters
    assert len(outside.posts("mastodon")) == 1


def test_a_cap_of_the_operators_own_stands(tmp_path: Path) -> None:
    with serving(stand_in.app(Outside(), characters=5000)) as url:
        one = ask(configured(url, limit=400), tmp_path, tried={})
    assert one.channel.render(LONG).limit == 400


def test_what_was_heard_is_remembered_without_asking(tmp_path: Path) -> None:
    with account(Outside(), characters=300) as one:
        ask(one, tmp_path, tried={})
    assert limits.remembered({"quay": one}, tmp_path)["quay"].channel.render(LONG).limit == 300


def test_what_another_server_said_is_not_believed(tmp_path: Path) -> None:
    with account(Outside(), characters=300) as one:
        ask(one, tmp_path, tried={})
    moved = configured("http://other.example")
    assert limits.remembered({"quay": moved}, tmp_path)["quay"].channel.render(LONG).limit == 500


def test_an_instance_is_asked_once_an_hour(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    app = Scripted(stand_in.app(Outside(), characters=300), {}, asked)
    tried: limits.Tried = {}
    with account(Outside(), app) as one:
        for minutes in (0, 1, 59, 61, 62):
            ask(one, tmp_path, at=NOW + minutes * MINUTE, tried=tried)
        assert len(asked) == 2
        ask(one, tmp_path, at=NOW + 63 * MINUTE, tried={})  # another process reads the file
        assert len(asked) == 2


def test_an_instance_that_does_not_answer_is_left_alone_for_an_hour(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[tuple[str, str]] = []
    app = Scripted(stand_in.app(Outside()), {("GET", "/api/v2/instance"): Response("", 503)}, asked)
    tried: limits.Tried = {}
    with account(Outside(), app) as one, caplog.at_level(logging.WARNING):
        for minutes in (0, 1):
            limited = ask(one, tmp_path, at=NOW + minutes * MINUTE, tried=tried)
    assert len(asked) == 1
    assert limited.channel.render(LONG).limit == 500
    assert "quay does not say how much it takes" in caplog.text


def test_an_instance_that_went_silent_keeps_what_it_said_before(tmp_path: Path) -> None:
    with account(Outside(), characters=300) as one:
        ask(one, tmp_path, tried={})
    later = ask(one, tmp_path, at=NOW + timedelta(days=9), tried={})
    assert later.channel.render(LONG).limit == 300


def test_an_instance_that_tells_nothing_takes_the_default(tmp_path: Path) -> None:
    nothing = {("GET", f"/api/{v}/instance"): Response("{}", 404) for v in ("v1", "v2")}
    with account(Outside(), Scripted(stand_in.app(Outside()), nothing)) as one:
        assert ask(one, tmp_path, tried={}).channel.render(LONG).limit == 500


@pytest.mark.parametrize(
    "said",
    [
        "<!DOCTYPE html><p>Sign in",
        "null",
        "[" * 200_000,
        '{"version": "4.5.0", "max_toot_chars": 1e999}',
        '{"version": "4.5.0", "max_toot_chars": -500}',
        '{"version": "4.5.0", "configuration": null, "max_toot_chars": "many"}',
    ],
)
def test_nonsense_is_no_limit(tmp_path: Path, said: str) -> None:
    answers = {("GET", f"/api/{v}/instance"): Response(said, 200) for v in ("v1", "v2")}
    with account(Outside(), Scripted(stand_in.app(Outside()), answers)) as one:
        assert cast(Measured, one.channel).limits() == {}
        assert ask(one, tmp_path, tried={}).channel.render(LONG).limit == 500


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"quay": 3}',
        '{"quay": {"of": "x"}}',
        "\0",
        "[" * 200_000,
        '{"quay": {"of": "x", "at": "2026-08-05T10:00:00Z", "limits": {"characters": 1e999}}}',
        '{"quay": {"of": "x", "at": "0001-01-01T00:00:00+23:00", "limits": {}}}',
    ],
)
def test_a_broken_file_is_not_used(tmp_path: Path, content: str) -> None:
    (tmp_path / limits.FILE).write_text(content)
    with account(Outside(), characters=300) as one:
        assert limits.remembered({"quay": one}, tmp_path)["quay"] == one
        assert ask(one, tmp_path, tried={}).channel.render(LONG).limit == 300


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / limits.FILE).mkdir()
    with account(Outside(), characters=300) as one:
        assert ask(one, tmp_path, tried={}).channel.render(LONG).limit == 300
    assert [path.name for path in tmp_path.iterdir()] == [limits.FILE]


def test_a_channel_that_cannot_be_asked_is_left_as_it_is(tmp_path: Path) -> None:
    atom = Atom(path=tmp_path / "feed.xml", url="https://harbour.example/feed.xml")
    one = Configured(name="feed", kind="atom", languages=("en",), channel=atom)
    assert limits.asked({"feed": one}, tmp_path, tried={}, at=NOW)["feed"] is one


@pytest.fixture
def called() -> Iterator[tuple[str, list[int]]]:
    """An address, and how often somebody called there."""
    calls: list[int] = []
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(0.05)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    line, _ = listener.accept()
                except TimeoutError:
                    continue
                calls.append(1)
                line.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", calls
        over.set()
        thread.join()


def run(folder: Path, url: str, *words: str) -> "subprocess.CompletedProcess[str]":
    config = folder / "publisher.toml"
    config.write_text(
        f"""
[site]
name = "The Harbour Letter"
base_url = "https://harbour.example/"
[source]
path = "."
[channels.quay]
kind = "mastodon"
instance = "{url}"
access_token = "token"
"""
    )
    issue = folder / "issue.md"
    issue.write_text(
        "---\ntitle: Ferry\ndate: 2026-08-05\nsummary: It runs.\n---\nIt runs again.\n"
    )
    env = {**os.environ, "PUBLISHER_CONFIG": str(config)}
    command = [str(Path(sys.executable).with_name("publisher")), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_preview_makes_no_connection(tmp_path: Path, called: tuple[str, list[int]]) -> None:
    url, calls = called
    shown = run(tmp_path, url, "preview", str(tmp_path / "issue.md"))
    assert "of 500" in shown.stdout, shown.stderr
    assert calls == []
    run(tmp_path, url, "check")
    assert calls


def test_a_check_remembers_what_the_instance_takes(tmp_path: Path) -> None:
    with serving(stand_in.app(Outside(), characters=300)) as url:
        assert "takes 300 characters" in run(tmp_path, url, "check").stdout
        assert "of 300" in run(tmp_path, url, "preview", str(tmp_path / "issue.md")).stdout
