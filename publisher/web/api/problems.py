"""Failures as programs read them: application/problem+json, RFC 9457.

https://www.rfc-editor.org/rfc/rfc9457
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from publisher.accounts import BadAccount, NoAccount
from publisher.addresses import BadAddress
from publisher.fencing import Fenced
from publisher.floods import TooMany
from publisher.importing.lines import Unreadable
from publisher.operating import NotPossible, Unknown
from publisher.storage.engine import BadStore
from publisher.storage.schema import BadRow
from publisher.tokens import BadToken
from publisher.wishes import BadWish

log = logging.getLogger(__name__)

TYPE = "application/problem+json"
SOON = {"Retry-After": "10"}


class Problem(Exception):
    """A failure that is told as it is. `code` is one word for programs, `detail` a sentence."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.errors = dict(headers or {}), errors


def told(problem: Problem) -> Response:
    """The answer that tells of a problem."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    if problem.errors:
        said["errors"] = problem.errors
    body = json.dumps(said, ensure_ascii=False).encode(errors="replace")
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(body, problem.status, headers, TYPE)


def wrong(where: str, pointer: str, why: str) -> Problem:
    """A request with one thing wrong in it."""
    return Problem(422, "invalid", why, errors=[{"in": where, "pointer": pointer, "detail": why}])


def too_many(retry_after: timedelta) -> Problem:
    seconds = {"Retry-After": str(int(retry_after.total_seconds()))}
    return Problem(429, "too_many", "too many attempts; wait a while", headers=seconds)


def failed(error: Exception) -> Response:
    """The answer to whatever went wrong; what nobody expected is told to the log alone."""
    if isinstance(error, Problem):
        return told(error)
    for kind, made in KNOWN.items():
        if isinstance(error, kind):
            return told(made(error))
    if isinstance(error, TROUBLES):
        log.error("the store failed under the API", exc_info=error)
        words = "the store cannot be used just now; the log of the server tells why"
        return told(Problem(503, "store", words, headers=SOON))
    log.error("a bug under the API", exc_info=error)
    return told(Problem(500, "bug", "something is wrong here; the log of the server tells what"))


def _invalid(error: RequestValidationError) -> Problem:
    errors = [_wrong(one["loc"], one["msg"]) for one in error.errors()[:20]]
    return Problem(422, "invalid", errors[0]["detail"] if errors else "invalid", errors=errors)


def _wrong(place: tuple[Any, ...], why: str) -> dict[str, str]:
    where, *way = place
    steps = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in way)
    pointer = f"#{steps}" if where == "body" else steps[1:]
    return {"in": str(where), "pointer": pointer, "detail": why}


def _plain(error: HTTPException) -> Problem:
    codes = {404: "unknown", 405: "method", 413: "too_large", 400: "malformed"}
    told = {
        404: "there is nothing at this address",
        405: "this address takes no such method",
        413: "the body is too large",
    }
    detail = told.get(error.status_code, str(error.detail))
    code = codes.get(error.status_code, "refused")
    return Problem(error.status_code, code, detail, headers=error.headers)


def _not_possible(error: Any) -> Problem:
    return Problem(409, "not_possible", str(error))


KNOWN: Mapping[type[Exception], Callable[[Any], Problem]] = {
    Unknown: lambda error: Problem(404, "unknown", str(error)),
    NotPossible: _not_possible,
    Fenced: _not_possible,
    BadToken: _not_possible,
    NoAccount: lambda error: Problem(404, "unknown", str(error)),
    BadAccount: _not_possible,
    BadAddress: lambda error: wrong("body", "#/address", str(error)),
    BadWish: lambda error: wrong("body", f"#/{error.what}", str(error)),
    Unreadable: lambda error: wrong("body", "#", f"{error}; nothing was imported"),
    TooMany: lambda error: too_many(error.retry_after),
    RequestValidationError: _invalid,
    ClientDisconnect: lambda _: Problem(400, "cut_off", "the request ended early"),
    HTTPException: _plain,
}


TROUBLES = (DBAPIError, BadStore, BadRow)


def add_to(app: FastAPI) -> None:
    """Have what no operation answers told as a problem, too: unknown addresses and methods."""

    def expected(_: Request, error: Exception) -> Response:
        return failed(error)

    app.add_exception_handler(HTTPException, expected)
    app.add_exception_handler(Exception, expected)
