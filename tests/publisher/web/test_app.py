"""What all pages share: headers, limits, failures in plain words, health."""

import logging
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from publisher.config import Settings
from publisher.publishing import utcnow
from publisher.sandbox.serving import serving
from publisher.storage import homes, identity, workers
from publisher.storage.engine import connect
from publisher.web import health
from publisher.web.app import LARGEST_BODY, build
from publisher.web.headers import without_token
from tests.publisher.fakes import edition
from tests.publisher.web.test_archive import publish

TOKEN = "x" * 32


@contextmanager
def asked(settings: Settings, engine: Engine) -> Iterator[httpx.Client]:
    with (
        serving(build(settings, engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "address",
    ["/", "/issues/2026-11/en", "/nothing", "/unsubscribe/" + TOKEN, "/feeds/x", "/healthz"],
)
def test_no_page_can_run_or_be_framed(web: httpx.Client, engine: Engine, address: str) -> None:
    publish(engine, edition())
    headers = web.get(address).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "img-src": "'self'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("address", ["/", "/nothing", "/issues/2026-11/en", "/unsubscribe/x/"])
def test_a_host_that_is_not_ours_is_not_repeated(
    web: httpx.Client, engine: Engine, address: str
) -> None:
    publish(engine, edition())
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = web.get(address, headers=evil)
    assert "evil" not in answer.text + str(answer.headers)
    assert not answer.has_redirect_location


def test_a_page_uses_nothing_from_elsewhere_and_no_script(web: httpx.Client) -> None:
    html, css = web.get("/").text, web.get("/page.css").text
    assert "<script" not in html
    assert " style=" not in html
    assert "//" not in css.replace("/*", "").replace("*/", "")
    assert "@import" not in css


def test_the_style_sheet_may_be_kept_for_its_address_changes_with_it(web: httpx.Client) -> None:
    address = web.get("/").text.split('<link rel="stylesheet" href="')[1].split('"')[0]
    css = web.get(address)
    assert css.headers["content-type"].startswith("text/css")
    assert "immutable" in css.headers["cache-control"]
    assert "?" in address


def test_a_body_that_is_too_large_is_refused(web: httpx.Client) -> None:
    answer = web.post(f"/unsubscribe/{TOKEN}", content=b"x" * (LARGEST_BODY + 1))
    assert answer.status_code == 413
    assert web.post(f"/unsubscribe/{TOKEN}", content=b"x" * LARGEST_BODY).status_code == 200


def test_failures_are_told_in_the_browsers_language(web: httpx.Client) -> None:
    answer = web.get("/nothing", headers={"Accept-Language": "de-CH, en;q=0.5"})
    assert answer.status_code == 404
    assert "Diese Seite gibt es nicht" in answer.text


def test_a_store_that_fails_is_no_page_full_of_details(
    web: httpx.Client, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as db:
        db.execute(text("alter table editions rename to gone"))
    with caplog.at_level(logging.ERROR):
        answer = web.get("/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "editions" not in answer.text
    assert "the store failed" in caplog.text


def test_a_bug_is_no_page_full_of_details_and_as_well_guarded(
    settings: Settings, engine: Engine
) -> None:
    app = build(settings, engine)

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("a secret detail")

    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as web:
        answer = web.get("/broken")
    assert answer.status_code == 500
    assert "It is our fault" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


# --- health


def signed(engine: Engine, at: datetime) -> None:
    """Let a worker give a sign of life."""
    with engine.begin() as db:
        workers.beat(db, "w", role="worker", host="h", version="1", started_at=at, at=at)


def not_ready(web: httpx.Client) -> str:
    answer = web.get("/readyz")
    assert answer.status_code == 503
    return answer.text


def test_a_service_that_can_work_says_so(web: httpx.Client, engine: Engine) -> None:
    signed(engine, utcnow())
    assert (web.get("/healthz").status_code, web.head("/healthz").status_code) == (200, 200)
    ready = web.get("/readyz")
    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert ready.headers["cache-control"] == "no-store"


def test_without_a_worker_it_is_not_ready(web: httpx.Client, engine: Engine) -> None:
    signed(engine, utcnow() - timedelta(hours=1))
    assert not_ready(web) == "not ready: no worker gives signs of life\n"


def test_a_fenced_store_is_not_ready(web: httpx.Client, engine: Engine) -> None:
    signed(engine, utcnow())
    with engine.begin() as db:
        identity.make(db, homes.Home(), at=utcnow())
        identity.fence(db, "its file was copied", at=utcnow())
    assert "sends nothing until somebody says" in not_ready(web)


def test_without_a_broker_it_is_not_ready_and_no_address_is_told(
    settings: Settings, engine: Engine
) -> None:
    signed(engine, utcnow())
    app = build(settings, engine, broker=lambda: "redis://:hunter2@10.0.0.1 is gone")
    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as web:
        assert not_ready(web) == "not ready: the broker does not answer; the log says why\n"


def test_who_does_not_answer_keeps_nobody_waiting(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(engine, utcnow())
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    never = threading.Event()
    app = build(settings, engine, broker=lambda: str(never.wait(5)))
    with serving(app) as address, httpx.Client(base_url=address, trust_env=False) as web:
        assert "the broker does not answer in" in not_ready(web)
        never.set()


def test_a_store_of_another_version_is_not_ready_but_alive(
    web: httpx.Client, engine: Engine
) -> None:
    with engine.begin() as db:
        db.execute(text("update alembic_version set version_num = '9999'"))
    ready = web.get("/readyz")
    assert ready.status_code == 503
    assert ready.text.startswith("not ready: the store was written by a newer program")
    assert str(engine.url.database) not in ready.text
    assert web.get("/healthz").status_code == 200


def test_a_store_that_is_gone_is_not_ready_and_nothing_of_its_address_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    places = [
        f"sqlite:///{folder}/publisher.db",
        "postgresql+psycopg://someone:hunter2@127.0.0.1:1/letters",
    ]
    shutil.rmtree(folder)
    for place in places:
        engine = connect(place)
        with asked(settings, engine) as web:
            ready = web.get("/readyz")
        engine.dispose()
        assert ready.status_code == 503
        assert ready.text == "not ready: the store does not answer; the log says why\n"


def test_a_log_of_requests_shows_no_tokens() -> None:
    """In uvicorn's own form: client, method, path, version, status."""
    kept, hidden = ("/issues/2026-11/en", "/feeds/all.atom.xml"), ("unsubscribe", "confirm")
    for path in (*kept, *(f"/letters/{name}/TOKEN_of-somebody?lang=en" for name in hidden)):
        line = ("127.0.0.1:1", "GET", path, "1.1", 200)
        form = '%s - "%s %s HTTP/%s" %d'
        record = logging.LogRecord("uvicorn.access", logging.INFO, "", 1, form, line, None)
        assert without_token(record)
        assert (path in record.getMessage()) is (path in kept)
        assert "TOKEN" not in record.getMessage()


def test_trouble_with_the_store_names_no_token(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = connect(f"sqlite:///{tmp_path}/empty.db")
    token = secrets.token_urlsafe(24)
    with serving(build(settings, engine)) as address:
        assert httpx.get(f"{address}/unsubscribe/{token}", trust_env=False).status_code == 503
    engine.dispose()
    assert "no such table" in caplog.text
    assert token not in caplog.text
