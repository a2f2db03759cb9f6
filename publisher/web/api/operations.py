"""What all operations have in common: who may, how bodies are read, and how answers are kept."""

import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from publisher import documents
from publisher.accounts import ROLES, Role
from publisher.web.api import replaying
from publisher.web.api.described import CHANGING, FAILURES, KEYED, UNCHANGED, Answers
from publisher.web.api.entry import let_in
from publisher.web.api.problems import Problem, failed
from publisher.web.api.strict import require_sound
from publisher.web.showing import Web

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
LARGEST = 64 * 1024  # bytes of a body in JSON
LARGEST_FILE = 256 * 1024 * 1024
TOKEN = HTTPBearer(
    scheme_name="token", auto_error=False, description="`publisher token add` makes one."
)


def looking(web: Web, role: Role, *, tag: str) -> APIRouter:
    """A router whose operations change nothing, for tokens of a role."""

    async def look(request: Request, act: Handler) -> Response:
        return _conditional(request, await act(request))

    return _routes(web, role, look, tag=tag, responses=FAILURES | UNCHANGED)


def changing(web: Web, role: Role, *, tag: str, keyed: bool = True) -> APIRouter:
    """The same for what changes something, with `keyed` once for each Idempotency-Key."""

    async def change(request: Request, act: Handler) -> Response:
        body = b"".join([chunk async for chunk in measured(request, LARGEST)])
        if body:
            _require_json(request)
            require_sound(body)
        again = Request(request.scope, partial(_once_more, body))
        if not keyed:
            return await act(again)
        return await replaying.once(request, request.state.caller, body, lambda: act(again))

    routes = _routes(web, role, change, tag=tag, responses=FAILURES | CHANGING)
    routes.dependencies += [KEYED] if keyed else []
    return routes


def streaming(web: Web, role: Role, *, tag: str) -> APIRouter:
    """The same for operations that read a long body themselves, and see to the key."""

    async def stream(request: Request, act: Handler) -> Response:
        return await act(request)

    routes = _routes(web, role, stream, tag=tag, responses=FAILURES | CHANGING)
    routes.dependencies += [KEYED]
    return routes


def _routes(
    web: Web,
    role: Role,
    way: Callable[[Request, Handler], Coroutine[Any, Any, Response]],
    *,
    tag: str,
    responses: Answers,
) -> APIRouter:
    class Operation(APIRoute):
        """An operation that looks at the token before anything else."""

        def get_route_handler(self) -> Handler:
            act = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    request.state.caller = await run_in_threadpool(let_in, web, request, role)
                    return await way(request, act)
                except Exception as error:  # noqa: BLE001  the boundary: each failure is an answer
                    return failed(error)

            return handled

    name = next(name for name, one in ROLES.items() if one is role)
    needs = [Security(TOKEN, scopes=[name])]
    return APIRouter(route_class=Operation, tags=[tag], responses=responses, dependencies=needs)


async def measured(request: Request, largest: int) -> AsyncIterator[bytes]:
    """A body as it comes, as long as it is not too large; one that says so is not even read."""
    problem = Problem(413, "too_large", f"the body is too large: {largest} bytes are taken")
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or len(said) > 20 or int(said) > largest:
        raise problem
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > largest:
            raise problem
        yield chunk


def _require_json(request: Request) -> None:
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said != "application/json":
        words = "say what the body is: Content-Type: application/json"
        raise Problem(415, "media_type", words, headers={"Accept": "application/json"})


async def _once_more(body: bytes) -> Message:
    return {"type": "http.request", "body": body, "more_body": False}


def answer(
    document: Any,
    status: int = 200,
    *,
    personal: bool = False,
    headers: dict[str, str] | None = None,
) -> Response:
    """An answer in JSON; nothing of what is `personal` is kept by anybody on its way."""
    kept = "no-store" if personal or status != 200 else "private, no-cache"
    body = documents.as_json(document).encode(errors="replace")
    told = {"Cache-Control": kept, "Vary": "Authorization", **(headers or {})}
    return Response(body, status, told, "application/json")


def done() -> Response:
    """There is nothing to say."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def _conditional(request: Request, response: Response) -> Response:
    """An answer with a weak ETag, or that it is the known one: RFC 9110 §13.1.2."""
    body = getattr(response, "body", None)
    if response.status_code != 200 or body is None:
        return response
    tag = hashlib.sha256(body).hexdigest()[:32]
    response.headers["ETag"] = f'W/"{tag}"'
    said = request.headers.get("if-none-match", "").split(",")
    if not {one.strip().removeprefix("W/") for one in said} & {"*", f'"{tag}"'}:
        return response
    names = ("etag", "cache-control", "vary", "link")
    kept = {name: response.headers[name] for name in names if name in response.headers}
    return Response(status_code=304, headers=kept)
