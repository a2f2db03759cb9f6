"""From a table to a channel, or to every reason why not."""

from pathlib import Path
from typing import Any

import pytest

from publisher import registry
from publisher.registry import Configured

MAIL = {
    "kind": "email",
    "host": "127.0.0.1",
    "port": 25,
    "tls": "none",
    "from": "News <news@news.example>",
    "list_id": "news.news.example",
    "bounce_address": "bounces@news.example",
}


def build(
    name: str, table: dict[str, Any], folder: Path = Path("/home")
) -> tuple[Configured | None, list[tuple[str, str]]]:
    wrong: list[tuple[str, str]] = []
    found = registry.build(
        name, table, folder=folder, language="en", wrong=lambda *why: wrong.append(why)
    )
    return found, wrong


def test_a_table_becomes_a_channel_of_its_kind() -> None:
    found, wrong = build("readers", MAIL)
    assert wrong == []
    assert found
    assert (found.name, found.kind, found.languages) == ("readers", "email", ("en",))


def test_the_kind_is_the_tables_name_where_none_is_given() -> None:
    found, _ = build("atom", {"path": "feed.xml", "url": "https://news.example/feed.xml"})
    assert found
    assert found.kind == "atom"


def test_a_path_is_relative_to_the_configuration(tmp_path: Path) -> None:
    table = {"kind": "atom", "path": "feeds/all.xml", "url": "https://news.example/feed.xml"}
    found, _ = build("feed", table, tmp_path)
    assert found
    assert getattr(found.channel, "path") == tmp_path / "feeds/all.xml"  # noqa: B009  any channel


def test_languages_are_the_operators_choice() -> None:
    found, _ = build("readers", {**MAIL, "languages": ["DE", "fr"]})
    assert found
    assert found.languages == ("de", "fr")


def test_a_list_is_a_channel_that_mails() -> None:
    tables: dict[str, dict[str, Any]] = {
        "readers": {**MAIL, "languages": ["de", "EN"]},
        "email": {"password": "env:NOT_SET"},
        "feed": {"kind": "atom"},
        "broken": {"kind": "email", "languages": "de"},
        "unknown": {"kind": "pigeon"},
    }
    assert registry.lists(tables, language="en") == {"readers": ("de", "en"), "email": ("en",)}


def test_headings_to_drop_are_the_operators_choice() -> None:
    found, _ = build("readers", {**MAIL, "drop": ["Unsubscribe"]})
    assert found
    assert found.drop == ("Unsubscribe",)


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ({**MAIL, "drop": "Unsubscribe"}, "drop", "expected a list of headings"),
        ({"kind": "pigeon"}, "kind", "there is no kind 'pigeon'"),
        ({**MAIL, "languages": "en"}, "languages", "expected a list"),
        ({**MAIL, "hots": "x"}, "hots", "is not known"),
        ({k: v for k, v in MAIL.items() if k != "host"}, "host", "is missing"),
        ({**MAIL, "port": "25"}, "port", "expected a whole number, found str"),
        ({**MAIL, "port": True}, "port", "expected a whole number, found bool"),
        ({**MAIL, "tls": "ssl"}, "tls", "must be starttls or implicit or none"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(table: dict[str, Any], key: str, words: str) -> None:
    found, wrong = build("readers", table)
    assert found is None
    assert any(where == key and words in why for where, why in wrong), wrong


def test_a_whole_number_serves_where_a_number_is_asked_for() -> None:
    found, wrong = build("readers", {**MAIL, "rate": 5})
    assert (found is not None, wrong) == (True, [])
