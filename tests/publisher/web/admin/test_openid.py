"""Signing in by an OpenID provider: whatever it says wrongly signs nobody in.

The provider is pretend: it signs with real keys, and lies as it is told.
"""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from publisher import accounts, config
from publisher.accounts import BadAccount
from publisher.sandbox.serving import serving
from publisher.web.app import build
from tests.publisher.fakes import NOW, FakeChannel
from tests.publisher.house import House
from tests.publisher.web.admin.conftest import COOKIE
from tests.publisher.web.conftest import LETTERS, asking_through, settings_of

KEY, OTHER = (RSAKey.generate_key(2048, parameters={"kid": "1"}) for _ in range(2))
SECRET = "a-client-secret"


def signed_by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token as no library would make it."""
    parts = (json.dumps(part).encode() for part in (header, claims))
    said = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = base64.urlsafe_b64encode(hmac.digest(secret, said, "sha256")).rstrip(b"=")
    return (said + b"." + mac).decode()


@dataclass(kw_only=True)
class FakeProvider:
    """A pretend OpenID provider. `claims`, `header` and `key` are what it puts into its word."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "1"})
    key: Any = field(default_factory=lambda: KEY)
    secret: bytes = b""
    description: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    answers: dict[str, Any] = field(default_factory=dict)
    sent: list[dict[str, list[str]]] = field(default_factory=list)
    base: str = ""
    nonce: str = ""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
                Route("/moved", lambda _: RedirectResponse("/keys")),
            ]
        )

    def describe(self, _: Request) -> Response:
        if "huge" in self.answers:
            return PlainTextResponse('{"a": "' + "x" * 600_000 + '"}')
        known = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/keys",
        }
        return JSONResponse(known | self.description)

    def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    async def token(self, request: Request) -> Response:
        self.sent.append(parse_qs((await request.body()).decode()))
        self.sent[-1]["authorization"] = [request.headers["authorization"]]
        if self.token_status != 200:
            return JSONResponse({"error": "invalid_grant"}, self.token_status)
        now = int(NOW.timestamp())
        said = {
            "iss": self.base,
            "aud": "publisher",
            "sub": "u-7",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            **self.claims,
        }
        told = {name: value for name, value in said.items() if value is not None}
        if self.secret:
            word = signed_by_hand({"alg": "HS256", "kid": "1"}, told, self.secret)
        else:
            word = jwt.encode(self.header, told, self.key, algorithms=[self.header["alg"]])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": word})


@dataclass(kw_only=True)
class Desk:
    """A browser before the pages, and the pretend provider."""

    provider: FakeProvider
    browser: httpx.Client
    engine: Engine
    house: House

    def go(self, back: str = "") -> dict[str, str]:
        """Follow the button; what the provider is asked."""
        answer = self.browser.get("/admin/openid", params={"back": back})
        assert answer.status_code == 303, answer.text
        place = urlsplit(answer.headers["location"])
        assert f"{place.scheme}://{place.netloc}{place.path}" == f"{self.provider.base}/authorize"
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        self.provider.nonce = asked["nonce"]
        return asked

    def come_back(self, **said: str) -> httpx.Response:
        return self.browser.get("/admin/openid/back", params={"code": "c-1", **said})

    def is_in(self) -> bool:
        return self.browser.get("/admin").status_code == 200


@pytest.fixture
def desk(file_store: Engine, tmp_path: Path) -> Iterator[Desk]:
    provider = FakeProvider()
    with serving(provider.app()) as base:
        provider.base = base
        table = f'\n[sign_in]\nissuer = "{base}"\nclient_id = "publisher"\n'
        settings = settings_of(f'{LETTERS}{table}client_secret = "{SECRET}"\n', tmp_path)
        house = House(file_store, a=FakeChannel())
        app = build(settings, file_store, now=house.clock, desk=lambda: house.desk)
        with file_store.begin() as db:
            accounts.add(db, "ines", "", role="release", at=NOW, subject="u-7")
        with asking_through(app) as browser:
            yield Desk(provider=provider, browser=browser, engine=file_store, house=house)


