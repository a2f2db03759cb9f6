"""POST /hooks/SOURCE: a forge says "look", and that is all that it can say."""

import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue

import httpx
import pytest
from sqlalchemy import Engine, func, select

from publisher.sandbox.serving import serving
from publisher.storage import hooks
from publisher.storage.engine import reading
from publisher.storage.schema import heard_hooks
from publisher.web.app import build
from publisher.web.hooks import LARGEST
from tests.publisher.fakes import NOW, Clock
from tests.publisher.web.conftest import CONFIG, settings_of

SECRET = "a secret of sixteen"
SOURCE = f'[source]\nkind = "folder"\npath = "content"\nhook_secret = "{SECRET}"\n'
LOOKS: SimpleQueue[int] = SimpleQueue()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def forge(engine: Engine, tmp_path: Path, clock: Clock) -> Iterator[httpx.Client]:
    while not LOOKS.empty():
        LOOKS.get()
    app = build(
        settings_of(CONFIG + SOURCE, tmp_path), engine, now=clock, look=lambda: LOOKS.put(1)
    )
    with (
        serving(app) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=20) as client,
    ):
        yield client


def push(
    forge: httpx.Client, id: str, body: bytes = b"{}", name: str = "source", key: str = SECRET
) -> int:
    """Call as GitHub does; the answer's status."""
    signature = hmac.digest(key.encode(), body, hashlib.sha256).hex()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Delivery": id}
    return forge.post(f"/hooks/{name}", content=body, headers=headers).status_code


def looks(number: int) -> bool:
    """Whether so many looks were asked for; the last is, a moment after the answer."""
    for _ in range(number):
        LOOKS.get(timeout=10)
    return LOOKS.empty()


def begin_look(engine: Engine) -> None:
    with engine.begin() as db:
        hooks.begun(db)


def test_a_signed_push_leads_to_a_look(forge: httpx.Client) -> None:
    assert push(forge, "1") == 202
    assert looks(1)


def test_a_forged_push_does_nothing(forge: httpx.Client, engine: Engine) -> None:
    assert push(forge, "1", key="another secret, guessed") == 403
    assert forge.post("/hooks/source").status_code == 403
    assert LOOKS.empty()
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(heard_hooks)) == 0


def test_a_replayed_push_does_nothing(forge: httpx.Client, engine: Engine) -> None:
    push(forge, "1")
    begin_look(engine)
    assert push(forge, "1", body=b"[]") == 200
    assert push(forge, "2") == 200
    assert looks(1)


def test_a_hundred_pushes_at_once_are_one_look(forge: httpx.Client, engine: Engine) -> None:
    with ThreadPoolExecutor(max_workers=10) as pool:
        answers = list(pool.map(lambda n: push(forge, f"{n}", body=b"%d" % n), range(100)))
    assert set(answers) == {202}
    assert looks(1)
    begin_look(engine)
    push(forge, "later", body=b"later")
    assert looks(1)


def test_a_look_that_never_began_is_asked_for_anew(forge: httpx.Client, clock: Clock) -> None:
    push(forge, "1", body=b"1")
    clock.forward(seconds=61)
    push(forge, "2", body=b"2")
    assert looks(2)


def test_fifty_megabytes_are_refused_before_they_are_read(forge: httpx.Client) -> None:
    address = forge.base_url
    connection = HTTPConnection(address.host, address.port or 80, timeout=10)
    connection.putrequest("POST", "/hooks/source")
    connection.putheader("Content-Length", str(50 * LARGEST))
    connection.endheaders()  # and not a byte of the body
    assert connection.getresponse().status == 413
    connection.close()


def test_a_large_body_without_a_length_is_refused(forge: httpx.Client) -> None:
    parts = (b"x" * 65536 for _ in range(20))
    assert forge.post("/hooks/source", content=parts).status_code == 413


def test_a_megabyte_is_taken(forge: httpx.Client) -> None:
    assert push(forge, "1", body=b"x" * LARGEST) == 202


@pytest.mark.parametrize("name", ["another", "git", "SOURCE", "%00", "source/x"])
def test_a_source_that_is_not_there_takes_no_hooks(forge: httpx.Client, name: str) -> None:
    assert push(forge, "1", name=name) == 404


def test_a_source_without_a_secret_takes_no_hooks(engine: Engine, tmp_path: Path) -> None:
    settings = settings_of(CONFIG + SOURCE.replace("hook_secret", "#"), tmp_path)
    with serving(build(settings, engine)) as address, httpx.Client(base_url=address) as forge:
        assert push(forge, "1") == 404


def test_each_of_several_sources_is_called_by_its_name(engine: Engine, tmp_path: Path) -> None:
    several = SOURCE.replace("[source]", "[sources.news]")
    settings = settings_of(CONFIG + several, tmp_path)
    with serving(build(settings, engine)) as address, httpx.Client(base_url=address) as forge:
        assert push(forge, "1") == 404
        assert push(forge, "1", name="news") == 202


def test_what_was_heard_is_forgotten_in_time_and_beyond_a_number(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hear(mark: str, days: int) -> bool:
        with engine.begin() as db:
            return hooks.is_new(db, "source", [mark], at=NOW + timedelta(days=days))

    assert [hear("a", 0), hear("a", 29), hear("b", 31), hear("a", 31)] == [True, False, True, True]
    monkeypatch.setattr(hooks, "MOST", 2)
    assert [hear("c", 32), hear("d", 33)] == [True, True]
    with reading(engine) as db:
        marks = db.scalars(select(heard_hooks.c.mark).order_by(heard_hooks.c.mark)).all()
    assert marks == ["c", "d"]
