"""Whether the API is what its OpenAPI document says: asked by a program that reads nothing else."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from publisher import subscribing, tokens
from publisher.domain.bounce import Kind
from publisher.domain.channel import Disconnected, Refused, Unsure
from publisher.sandbox.serving import serving
from publisher.storage import bounces, releases
from publisher.storage.engine import connect, migrate
from publisher.web.app import build
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.house import House
from tests.publisher.web.conftest import LETTERS, asking_through, settings_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
    ignored_auth,
]
EXAMPLES = 30  # of each operation
KNOWN = {"key": "2026-11", "lang": "en", "name": "slow", "address": "ann@example.org"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(address, token of an admin) of a server whose store has something of everything."""
    folder = tmp_path_factory.mktemp("served")
    engine = connect(f"sqlite:///{folder}/publisher.db")
    migrate(engine)
    house = _house(engine)
    with engine.begin() as db:
        token = tokens.add(db, "admin", role="admin", by="ines", at=NOW)
    app = build(settings_of(LETTERS, folder), engine, now=house.clock, desk=lambda: house.desk)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(tokens, "GUESSES", 10**9)
        yield stack.enter_context(serving(app)), token


def _house(engine: Any) -> House:
    """Delivered, refused, held, in doubt, and waiting; readers, a bounce, a release."""
    held = FakeChannel(fails_with=[Unsure("timeout")], cannot_be_asked=True)
    mailing = FakeMailing(refuses={"bob@example.net": Refused("550 no such user")})
    house = House(
        engine,
        a=FakeChannel(),
        b=FakeChannel(fails_with=[Refused("too long")]),
        held=held,
        slow=FakeChannel(fails_with=[Disconnected("token expired")]),
        readers=mailing,
    )
    subscribing.add(["ann@example.org", "bob@example.net"], engine=engine, at=NOW)
    house.there = [edition(), edition(key="weekly/1"), edition(key="2026-12")]
    house.run()
    house.clock.forward(minutes=30)
    work(house.me)
    with engine.begin() as db:
        bounces.record(db, 1, kind=Kind.HARD, at=NOW, status="5.1.1", words="no such user")
        releases.add(db, "2026-12", "en", dated=NOW, at=NOW)
    return house


def map_path_parameters(_: Any, path_parameters: dict[str, Any] | None) -> Any:
    """Half of what is asked for is there."""
    if not path_parameters:
        return path_parameters
    return {
        name: KNOWN.get(name, value) if len(str(value)) % 2 else value
        for name, value in path_parameters.items()
    }


@pytest.fixture(scope="module")
def described(served: tuple[str, str]) -> Any:
    """The document, and where to ask."""
    address, _ = served
    found = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    found.config.update(base_url=f"{address}/api")
    found.hook(map_path_parameters)
    return found


def _operations() -> list[str]:
    """Every operation of the document, which no store is needed for."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/none.db")
        app = build(settings_of(LETTERS, Path(folder)), engine)
        with asking_through(app) as client:
            paths = client.get("/api/v1/openapi.json").json()["paths"]
        engine.dispose()
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize("named", _operations())
def test_an_operation_answers_as_it_says(
    named: str, described: Any, served: tuple[str, str]
) -> None:
    method, path = named.split()
    headers = {"Authorization": f"Bearer {served[1]}"}
    modes = [described[path][method].as_strategy(generation_mode=m) for m in GenerationMode]

    @given(case=st.one_of(modes))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def asked(case: Case[Any]) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)

    asked()


def test_the_document_covers_the_api_and_nothing_else(described: Any) -> None:
    document = described.raw_schema
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "https://letters.example/api"}]
    assert all(path.startswith("/v1/") for path in document["paths"])
    assert "/v1/openapi.json" not in document["paths"]


HEADS = {"get": {"ETag"}, "post": {"Idempotent-Replayed"}, "delete": {"Idempotent-Replayed"}}
PLAIN = {
    "get /v1/subscribers/export",
    "post /v1/tokens",
    "delete /v1/tokens/{name}",
    "post /v1/users",
    "post /v1/users/{name}/password",
    "post /v1/users/{name}/role",
    "delete /v1/users/{name}",
}  # what answers no JSON, or takes no Idempotency-Key


def _heads(operation: Any) -> set[str]:
    """The headers of what went well."""
    answers = operation["responses"].items()
    return {name for status, one in answers if status < "3" for name in one.get("headers", ())}


def test_every_operation_says_how_it_fails(described: Any) -> None:
    for path, methods in described.raw_schema["paths"].items():
        for method, operation in methods.items():
            named = f"{method} {path}"
            usual = {"401", "403", "404", "422", "429", "500", "503"}
            usual |= {"304"} if method == "get" else {"400", "409", "413", "415"}
            assert usual <= operation["responses"].keys(), named
            assert operation["security"][0]["token"], named
            assert _heads(operation) >= HEADS[method] or named in PLAIN, named
            assert operation["description"], named
            for status in usual - {"304"}:
                content = operation["responses"][status]["content"]
                assert [*content] == ["application/problem+json"], named