def test_somebody_with_an_account_signs_in_and_is_led_back(desk: Desk) -> None:
    assert "Sign in by 127.0.0.1" in desk.browser.get("/admin/sign-in").text
    asked = desk.go(back="/admin/tasks")
    assert asked["redirect_uri"] == "https://letters.example/admin/openid/back"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    answer = desk.come_back(state=asked["state"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/tasks")
    assert desk.is_in()
    [sent] = desk.provider.sent
    assert sent["code"] == ["c-1"]
    assert len(sent["code_verifier"][0]) >= 43
    assert sent["authorization"][0].startswith("Basic ")
    assert "client_secret" not in sent


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "x"}},
    "no nonce": {"claims": {"nonce": None}},
    "for somebody else": {"claims": {"aud": "another"}},
    "for several, of which we are not the one": {"claims": {"aud": ["publisher", "b"], "azp": "b"}},
    "from somebody else": {"claims": {"iss": "https://evil.example"}},
    "long over": {"claims": {"exp": int(NOW.timestamp()) - 3600}},
    "of tomorrow": {"claims": {"iat": int(NOW.timestamp()) + 86400}},
    "without an end": {"claims": {"exp": None}},
    "of nobody": {"claims": {"sub": None}},
    "of no text": {"claims": {"sub": 7}},
    "of somebody without an account": {"claims": {"sub": "u-8"}},
    "signed by another key": {"key": OTHER},
    "signed by the client's secret": {"secret": SECRET.encode()},
    "signed by the public key as a secret": {"secret": KEY.as_pem(private=False)},
    "refused": {"token_status": 400},
    "of another provider": {"description": {"issuer": "https://evil.example"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_word_that_does_not_hold_signs_nobody_in(desk: Desk, lie: str) -> None:
    asked = desk.go()
    for name, value in LIES[lie].items():
        setattr(desk.provider, name, value)
    answer = desk.come_back(state=asked["state"])
    assert answer.status_code == 403
    assert "Traceback" not in answer.text
    assert not desk.is_in()


def test_a_word_without_a_signature_signs_nobody_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = desk.go()

    def unsigned(*_: object, **__: object) -> str:
        return "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTcifQ."

    monkeypatch.setattr(jwt, "encode", unsigned)
    assert desk.come_back(state=asked["state"]).status_code == 403
    assert not desk.is_in()


@pytest.mark.parametrize("said", [{}, {"state": ""}, {"state": "another"}, {"state": "é"}])
def test_what_was_not_asked_here_is_refused(desk: Desk, said: dict[str, str]) -> None:
    desk.go()
    assert desk.come_back(**said).status_code == 403
    assert desk.provider.sent == []
    assert not desk.is_in()


def test_what_another_browser_asked_is_refused(desk: Desk) -> None:
    asked = desk.go()
    desk.browser.cookies.clear()
    assert desk.come_back(state=asked["state"]).status_code == 403
    assert not desk.is_in()


def test_what_one_cookie_says_opens_nothing_as_another(desk: Desk) -> None:
    """One key signs them all, and each is good for what it was given for alone."""
    asked = desk.go()
    begun = desk.browser.cookies[f"{COOKIE}-openid"]
    desk.come_back(state=asked["state"])
    session = desk.browser.cookies[COOKIE]
    desk.browser.cookies.clear()
    for path, name, value, status in (
        ("/admin", COOKIE, begun, 303),
        ("/admin/openid/back?state=x&code=c-2", f"{COOKIE}-openid", session, 403),
    ):
        answer = desk.browser.get(path, headers={"Cookie": f"{name}={value}"})
        assert answer.status_code == status
    assert len(desk.provider.sent) == 1


def test_where_a_provider_leads_on_to_nobody_follows(desk: Desk) -> None:
    asked = desk.go()
    desk.provider.description = {"jwks_uri": f"{desk.provider.base}/moved"}
    answer = desk.come_back(state=asked["state"])
    assert answer.status_code == 403
    assert "the provider answers 307" in answer.text
    assert not desk.is_in()


def test_coming_back_twice_or_too_late_is_refused(desk: Desk) -> None:
    asked = desk.go()
    desk.house.clock.forward(minutes=11)
    assert desk.come_back(state=asked["state"]).status_code == 403
    desk.house.clock.forward(minutes=-11)
    asked = desk.go()
    desk.provider.token_status = 500
    assert desk.come_back(state=asked["state"]).status_code == 403
    desk.provider.token_status = 200
    assert desk.come_back(state=asked["state"]).status_code == 403
    assert not desk.is_in()


def test_who_says_no_there_is_told_so_and_nothing_of_it_is_markup(desk: Desk) -> None:
    asked = desk.go()
    answer = desk.come_back(state=asked["state"], error="<script>access_denied", code="")
    assert answer.status_code == 403
    assert "&lt;script&gt;access_denied" in answer.text


def test_who_has_no_account_is_told_what_to_ask_for(desk: Desk) -> None:
    asked = desk.go()
    desk.provider.claims = {"sub": "u-<9>"}
    answer = desk.come_back(state=asked["state"])
    assert "publisher user add NAME --subject u-&lt;9&gt;" in answer.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_it_leads_nowhere_else(desk: Desk, back: str) -> None:
    asked = desk.go(back=back)
    assert desk.come_back(state=asked["state"]).headers["location"] == "/admin"


def test_a_provider_that_says_too_much_or_nothing_is_told_of(desk: Desk) -> None:
    desk.provider.answers = {"huge": True}
    began = time.monotonic()
    answer = desk.browser.get("/admin/openid")
    assert answer.status_code == 403
    assert "more than can be" in answer.text
    assert time.monotonic() - began < 10
    desk.provider.answers = {}
    desk.provider.description = {"token_endpoint": "ftp://evil.example"}
    assert "no token_endpoint" in desk.browser.get("/admin/openid").text


def test_an_account_of_the_provider_has_no_password(desk: Desk) -> None:
    for password in ("", "x" * 12, accounts.NOBODY):
        sent = {"name": "ines", "password": password}
        assert desk.browser.post("/admin/sign-in", data=sent).status_code == 403
    with pytest.raises(BadAccount, match="another account"), desk.engine.begin() as db:
        accounts.add(db, "otto", "", role="read", at=NOW, subject="u-7")


def test_without_a_provider_there_is_no_such_way(file_store: Engine, tmp_path: Path) -> None:
    app = build(settings_of(LETTERS, tmp_path), file_store)
    with asking_through(app) as browser:
        assert browser.get("/admin/openid").status_code == 404
        assert browser.get("/admin/openid/back?state=x").status_code in (403, 404)
        assert "Sign in by" not in browser.get("/admin/sign-in").text


@pytest.mark.parametrize("issuer", ["http://id.example", "id.example", "https://", ""])
def test_a_provider_that_is_not_safe_is_a_mistake(tmp_path: Path, issuer: str) -> None:
    file = tmp_path / "publisher.toml"
    known = f'issuer = "{issuer}"\n' if issuer else ""
    file.write_text(f'{LETTERS}[sign_in]\n{known}client_id = "a"\nclient_secret = "b"\n')
    _, mistakes = config.load(file)
    assert [(one.table, one.key) for one in mistakes] == [("sign_in", "issuer")]
