"""What strangers and careless programs send: told what is wrong, and harmless."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from publisher.domain.issue import Edition
from publisher.sandbox.serving import serving
from publisher.web.api.operations import LARGEST
from publisher.web.app import build
from tests.publisher.web.api.conftest import Program, problem
from tests.publisher.web.conftest import LETTERS, settings_of

ISSUE = "/issues/2026-11"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"channel": NaN}',
        b'{"channel": Infinity}',
        b'{"channel": "a", "channel": "b"}',
        b"[" * 50_000,
        b'{"channel":' * 5_000 + b"1" + b"}" * 5_000,
        b"[" * 30 + b"]" * 30,
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b'{"channel": "a"} x',
        b'{"channel": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_json_of_ours_is_refused(program: Program, body: bytes) -> None:
    answer = program.post(f"{ISSUE}/pause", content=body, headers=JSON)
    assert problem(answer) == (400, "malformed")


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"1e999",
        b'{"channel": "\\ud800"}',
        b'{"channel": "a\\u0000b"}',
        b'{"channel": "a\\r\\nSet-Cookie: x=1"}',
        b'{"channel": "a", "role": "admin"}',
        b'{"channel": {"$ne": ""}}',
        b'{"channel": ""}',
        b'{"channel": "' + b"x" * 501 + b'"}',
    ],
)
def test_what_means_nothing_here_is_refused(stored: Program, body: bytes) -> None:
    answer = stored.post(f"{ISSUE}/pause", content=body, headers=JSON)
    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["in"] == "body"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_body_that_is_not_said_to_be_json_is_refused(program: Program, kind: str) -> None:
    content = b'{"channel": "a"}'
    answer = program.post(f"{ISSUE}/pause", content=content, headers={"Content-Type": kind})
    assert problem(answer) == (415, "media_type")
    assert "application/json" in answer.json()["detail"]
    kind = "application/json; charset=utf-8"
    answer = program.post(f"{ISSUE}/pause", content=content, headers={"Content-Type": kind})
    assert problem(answer) == (404, "unknown")


def test_what_is_wrong_is_not_repeated(program: Program) -> None:
    said = {"channel": "<script>alert(1)</script>", "sekrit-extra": 1}
    answer = program.post(f"{ISSUE}/pause", json=said)
    assert "script" not in answer.text


@pytest.mark.parametrize("key", ["a%00b", "a%0D%0AX-Evil:%201", "%ED%A0%80", "x" * 301, "%7F"])
def test_a_key_that_no_store_takes_is_refused(stored: Program, key: str) -> None:
    for path in ("", "/log", "/plan", "/editions/en", "/preview"):
        answer = stored.get(f"/issues/{key}{path}")
        assert problem(answer)[0] in (404, 422), path
        assert "x-evil" not in answer.headers
    assert problem(stored.post(f"/issues/{key}/publish"))[0] in (404, 422)


@pytest.mark.parametrize(
    "path", ["/subscribers/a%00@b.example", "/tokens/a%00", "/channels/a%00/pause"]
)
def test_a_name_that_no_store_takes_is_refused(stored: Program, path: str) -> None:
    method = "POST" if path.endswith("pause") else "DELETE"
    assert stored.ask(method, path, "admin").status_code in (404, 422)


@pytest.mark.parametrize(
    "name", ["issue", "channel", "reader", "state", "list", "language", "after"]
)
def test_a_filter_that_no_store_takes_is_refused(stored: Program, name: str) -> None:
    for path in ("/issues", f"{ISSUE}/log", "/actions", "/bounces", "/subscribers"):
        assert stored.get(f"{path}?{name}=a%00b").status_code in (200, 404, 422)


def test_a_source_of_an_import_ends_no_line(program: Program) -> None:
    answer = program.post("/subscribers/import?source=a%0D%0Ab", content="email\na@b.example\n")
    assert problem(answer) == (422, "invalid")


def test_nothing_else_is_a_method(program: Program) -> None:
    override = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE"}
    program.post("/subscribers", json={"address": "ann@example.org"})
    assert (
        program.get("/subscribers/ann@example.org?_method=DELETE", headers=override).json()["state"]
        == "confirmed"
    )
    for method, path in (
        ("PUT", ISSUE),
        ("PATCH", "/me"),
        ("DELETE", ISSUE),
        ("GET", f"{ISSUE}/publish"),
    ):
        answer = program.ask(method, path)
        assert problem(answer) == (405, "method"), path
        assert answer.headers["allow"]


def operations(program: Program) -> list[tuple[str, str]]:
    """Every (method, path) of the document, with something known in its places."""
    paths = program.client.get("/api/v1/openapi.json").json()["paths"]
    known = {"key": "2026-11", "lang": "en", "name": "fosstodon", "address": "ann@example.org"}
    found = []
    for path, methods in paths.items():
        place = path.removeprefix("/v1")
        for name, value in known.items():
            place = place.replace(f"{{{name}}}", value)
        assert "{" not in place
        found += [(method.upper(), place) for method in methods]
    assert len(found) > 40
    return found


def test_nothing_answers_without_a_token(stored: Program) -> None:
    for method, path in operations(stored):
        answer = stored.client.request(method, f"/api/v1{path}")
        assert problem(answer) == (401, "no_token"), (method, path)


def test_a_token_that_reads_changes_nothing_and_sees_no_reader(stored: Program) -> None:
    before = stored.house.done()
    for method, path in operations(stored):
        if method != "GET" or path.startswith(("/subscribers", "/bounces", "/tokens", "/users")):
            answer = stored.ask(method, path, "read", json={} if method == "POST" else None)
            assert problem(answer) == (403, "insufficient_scope"), (method, path)
    assert stored.house.done() == before


def test_no_other_site_may_ask(program: Program) -> None:
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET"):
        answer = program.ask(method, "/me", headers=origin)
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert problem(program.ask("OPTIONS", "/me", headers=origin))[0] == 405


def test_an_address_that_is_none_is_told_to_programs(program: Program) -> None:
    for path in ("/api/", "/api/v1", "/api/v1/nothing", "/api/v2/me", "/api/v1//me", "/api/v1/me/"):
        assert problem(program.client.get(path)) == (404, "unknown"), path


def test_the_host_is_not_repeated(stored: Program) -> None:
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for number in range(3):
        stored.post("/subscribers", json={"address": f"r{number}@example.org"})
    answer = stored.get("/subscribers?limit=1", headers=evil)
    assert answer.headers["link"].startswith("</api/v1/subscribers?")
    assert "evil" not in str(answer.headers) + answer.text
    assert "evil" not in stored.client.get("/api/v1/openapi.json", headers=evil).text


def test_a_body_that_is_too_large_is_refused(program: Program) -> None:
    def dripping() -> Iterator[bytes]:
        for _ in range(LARGEST // 1000 + 1):
            yield b" " * 1000

    for content in (b" " * (LARGEST + 1), dripping()):
        answer = program.post(f"{ISSUE}/pause", content=content, headers=JSON)
        assert problem(answer) == (413, "too_large")
    fits = b'{"channel": "a"' + b" " * (LARGEST - 16) + b"}"
    assert program.post(f"{ISSUE}/pause", content=fits, headers=JSON).status_code == 404


def test_a_file_may_be_larger_but_not_for_ever(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"reader{number}@example.org\n" for number in range(4000))
    assert len(rows) > LARGEST
    assert program.post("/subscribers/import", content=f"email\n{rows}").json()["added"] == 4000
    monkeypatch.setattr("publisher.web.api.moving.LARGEST_FILE", 1000)
    answer = program.post("/subscribers/import", content=b"x" * 1001)
    assert problem(answer) == (413, "too_large")
    assert problem(program.post("/subscribers/import", content=iter([b"x" * 1001]))) == (
        413,
        "too_large",
    )


@pytest.fixture
def served(program: Program, tmp_path: Path) -> Iterator[httpx.Client]:
    """A real server, whose clients hear what it answers to its own bugs."""
    house = program.house
    settings = settings_of(LETTERS, tmp_path)
    app = build(settings, house.desk.engine, now=house.clock, desk=lambda: house.desk)
    token = {"Authorization": f"Bearer {program.tokens['admin']}"}
    with (
        serving(app) as address,
        httpx.Client(base_url=address, trust_env=False, headers=token) as client,
    ):
        yield client


def test_a_bug_is_told_without_what_it_is(
    served: httpx.Client, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: str) -> list[Edition]:
        raise ZeroDivisionError("a secret of ours")

    program.house.desk = replace(program.house.desk, editions=broken)
    with caplog.at_level(logging.ERROR):
        answer = served.post("/api/v1/issues/2026-11/publish")
    assert problem(answer) == (500, "bug")
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert served.get("/api/v1/me").status_code == 200


def test_a_store_that_fails_is_told_without_details(
    served: httpx.Client, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    with program.house.desk.engine.begin() as db:
        db.execute(text("alter table actions rename to gone"))
    with caplog.at_level(logging.ERROR):
        answer = served.get("/api/v1/actions")
    assert problem(answer) == (503, "store")
    assert answer.headers["retry-after"]
    assert "actions" not in answer.json()["detail"]
    assert "the store failed" in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/issues/x/pause", "/api/v1/subscribers/import"])
def test_a_body_that_says_it_is_too_large_is_not_waited_for(
    served: httpx.Client, path: str
) -> None:
    token = served.headers["authorization"]
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
    with socket.create_connection((served.base_url.host, served.base_url.port or 0), 5) as line:
        line.sendall(f"{head}Content-Length: {10**12}\r\n\r\nx".encode())
        said = line.recv(65536).decode().lower()
    assert said.startswith("http/1.1 413")
    assert "application/problem+json" in said


def test_answers_are_guarded_as_pages_are(served: httpx.Client) -> None:
    for path in ("/api/v1/me", "/api/v1/nothing", "/api/v1/openapi.json"):
        headers = served.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers
    assert served.head("/api/v1/me").status_code == 200


@pytest.mark.parametrize("path", ["/news/api/v1/actions", "/api/v1/actions"])
def test_below_a_path_with_or_without_the_proxy_taking_it_off(
    program: Program, tmp_path: Path, path: str
) -> None:
    house = program.house
    config = LETTERS.replace("https://letters.example/", "https://letters.example/news/")
    app = build(settings_of(config, tmp_path), house.desk.engine, now=house.clock)
    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {program.tokens['read']}"
        answer = client.get(path, params={"limit": 1})
        assert answer.status_code == 200
        assert answer.headers["link"].startswith("</news/api/v1/actions?")
        assert problem(client.get("/api/v1/nothing")) == (404, "unknown")
