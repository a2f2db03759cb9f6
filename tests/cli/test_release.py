"""A release from the command line: real processes, the embedded broker, stand-ins outside."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from publisher.sandbox.networks import lemmy
from publisher.sandbox.serving import serving
from tests.cli.home import Home, free_port, wait_until

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"
ALL = {"readers", "feed", "mastodon", "reddit", "lemmy"}
ONCE = {"email": 2, "mastodon": 1, "reddit": 1, "lemmy": 1}


def counts(home: Home) -> dict[str, int]:
    return {network: home.posts(network) for network in ONCE}


def outcomes(home: Home, channel: str) -> list[str]:
    return [a["outcome"] for a in home.run("log", KEY, "--channel", channel, "--json").json()]


def processes_of(home: Home) -> list[int]:
    """The processes that know this home by its environment or command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(home.folder) in words:
                found.append(int(entry.name))
    return found


def test_one_command_brings_an_issue_to_every_channel_and_says_so(home: Home) -> None:
    path = home.write(FILE)
    done = home.run("publish", str(path))
    assert done.code == 0, done.out + done.err
    assert home.states(KEY) == dict.fromkeys(ALL, "delivered")
    assert counts(home) == ONCE
    status = home.run("status", KEY, "--json").json()
    mail = next(d for d in status["deliveries"] if d["channel"] == "readers")
    assert mail["readers"] == {"delivered": 2}
    assert [e["lang"] for e in status["editions"]] == ["en"]
    for channel in ALL - {"readers"}:
        assert outcomes(home, channel) == ["delivered"]
    assert outcomes(home, "readers") == ["delivered", "delivered"]


def test_saying_it_twice_sends_nothing_twice_and_leaves_nothing_running(home: Home) -> None:
    path = home.write(FILE)
    assert home.run("publish", KEY).code == 0
    again = home.run("publish", str(path))
    assert (again.code, counts(home)) == (0, ONCE)
    assert "nothing is sent twice" in again.out
    assert processes_of(home) == []


def test_two_publications_at_once_make_one_release(home: Home) -> None:
    home.write(FILE)
    with home.started("publish", KEY) as first, home.started("publish", KEY) as second:
        assert (first.wait(90), second.wait(90)) == (0, 0)
    assert counts(home) == ONCE


def test_an_unreachable_network_waits_alone_and_a_retry_delivers_that_one(
    home: Home, tmp_path: Path
) -> None:
    port = free_port()
    config = home.folder / "publisher.toml"
    config.write_text(
        config.read_text().replace(home.outside.urls["lemmy"], f"http://127.0.0.1:{port}")
    )
    home.write(FILE)
    done = home.run("publish", KEY, "--timeout", "8s")
    assert done.code == 3
    states = home.states(KEY)
    assert states.pop("lemmy") == "pending"
    assert set(states.values()) == {"delivered"}
    [waiting] = [
        d for d in home.run("status", KEY, "--json").json()["deliveries"] if d["channel"] == "lemmy"
    ]
    assert waiting["reason"]
    assert waiting["next_attempt_at"].endswith("Z")
    before = home.run("log", KEY, "--json").json()
    with serving(lemmy.app(home.outside.outside), port=port):
        assert home.run("retry", KEY).code == 0
    after = home.run("log", KEY, "--json").json()
    assert counts(home) == ONCE
    untouched = [a for a in after if a["channel"] != "lemmy"]
    assert untouched == [a for a in before if a["channel"] != "lemmy"]


@pytest.mark.parametrize("fault", ["lose_answer", "error_after"])
def test_a_lost_answer_makes_one_post_found_and_logged_by_itself(home: Home, fault: str) -> None:
    home.write(FILE)
    for network in ("mastodon", "reddit", "lemmy"):
        home.outside.outside.fail_next(network, fault)
    assert home.run("publish", KEY).code == 0
    assert counts(home) == ONCE
    for channel in ("mastodon", "reddit", "lemmy"):
        assert outcomes(home, channel) == ["unsure", "delivered"]


