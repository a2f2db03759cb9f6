"""`publisher doctor`, as an operator calls it."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from tests.cli.home import Home


def change(home: Home, *statements: str) -> None:
    """Change the store by hand, as no code of ours would."""
    db = sqlite3.connect(home.folder / "publisher.db", isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.close()


def rules(home: Home, *options: str) -> Sequence[str]:
    return [odd["rule"] for odd in home.run("doctor", "--json", *options).json()]


def test_after_a_release_nothing_is_odd_and_what_networks_hold_beyond_it_is_found(
    home: Home,
) -> None:
    home.write("2026-11-05-newsletter.md")
    assert home.run("publish", "2026-11-05-newsletter").code == 0
    done = home.run("doctor")
    assert (done.code, done.err, "nothing is odd" in done.out) == (0, "", True)

    change(
        home,
        "update deliveries set state = 'unsure', in_doubt = 1, remote_id = '', url = ''"
        " where post_id = (select id from posts where channel = 'mastodon')",
        "delete from delivery_log where delivery_id in (select d.id from deliveries d"
        " join posts p on p.id = d.post_id where p.channel = 'lemmy')",
        "delete from deliveries where post_id in (select id from posts where channel = 'lemmy')",
        "delete from posts where channel = 'lemmy'",
    )
    found = home.run("doctor", "--json")
    strays = {odd["place"]: odd["remedy"] for odd in found.json() if odd["rule"] == "stray"}
    assert found.code == 1
    assert strays.keys() == {
        "2026-11-05-newsletter (en) on mastodon",
        "2026-11-05-newsletter (en) on lemmy",
    }
    settle = "`publisher settle 2026-11-05-newsletter --channel mastodon --delivered http"
    assert strays["2026-11-05-newsletter (en) on mastodon"].startswith(settle)
    assert "stray" not in rules(home, "--offline")


def test_a_secret_in_the_store_is_told_and_not_printed(home: Home) -> None:
    text = (home.folder / "publisher.toml").read_text(encoding="utf-8")
    secret = next(
        line.split('"')[1] for line in text.splitlines() if line.startswith("access_token")
    )
    change(home, "insert into channels (name, reason) values ('x', 'wrong: " + secret + "')")  # noqa: S608  a secret of the test
    done = home.run("doctor", "--offline")
    assert (done.code, "secrets: channels x" in done.out) == (1, True)
    assert secret not in done.out + done.err


def test_a_store_that_is_not_there_is_not_made(home: Home) -> None:
    store = home.folder / "publisher.db"
    store.rename(home.folder / "elsewhere.db")
    done = home.run("doctor", "--offline")
    assert (done.code, "there is no store yet" in done.err) == (2, True)
    assert not store.exists()


def test_a_store_of_another_version_is_named_and_not_migrated(home: Home) -> None:
    change(home, "update alembic_version set version_num = '9999'")
    done = home.run("doctor", "--offline")
    assert (done.code, "newer program" in done.err) == (2, True)
    change(home, "drop table sightings", "update alembic_version set version_num = '0003'")
    done = home.run("doctor", "--offline")
    assert (done.code, "half-way" in done.err) == (2, True)


def test_somebody_elses_database_is_named(home: Home) -> None:
    Path(home.folder / "publisher.db").unlink()
    change(home, "create table books (id integer)")
    done = home.run("doctor", "--offline")
    assert (done.code, "something else" in done.err) == (2, True)


def test_it_takes_no_lock_and_needs_none(home: Home) -> None:
    db = sqlite3.connect(home.folder / "publisher.db", isolation_level=None)
    db.execute("begin immediate")
    done = home.run("doctor", "--offline", timeout=60)
    db.execute("rollback")
    db.close()
    assert done.code == 0
