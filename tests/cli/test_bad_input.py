"""Bad input: each a clear message that names place and remedy, the right code, nothing lost."""

import os
import resource
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from publisher import embedded
from tests.cli.home import Home, wait_until

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"


def nothing_was_sent(home: Home) -> bool:
    return all(home.posts(network) == 0 for network in ("email", "mastodon", "reddit", "lemmy"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.md", b"", "no newsletter issue"),
        ("prose.md", b"Just words, no head.\n", "no newsletter issue"),
        (
            "latin.md",
            "---\ntitle: Grüße\ndate: 2026-11-05\n---\nHallo\n".encode("latin-1"),
            "UTF-8",
        ),
        ("half.md", b"---\ntitle: Half\n", "half.md"),
        ("yaml.md", b"---\ntitle: [a\n---\nText\n", "yaml.md:"),
        ("untitled.md", b"---\ndate: 2026-11-05\n---\nText\n", "title"),
        ("code.md", b"---\ntitle: T\ndate: 2026-11-05\n---\n\n{{< gallery >}}\n", "code.md:6"),
        ("head.md", b"---\ntitle: T\ndate: 2026-11-05\n---\n", "no text"),
        ("draft.md", b"---\ntitle: T\ndate: 2026-11-05\ndraft: true\n---\nText\n", "is a draft"),
        ("nul.md", b"---\ntitle: T\ndate: 2026-11-05\n---\na\0b\n", "nul.md"),
    ],
)
def test_a_file_that_is_no_issue_is_named_and_nothing_is_sent(
    home: Home, name: str, content: bytes, words: str
) -> None:
    path = home.content / name
    path.write_bytes(content)
    done = home.run("publish", str(path))
    assert done.code == 2
    assert name in done.err
    assert words in done.err
    assert "Traceback" not in done.err
    assert nothing_was_sent(home)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("publish", "no-such-issue"), "no issue with this key"),
        (("show", "content"), "content: a folder, and no issue with this key"),
        (("publish", "missing.md"), "missing.md"),
        (("status", "no-such-issue"), "nothing was ever planned"),
        (("log", "no-such-issue"), "nothing was ever planned"),
        (("retry", "no-such-issue"), "nothing was ever planned"),
        (("publish", KEY, "--channel", "mastodn"), "did you mean 'mastodon'"),
        (("publish", KEY, "--timeout", "soon"), "no length of time"),
        (("settle", "x", "--channel", "mastodon"), "--delivered URL"),
        (("settle", "x", "--channel", "mastodon", "--delivered", "there"), "expected where it is"),
        (("subscribers", "add", "nonsense"), "nonsense"),
        (("subscribers", "add", "a@example.org", "--language", "../x"), "no language code"),
        (("frobnicate",), "No such command"),
        (("sandbox", "--port", "65535"), "--port"),
    ],
)
def test_a_wrong_word_is_named_with_what_would_be_right(
    home: Home, words: tuple[str, ...], message: str
) -> None:
    home.write(FILE)
    done = home.run(*words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err


def test_without_a_configuration_every_command_points_to_init(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, outside=None)  # type: ignore[arg-type]  # none needed
    for words in (("status",), ("publish", "x"), ("check",), ("up",)):
        done = home.run(*words)
        assert done.code == 2
        assert "publisher init" in done.err


def test_init_writes_a_configuration_that_loads_and_never_overwrites(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, outside=None)  # type: ignore[arg-type]  # none needed
    assert home.run("init").code == 0
    assert home.run("status").code == 0
    path = tmp_path / "publisher.toml"
    path.write_text("mine")
    again = home.run("init")
    assert again.code == 2
    assert "left as it is" in again.err
    assert path.read_text() == "mine"


def test_a_store_that_is_no_store_is_refused_and_untouched(home: Home) -> None:
    home.write(FILE)
    store = home.folder / "publisher.db"
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    store.write_text("a shopping list\n" * 100)
    done = home.run("publish", KEY)
    assert done.code == 2
    assert "publisher.db" in done.err
    assert store.read_text().startswith("a shopping list")
    assert nothing_was_sent(home)


def test_a_full_disk_is_named_and_nothing_is_lost_or_doubled(home: Home) -> None:
    home.write(FILE)
    limit = (home.folder / "publisher.db").stat().st_size + 4096

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        home.command("publish", KEY, "--timeout", "5s"),
        cwd=home.folder,
        env=home.env(),
        capture_output=True,
        text=True,
        preexec_fn=full,
        check=False,
    )
    assert done.returncode in {1, 3}
    assert "Traceback" not in done.stderr
    again = home.run("publish", KEY)
    readers = _readers(home)
    held = readers.get("held", 0)  # a copy whose dot was out when the disk would take no more
    assert again.code == (1 if held else 0)
    assert readers.get("delivered", 0) + held == 2
    assert [home.posts(n) for n in ("mastodon", "reddit", "lemmy")] == [1, 1, 1]
    taken = [kept.fields["rcpt_to"] for kept in home.outside.outside.posts("email")]
    assert readers.get("delivered", 0) <= len(taken) == len(set(taken)) <= 2


