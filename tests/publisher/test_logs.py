"""The log: one line an event, in every form, without secrets, addresses and forged lines."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from publisher import logs, secrecy
from publisher.config import Log

log = logging.getLogger("publisher.trying")
CANARY = "tweet-tweet/ü 'n' \"x\""


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrecy, "_known", set())
    monkeypatch.setattr(secrecy, "_any", [])
    secrecy.learn([CANARY])


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a service prints that logs JSON."""
    yield from written(Log(format="json"))


@pytest.fixture
def text() -> Iterator[io.StringIO]:
    yield from written(Log(format="text"))


def written(wanted: Log) -> Iterator[io.StringIO]:
    out = io.StringIO()
    listener = logging.StreamHandler(out)
    listener.setFormatter(logs.formatter(wanted, terminal=False))
    log.addHandler(listener)
    log.setLevel(logging.DEBUG)
    yield out
    log.removeHandler(listener)


def one(out: io.StringIO) -> dict[str, Any]:
    [line] = out.getvalue().splitlines()
    read: dict[str, Any] = json.loads(line)
    return read


def bug(words: str) -> None:
    log.error("met a bug", exc_info=_raised(words))


def _raised(words: str) -> BaseException:
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(words)
    return caught.value


def test_a_line_tells_when_in_utc_how_bad_and_what(lines: io.StringIO) -> None:
    log.warning("%s copies", 3)
    said = one(lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", said["time"])
    assert (said["level"], said["event"]) == ("warning", "3 copies")
    assert said["logger"] == "publisher.trying"


def test_a_line_carries_what_is_being_sent(lines: io.StringIO) -> None:
    with bound_contextvars(issue="2026-11", channel="feed", attempt=2):
        log.info("attempt", extra={"outcome": "delivered"})
    assert one(lines).items() >= {"issue": "2026-11", "channel": "feed", "attempt": 2}.items()
    assert one(lines)["outcome"] == "delivered"


@pytest.mark.parametrize(
    "words",
    [CANARY, repr(CANARY), json.dumps({"key": CANARY}), *sorted(secrecy.forms(CANARY))],
)
def test_no_secret_is_written_in_any_form(words: str, lines: io.StringIO) -> None:
    log.error("it said %s", words, extra={"note": [words, {"why": words}]})
    bug(words)
    assert "tweet" not in lines.getvalue()
    for form in secrecy.forms(CANARY):
        assert form not in lines.getvalue()


def test_no_line_of_a_key_is_written(lines: io.StringIO) -> None:
    secrecy.learn(["-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END\n"])
    log.error("b'MIIEvQIBADANBgkqhkiG9w0BAQEF'")
    assert one(lines)["event"] == "b'[secret]'"


@pytest.mark.parametrize(
    "words",
    [
        "redis://:hunter2@broker:6379/0",
        "https://someone:hunter2@git.example/n.git",
        "Authorization: Bearer hunter2hunter2",
        "authorization: basic aHVudGVyMjpodW50ZXIy",
    ],
)
def test_what_looks_like_a_secret_is_not_written(words: str, lines: io.StringIO) -> None:
    log.error("%s", words)
    assert "hunter2" not in lines.getvalue()
    assert "aHVudG" not in lines.getvalue()
    assert "[secret]" in lines.getvalue()


def test_a_reader_is_not_named(lines: io.StringIO) -> None:
    log.warning("waits: %s", "550 <ann.lee+news@mail.example>: no such user")
    assert one(lines)["event"] == "waits: 550 <…@mail.example>: no such user"


def test_a_reader_is_named_where_the_operator_wants_it() -> None:
    record = logging.makeLogRecord({"msg": "ann@mail.example", "levelname": "INFO"})
    line = logs.formatter(Log(format="json", readers=True), terminal=False).format(record)
    assert json.loads(line)["event"] == "ann@mail.example"


FORGED = "x\n2026-01-01T00:00:00Z ERROR all is lost\r\x1b[31m\u2028\x85\u202e"


def test_outside_words_forge_no_line_of_json(lines: io.StringIO) -> None:
    log.warning(FORGED, extra={"note": FORGED})
    assert one(lines)["note"].startswith("x\n2026")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", lines.getvalue())


def test_outside_words_forge_no_line_of_text(text: io.StringIO) -> None:
    log.warning(FORGED, extra={"note": FORGED})
    assert len(text.getvalue().splitlines()) == 1
    assert "\x1b" not in text.getvalue()


def test_a_traceback_stands_under_its_line_and_forges_none(text: io.StringIO) -> None:
    bug(FORGED)
    first, *others = text.getvalue().splitlines()
    assert "met a bug" in first
    assert others
    assert all(line.startswith("    | ") for line in others)


@pytest.mark.parametrize(
    ("format", "terminal", "json_"),
    [
        ("auto", True, False),
        ("auto", False, True),
        ("json", True, True),
        ("text", False, False),
    ],
)
def test_a_terminal_gets_text_and_a_program_json(format: str, terminal: bool, json_: bool) -> None:
    record = logging.makeLogRecord({"msg": "hello", "levelname": "INFO", "name": "x"})
    line = logs.formatter(Log(format=format), terminal=terminal).format(record)
    assert line.startswith("{") is json_


def test_a_short_command_warns_in_bare_words_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "lastResort", None)
    logs.begin_plainly()
    last = logging.lastResort
    assert last is not None
    record = log.makeRecord(log.name, logging.WARNING, "", 0, "it says: %s", (CANARY,), None)
    last.handle(record)
    assert capsys.readouterr().err == "it says: [secret]\n"
