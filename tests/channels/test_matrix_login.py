"""Signing in to Matrix: by browser or by password."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels import _matrixlogin
from publisher.domain.channel import Refused
from publisher.sandbox.serving import serving
from tests.testing.talk import Person

Answers = dict[str, Callable[[Request, Any], Response]]


@contextmanager
def server(answers: Answers) -> Iterator[str]:
    """Serve answers by path: each gets the request and its JSON, if that is what came."""

    def route(path: str, answer: Callable[[Request, Any], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            said = json.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode()))
            return answer(request, said)

        return Route(path, endpoint, methods=["GET", "POST"])

    with serving(Starlette(routes=[route(*one) for one in answers.items()])) as url:
        yield url


class Browser(Person):
    """A person who needs not click: the page sends the browser straight back."""

    def browse(self, url_for: Callable[[str], str]) -> dict[str, str]:
        url = url_for("state")
        self.said.append(url)
        return {"state": "state", "code": "c", "loginToken": "t"}


def no(status: int, **said: Any) -> Response:
    return JSONResponse(said, status)


def matrix(flow: str, login: Callable[[Any], Response]) -> Answers:
    def answer(request: Request, said: Any) -> Response:
        return (
            login(said) if request.method == "POST" else JSONResponse({"flows": [{"type": flow}]})
        )

    return {"/_matrix/client/v3/login": answer}


def let_in(seen: list[Any]) -> Callable[[Any], Response]:
    def login(said: Any) -> Response:
        seen.append(said)
        return no(200, access_token="syt")

    return login


def test_matrix_lets_in_by_browser_where_the_server_has_that() -> None:
    seen: list[Any] = []
    talk = Browser()
    with server(matrix("m.login.sso", let_in(seen))) as url:
        got = _matrixlogin.signed_in({"homeserver": url}, talk)
    assert got == {"homeserver": url, "access_token": "syt"}
    assert seen[0] == {
        "type": "m.login.token",
        "token": "t",
        "initial_device_display_name": "Publisher",
    }
    [back] = parse_qs(urlsplit(talk.said[-1]).query)["redirectUrl"]
    assert back == f"{talk.redirect_uri}?state=state"


def test_matrix_lets_in_by_password_elsewhere() -> None:
    seen: list[Any] = []
    talk = Person(answers={"user": "@letter:example.org", "password": "open sesame"})
    with server(matrix("m.login.password", let_in(seen))) as url:
        assert _matrixlogin.signed_in({"homeserver": url}, talk)["access_token"] == "syt"
    assert seen[0]["identifier"] == {"type": "m.id.user", "user": "@letter:example.org"}
    assert seen[0]["password"] == "open sesame"


def test_a_wrong_matrix_password_is_named() -> None:
    answers = matrix("m.login.password", lambda _: no(403, errcode="M_FORBIDDEN", error="Invalid"))
    with server(answers) as url, pytest.raises(Refused, match="M_FORBIDDEN Invalid: run it again"):
        _matrixlogin.signed_in({"homeserver": url}, Person())


def test_a_matrix_id_leads_to_its_homeserver() -> None:
    assert _matrixlogin.found_home("https://matrix.example/") == "https://matrix.example"
