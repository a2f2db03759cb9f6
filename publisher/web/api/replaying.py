"""Saying a thing twice and having it done once, by a key that the program made up.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/

What was done is answered again for a day. What failed changed nothing, so its key is free again. A
process that is killed in the middle holds the key until the lease is over; nothing is sent twice
by whoever then does it again, for that is the deliveries' own promise.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from publisher.readership import without_addresses
from publisher.storage import answers
from publisher.storage.answers import LEASE, Kept
from publisher.web.api.entry import Caller
from publisher.web.api.problems import Problem

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true", "Cache-Control": "no-store"}
KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255}?)"?')  # a string of RFC 8941, or without its quotes

Act = Callable[[], Awaitable[Response]]


async def once(request: Request, caller: Caller, body: bytes, act: Act) -> Response:
    """The answer of `act`, or what it was before with this key. `body` may be its digest."""
    said = request.headers.getlist(HEADER)
    if not said:
        return await act()
    found = KEY.fullmatch(said[0].strip()) if len(said) == 1 else None
    if found is None:
        raise Problem(400, "malformed", f"{HEADER}: 1 to 255 visible characters, once")
    key = _hashed(caller.token.digest, found[1])
    asked = _hashed(request.method, request.url.path, request.url.query, body.hex())
    at = caller.web.now()
    kept = await run_in_threadpool(_begin, caller, key, asked, at)
    if kept is not None:
        return _again(kept, asked, at)
    return await _first(act, caller, key, at)


async def _first(act: Act, caller: Caller, key: str, at: datetime) -> Response:
    try:
        response = await act()
    except Exception:  # whoever is cut off may still be at it: then the lease holds
        await run_in_threadpool(_drop, caller, key, at)
        raise
    if response.status_code < 300:
        await run_in_threadpool(_keep, caller, key, at, response)
    else:
        await run_in_threadpool(_drop, caller, key, at)
    return response


def _again(kept: Kept, asked: str, at: datetime) -> Response:
    if kept.request != asked:
        words = f"this {HEADER} was used for another request; make up a new one"
        raise Problem(422, "key_reused", words)
    if kept.status is None:
        left = max(1, int((kept.at + LEASE - at).total_seconds()))
        words = "a request with this key is still being answered, or was cut off"
        raise Problem(409, "in_progress", words, headers={"Retry-After": str(left)})
    media_type = "application/json" if kept.body else None
    return Response(kept.body, kept.status, REPLAYED, media_type)


def _begin(caller: Caller, key: str, asked: str, at: datetime) -> Kept | None:
    with caller.web.engine.begin() as db:
        return answers.begin(db, key, asked, at=at)


def _keep(caller: Caller, key: str, at: datetime, response: Response) -> None:
    body = without_addresses(bytes(response.body).decode())  # whoever is forgotten is so at once
    with caller.web.engine.begin() as db:
        answers.keep(db, key, status=response.status_code, body=body, at=at)


def _drop(caller: Caller, key: str, at: datetime) -> None:
    with caller.web.engine.begin() as db:
        answers.drop(db, key, at=at)


def _hashed(*parts: str) -> str:
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(whole.encode(errors="replace")).hexdigest()
