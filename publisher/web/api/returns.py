"""What came back of mail, and whether it counts."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from publisher import documents, readership
from publisher.accounts import Role
from publisher.storage import paging as parts
from publisher.storage.engine import reading
from publisher.web.api.entry import Asks
from publisher.web.api.operations import answer, changing, looking
from publisher.web.api.paging import After, Limit, number, part
from publisher.web.api.shapes import readers as shapes
from publisher.web.api.shapes.words import PLAIN, Part
from publisher.web.showing import Web


def routers(web: Web) -> tuple[APIRouter, ...]:
    return _looking(web), _changing(web)


def _looking(web: Web) -> APIRouter:
    routes = looking(web, Role.RELEASE, tag="readers")

    @routes.get("/bounces", response_model=Part[shapes.Bounce])
    def list_bounces(
        request: Request,
        issue: Annotated[str, Query(max_length=300, pattern=PLAIN)] = "",
        limit: Limit = 100,
        after: After = "",
    ) -> Response:
        """What came back of mail, in the servers' words, the last that was noted first."""
        with reading(web.engine) as db:
            found = parts.bounces_(db, most=limit + 1, before=number(after), issue=issue)
        items = [documents.bounce(row) for row in found[:limit]]
        more = [found[limit - 1].id] if len(found) > limit else None
        return part(request, items, more, personal=True)

    return routes


def _changing(web: Web) -> APIRouter:
    routes = changing(web, Role.RELEASE, tag="readers")

    @routes.post("/bounces/believe", response_model=shapes.Believed)
    def believe_bounces(caller: Asks, body: shapes.Believing) -> Response:
        """Let what was set aside of an issue count after all: those addresses really are gone."""
        found = readership.believe(caller.desk, body.issue, body.channel)
        return answer(asdict(found))

    return routes