def test_killed_in_the_middle_everything_arrives_once(home: Home) -> None:
    home.write(FILE)
    for network in ("mastodon", "reddit", "lemmy"):
        home.outside.outside.fail_next(network, "timeout", seconds=3)
    with home.started("publish", KEY) as publishing:
        wait_until(lambda: "sending" in home.states(KEY).values())
        for pid in processes_of(home):
            if pid != publishing.pid:
                os.kill(pid, signal.SIGKILL)
        publishing.kill()
        publishing.wait(10)
    with home.started("up"):
        wait_until(
            lambda: set(home.states(KEY).values()) == {"delivered"} and len(home.states(KEY)) == 5,
            seconds=100,
        )
    assert counts(home) == ONCE


def test_a_refused_post_is_named_and_exits_with_one(home: Home) -> None:
    home.write(FILE)
    home.outside.outside.fail_next("mastodon", "refuse")
    done = home.run("publish", KEY)
    assert done.code == 1
    assert "publisher retry" in done.out
    assert home.states(KEY)["mastodon"] == "refused"
    assert home.run("retry", KEY, "--channel", "mastodon").code == 0
    assert counts(home) == ONCE


def test_a_wrong_token_holds_the_delivery_until_it_is_mended(home: Home) -> None:
    config = home.folder / "publisher.toml"
    right = config.read_text()
    config.write_text(right.replace('access_token = "pretend-token"', 'access_token = "revoked"'))
    home.write(FILE)
    assert home.run("publish", KEY).code == 1
    assert home.states(KEY)["mastodon"] == "held"
    config.write_text(right)
    assert home.run("retry", KEY).code == 0
    assert counts(home) == ONCE


def test_a_mail_in_doubt_is_held_and_a_person_settles_it(home: Home) -> None:
    home.write(FILE)
    home.outside.outside.fail_next("email", "lose_answer")
    assert home.run("publish", KEY).code == 1
    assert home.states(KEY)["readers"] == "held"
    assert home.posts("email") == 2
    settled = home.run(
        "settle", KEY, "--channel", "readers", "--delivered", "https://news.example/"
    )
    assert settled.code == 0, settled.err
    assert home.states(KEY)["readers"] == "delivered"
    assert home.run("publish", KEY).code == 0
    assert home.posts("email") == 2


def test_what_is_new_in_the_folder_is_released_and_what_was_there_is_not(home: Home) -> None:
    for month in range(1, 10):
        home.write(f"2026-{month:02}-05-newsletter.md", f"month {month}")
    with home.started("up"):
        wait_until(lambda: "folder" in home.run("status").out or _looked(home))
        home.write(FILE)
        wait_until(lambda: set(home.states(KEY).values()) == {"delivered"}, seconds=40)
    assert len(home.run("status", "--json").json()) == 1
    assert counts(home) == ONCE


def _looked(home: Home) -> bool:
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{home.folder}/publisher.db")
    with engine.connect() as db:
        found = db.execute(text("select count(*) from sightings")).scalar_one()
    engine.dispose()
    return int(found) > 0


def test_a_commit_in_the_git_source_is_released(home: Home, tmp_path: Path) -> None:
    repository = tmp_path / "site"
    home.write("2026-10-05-newsletter.md", "October")
    (home.folder / "content").rename(tmp_path / "moved")
    repository.mkdir()
    (tmp_path / "moved").rename(repository / "content")

    program = shutil.which("git")
    if program is None:
        pytest.skip("git is not installed, so a git source cannot be tried")

    def git(*words: str) -> None:
        command = [program, "-c", "user.name=Test", "-c", "user.email=test@example.org", *words]
        subprocess.run(command, cwd=repository, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "-m", "October")
    config = home.folder / "publisher.toml"
    config.write_text(
        config.read_text().replace(
            'path = "content"\n',
            f'kind = "git"\nurl = "{repository}"\nbranch = "main"\npath = "content"\n',
        )
    )
    with home.started("up"):
        wait_until(lambda: _looked(home))
        (repository / "content" / FILE).write_text(
            (repository / "content" / "2026-10-05-newsletter.md").read_text() + "More news.\n"
        )
        git("add", ".")
        git("commit", "--quiet", "-m", "November")
        wait_until(lambda: set(home.states(KEY).values()) == {"delivered"}, seconds=60)
    assert counts(home) == ONCE


def test_that_nobody_is_at_work_is_said_where_something_waits(home: Home) -> None:
    home.write(FILE)
    assert home.run("publish", KEY, "--no-wait").code == 0
    assert "nobody is at work" in home.run("status").out
    assert home.run("publish", KEY).code == 0
    assert "nobody is at work" not in home.run("status").out