def test_a_row_with_a_moment_that_is_none_is_told_and_left_as_it_is(home: Home) -> None:
    home.write(FILE)
    assert home.run("publish", KEY).code == 0
    with sqlite3.connect(home.folder / "publisher.db") as db:
        db.execute("update deliveries set next_attempt_at = 'yesterday' where id = 1")
    db.close()
    done = home.run("status", KEY)
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "'yesterday' is no moment; `publisher doctor` names it" in done.err
    named = home.run("doctor", "--offline")
    assert named.code == 1
    assert "deliveries" in named.out


def _readers(home: Home) -> dict[str, int]:
    found = home.run("status", KEY, "--json").json()["deliveries"]
    counts: dict[str, int] = next(d["readers"] for d in found if d["channel"] == "readers")
    return counts


def test_what_a_terminal_cannot_show_does_not_fail_a_release(home: Home) -> None:
    home.write(FILE)
    done = home.run("publish", KEY, PYTHONIOENCODING="ascii", TERM="dumb")
    assert done.code == 0, done.err


def test_json_is_one_document_and_errors_go_elsewhere(home: Home) -> None:
    path = home.write(FILE)
    shown = home.run("show", str(path), "--json").json()
    assert shown["key"] == KEY
    assert shown["images"] == [
        {
            "src": "https://news.example/images/boat.png",
            "alt": "A boat on the water",
            "caption": "A boat",
        }
    ]
    assert shown["card"] == "https://news.example/images/boat.png"
    assert "xmpp:room@muc.example?join" in shown["links"]
    previews = home.run("preview", KEY, "--json").json()
    assert {p["kind"] for p in previews} == {"email", "atom", "mastodon", "reddit", "lemmy"}
    assert home.run("status", "--json").json() == []
    assert home.posts("mastodon") == 0


def test_a_second_up_is_refused_and_a_publish_beside_it_is_not(home: Home) -> None:
    home.write(FILE)
    with home.started("up"):
        wait_until(lambda: b"Up:" in (home.folder / "up.log").read_bytes())
        second = home.run("up")
        assert second.code == 1
        assert "in use by another publisher process" in second.err
        assert home.run("publish", KEY).code == 0


def test_a_taken_port_is_named_with_the_setting(home: Home) -> None:
    text = (home.folder / "publisher.toml").read_text()
    port = int(text.partition('bind = "127.0.0.1:')[2].partition('"')[0])
    with socket.create_server(("127.0.0.1", port)):
        for command in ("up", "web"):
            done = home.run(command)
            assert done.code == 1
            assert f"[web] bind = 127.0.0.1:{port}" in done.err


