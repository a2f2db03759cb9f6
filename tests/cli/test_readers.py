"""What `publisher subscribers` says, and its exit codes. In this process: it is faster."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher import wiring
from publisher.cli import main
from publisher.publishing import utcnow
from publisher.storage import suppressions
from publisher.subscribing import parse

CONFIG = """
[site]
name = "The Harbour Letter"
base_url = "https://harbour.example/"
[channels.readers]
kind = "email"
host = "127.0.0.1"
port = 1
tls = "none"
from = "Letter <letter@harbour.example>"
list_id = "letter.harbour.example"
languages = ["en", "de"]
"""
CACHED = (wiring.settings, wiring.channels, wiring.engine)
Say = Callable[..., int]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """Say `publisher subscribers …` to a store of its own; the exit code."""
    (tmp_path / "publisher.toml").write_text(CONFIG)
    monkeypatch.setenv("PUBLISHER_CONFIG", str(tmp_path / "publisher.toml"))
    for cached in CACHED:
        cached.cache_clear()
    yield lambda *words: main._code(["subscribers", *words])
    wiring.engine().dispose()
    for cached in CACHED:
        cached.cache_clear()


def found(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_reader_is_added_listed_and_shown(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        say("add", "ann@example.org", "--language", "DE", "--list", "readers", "--name", "A\nB")
        == 0
    )
    capsys.readouterr()
    assert say("list", "--json") == 0
    [reader] = found(capsys)
    told = {name: reader[name] for name in ("name", "languages", "lists", "state", "domain")}
    assert told == {
        "name": "A B",
        "languages": ["de"],
        "lists": ["readers"],
        "state": "confirmed",
        "domain": "example.org",
    }
    assert say("show", "Ann@example.org", "--json") == 0
    shown = found(capsys)
    assert [(e["event"], e["how"]) for e in shown["events"]] == [("joined", "operator")]
    assert (shown["suppression"], shown["deliveries"], shown["bounces"]) == (None, [], [])


def test_an_empty_list_is_a_document_too(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    assert say("list", "--json") == 0
    assert found(capsys) == []


@pytest.mark.parametrize(
    "option, remedy", [(("--language", "pl"), "de, en"), (("--list", "reader"), "'readers'")]
)
def test_a_language_or_list_nobody_knows_is_named_with_the_known(
    say: Say, capsys: pytest.CaptureFixture[str], option: tuple[str, str], remedy: str
) -> None:
    assert say("add", "ann@example.org", *option) == 2
    assert remedy in capsys.readouterr().err


def test_a_suppressed_address_is_refused_with_the_reason_and_the_remedy(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    with wiring.engine().begin() as db:
        suppressions.suppress(db, parse("ann@example.org").key, "complaint", at=utcnow())
    assert say("add", "ann@example.org") == 1
    said = capsys.readouterr().err
    assert "complaint" in said
    assert "--lift" in said
    assert say("add", "ann@example.org", "--lift") == 0


def test_nobody_is_shown_of_an_unknown_address(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("show", "ann@example.org") == 1
    assert "nobody" in capsys.readouterr().err


def test_a_domain_outside_ascii_is_shown_in_a_labels(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    say("add", "ann@bücher.example")
    capsys.readouterr()
    for words in (("list",), ("show", "ann@bücher.example")):
        assert say(*words) == 0
        assert "ann@bücher.example (xn--bcher-kva.example)" in capsys.readouterr().out


def test_a_list_is_narrowed_by_state(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    say("add", "ann@example.org", "bob@example.org")
    say("remove", "bob@example.org")
    capsys.readouterr()
    assert say("list", "--state", "left", "--json") == 0
    assert [reader["address"] for reader in found(capsys)] == ["bob@example.org"]


def test_a_file_is_imported_with_what_was_left_out_told_by_line(
    say: Say, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("email,name\nann@example.org,Ann\nnonsense,\n" + ",x\n" * 30)
    assert say("import", str(file), "--dry-run") == 1
    assert "would be added" in capsys.readouterr().out
    assert say("import", str(file)) == 1
    said = capsys.readouterr()
    assert "1 added" in said.out
    assert "line 3: 'nonsense'" in said.err
    assert "11 more; --rejects FILE" in said.err
    rejects = tmp_path / "rejects.txt"
    assert say("import", str(file), "--rejects", str(rejects)) == 1
    assert len(rejects.read_text().splitlines()) == 31
    assert rejects.stat().st_mode & 0o777 == 0o600
    assert say("import", str(file), "--rejects", str(rejects)) == 2


def test_a_file_that_cannot_be_read_imports_nothing(
    say: Say, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "bad.csv").write_bytes("email,name\nann@example.org,José\n".encode("latin-1"))
    for name, why in (
        ("bad.csv", "line 2 is not UTF-8"),
        ("none.csv", "No such file"),
        ("", "Is a"),
    ):
        assert say("import", str(tmp_path / name)) == 2
        assert why in capsys.readouterr().err
    say("list", "--json")
    assert found(capsys) == []
    assert say("import", str(tmp_path / "bad.csv"), "--encoding", "latin-1") == 0


def test_an_export_is_taken_back_and_never_overwritten_unasked(
    say: Say, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    say("add", "ann@example.org", "--name", "=1+1")
    file = tmp_path / "readers.csv"
    assert say("export", str(file)) == 0
    assert say("export", str(file)) == 2
    assert "--force" in capsys.readouterr().err
    assert say("export", str(file), "--force") == 0
    assert say("import", str(file)) == 0
    assert "1 stay as they are" in capsys.readouterr().out
    assert say("export", "-", "--json-lines") == 0
    assert found(capsys)["name"] == "=1+1"


def test_forgetting_says_what_is_kept_and_why(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    say("add", "ann@example.org")
    assert say("forget", "nobody@example.org", "Ann@example.org") == 1
    said = capsys.readouterr()
    assert "nobody@example.org: nobody of this address is known" in said.err
    assert "Art. 7(1)" in said.out
    assert say("show", "ann@example.org") == 1
    assert "forgotten" in capsys.readouterr().err


def test_who_is_to_be_asked_is_on_the_list_only_once_they_confirm(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("add", "ann@example.org", "--ask") == 0
    assert "is asked to confirm" in capsys.readouterr().out
    assert say("show", "ann@example.org", "--json") == 0
    shown = found(capsys)
    assert (shown["state"], len(shown["questions"])) == ("unconfirmed", 1)


def test_a_reader_may_wait_for_a_language_for_some_days(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("add", "ann@example.org", "--language", "de", "--else-after", "14") == 0
    capsys.readouterr()
    assert say("show", "ann@example.org") == 0
    assert "languages: de, else the site’s after 14 days" in capsys.readouterr().out
    assert say("list", "--json") == 0
    assert [reader["else_after"] for reader in found(capsys)] == [14]


@pytest.mark.parametrize("days", ["0", "-1", "61", "abc", "1.5"])
def test_days_that_nobody_can_wait_are_refused(
    say: Say, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    assert say("add", "ann@example.org", "--language", "de", "--else-after", days) == 2
    assert "--else-after" in capsys.readouterr().err
    assert say("show", "ann@example.org") == 1


@pytest.mark.parametrize("languages", [(), ("en",), ("de", "en")])
def test_days_are_refused_for_who_reads_the_sites_language(
    say: Say, capsys: pytest.CaptureFixture[str], languages: tuple[str, ...]
) -> None:
    chosen = [word for lang in languages for word in ("--language", lang)]
    assert say("add", "ann@example.org", *chosen, "--else-after", "5") == 2
    assert "who reads en, the site's language, gets it at once" in capsys.readouterr().err


def test_days_are_refused_where_no_list_takes_both_languages(
    say: Say, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lists = CONFIG.replace('["en", "de"]', '["de"]')
    both = lists[lists.index("[channels") :].replace("readers", "english").replace('"de"', '"en"')
    (tmp_path / "publisher.toml").write_text(lists + both)
    assert say("add", "ann@example.org", "--language", "de", "--else-after", "5") == 2
    assert "none of their lists takes both en and de" in capsys.readouterr().err


def test_who_is_asked_first_keeps_the_days_that_were_said(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--language", "de", "--else-after", "5", "--ask")
    assert say("add", "ann@example.org", *asked) == 0
    capsys.readouterr()
    assert say("list", "--json") == 0
    assert [reader["else_after"] for reader in found(capsys)] == [5]
