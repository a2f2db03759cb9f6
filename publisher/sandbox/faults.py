"""The controls that tell the stand-ins what to do wrong: a form's and an API's."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from publisher.sandbox.joining import names
from publisher.sandbox.outside import FAULTS, Outside
from publisher.sandbox.serving import Endpoint

MOST_TIMES = 1000
MOST_SECONDS = 3600


class BadFault(ValueError):
    """A fault that cannot be planned."""


def routes(outside: Outside, explain: Callable[[str], Response]) -> list[Route]:
    """The fault controls. `explain` shows a person why what a form asked for is no fault."""

    async def planned(_: Request) -> Response:
        return JSONResponse(_planned(outside))

    async def plan(request: Request) -> Response:
        by_form = not _is_json(request)
        try:
            _plan(outside, await _told(request))
        except BadFault as bad:
            if by_form:
                return explain(str(bad))
            return JSONResponse({"error": str(bad), **_choices()}, 400)
        return _to_index() if by_form else JSONResponse(_planned(outside), 201)

    async def heal(request: Request) -> Response:
        try:
            outside.heal(_known(request.query_params.get("network", ""), or_all=True))
        except BadFault as bad:
            return JSONResponse({"error": str(bad), **_choices()}, 400)
        return JSONResponse(_planned(outside))

    async def heal_by_form(_: Request) -> Response:
        outside.heal()
        return _to_index()

    return [
        Route("/faults", planned),
        Route("/faults", _own(plan), methods=["POST"]),
        Route("/faults", _own(heal), methods=["DELETE"]),
        Route("/faults/heal", _own(heal_by_form), methods=["POST"]),
    ]


def _plan(outside: Outside, told: Mapping[str, Any]) -> None:
    do = told.get("do", "")
    if not isinstance(do, str) or do not in FAULTS:
        raise BadFault(f"no fault {do!r}; there are {', '.join(FAULTS)}")
    outside.fail_next(
        _known(told.get("network", "")),
        do,
        times=_number(told, "times", most=MOST_TIMES),
        seconds=_number(told, "seconds", most=MOST_SECONDS),
    )


def _known(network: object, *, or_all: bool = False) -> str:
    if isinstance(network, str) and (network in names() or (or_all and not network)):
        return network
    raise BadFault(f"no network {network!r}; there are {', '.join(names())}")


def _number(told: Mapping[str, Any], name: str, *, most: int) -> int:
    value = told.get(name, 1)
    number = int(value) if re.fullmatch(r"\d{1,6}", str(value)) else 0
    if not 1 <= number <= most:
        raise BadFault(f"{name} must be a whole number from 1 to {most}, not {value!r}")
    return number


async def _told(request: Request) -> Mapping[str, Any]:
    """What a form or a JSON document asks for. Raises BadFault for what is neither."""
    if not _is_json(request):
        return dict(await request.form())
    try:
        told = await request.json()
    except ValueError as error:
        raise BadFault(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise BadFault('expected a JSON object: {"network", "do", "times", "seconds"}')
    return told


def _planned(outside: Outside) -> dict[str, Any]:
    return {"planned": [asdict(fault) for fault in outside.planned()]}


def _choices() -> dict[str, Any]:
    return {"networks": list(names()), "faults": FAULTS}


def _own(endpoint: Endpoint) -> Endpoint:
    """Let a browser change something only from this very page, whatever else it has open."""

    async def guarded(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
            return await endpoint(request)
        return PlainTextResponse("only from the sandbox's own page", 403)

    return guarded


def _to_index() -> Response:
    return RedirectResponse("/#wrong", 303)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