def test_refused_mail_is_not_a_green_tick(home: Home) -> None:
    home.write(FILE)
    home.outside.outside.fail_next("email", "refuse")
    done = home.run("publish", KEY)
    assert done.code == 1
    assert "refused for 1" in done.out
    assert home.states(KEY)["readers"] == "delivered"
    assert home.run("retry", KEY).code == 0
    assert home.posts("email") == 2


def test_a_channel_gone_from_the_configuration_can_still_be_settled(home: Home) -> None:
    config = home.folder / "publisher.toml"
    whole = config.read_text()
    home.write(FILE)
    home.outside.outside.fail_next("lemmy", "refuse")
    assert home.run("publish", KEY).code == 1
    start = whole.index("[channels.lemmy]")
    config.write_text(whole[:start])
    done = home.run("settle", KEY, "--channel", "lemmy", "--skip")
    assert done.code == 0, done.err
    assert home.states(KEY)["lemmy"] == "skipped"


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, outside=None)  # type: ignore[arg-type]  # none needed
    (tmp_path / "publisher.toml").write_text(
        '[site]\nname = "N"\n[store]\ndatabase = "x"\n[channels.a]\nkind = "b"\n'
    )
    done = home.run("check")
    assert done.code == 2
    for place in ("[site] base_url", "[store] database", "[channels.a] kind"):
        assert place in done.err
    assert os.fspath(tmp_path / "publisher.toml") in done.err


def test_a_test_copy_goes_to_one_address_and_is_planned_for_nobody(home: Home) -> None:
    home.write(FILE)
    done = home.run("publish", KEY, "--to", "editor@example.org")
    assert done.code == 0, done.err
    assert "a test copy went to editor@example.org: 250" in done.out
    [post] = home.outside.outside.posts("email")
    assert "[Test] " in str(post)
    assert home.run("status", "--json").out.strip() == "[]"


def test_a_refused_test_copy_is_told_in_the_servers_words(home: Home) -> None:
    home.write(FILE)
    home.outside.outside.fail_next("email", "refuse")
    done = home.run("publish", KEY, "--to", "editor@example.org")
    assert done.code == 1
    assert "no test copy for editor@example.org: 5" in done.err


def test_a_test_copy_needs_an_address_and_a_channel_that_mails(home: Home) -> None:
    home.write(FILE)
    for words, told in (
        (("--to", "nobody"), "nobody"),
        (("--to", "a@example.org", "--channel", "lemmy"), "none of these channels sends mail"),
    ):
        done = home.run("publish", KEY, *words)
        assert (done.code, told in done.err) == (2, True), done.err
    assert home.posts("email") == 0


def test_a_broker_that_takes_no_word_from_us_is_named_before_anything_is_planned(
    home: Home, tmp_path: Path
) -> None:
    with (tmp_path / "broker.log").open("wb") as words:
        locked = embedded.broker_process(tmp_path, words)
        locked.command = [*locked.command, "--requirepass", "other"]
        locked.start()
        wait_until(embedded.socket_path(tmp_path).exists)
        _use_broker(home, embedded.broker_url(tmp_path))
        done = home.run("publish", str(home.write(FILE)))
        locked.grace = 0
        locked.stop(0)
    assert (done.code, "Traceback" in done.err) == (2, False)
    assert "[store] broker: it answers, and takes no word from us" in done.err
    assert home.run("status", "--json").json() == []


def test_a_broker_that_is_away_is_named_and_what_is_planned_waits(
    home: Home, tmp_path: Path
) -> None:
    _use_broker(home, embedded.broker_url(tmp_path))
    done = home.run("publish", str(home.write(FILE)), "--no-wait")
    assert done.code == 0
    assert "the broker does not answer" in done.err
    assert "mend [store] broker" in done.err
    assert "nobody is at work" in done.out
    assert nothing_was_sent(home)


def _use_broker(home: Home, address: str) -> None:
    with (home.folder / "publisher.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[store]\nbroker = "{address}"\n')
