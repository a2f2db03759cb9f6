"""Who did what at these pages and by programs, the latest first."""

from fastapi import APIRouter, Request, Response

from publisher.storage import actions
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door
from publisher.web.headers import READING

MOST = 300


def router(door: Door) -> APIRouter:
    """GET /admin/journal."""
    routes = APIRouter()

    @routes.api_route("/journal", methods=READING)
    def journal(request: Request) -> Response:
        session = door.seen(request)
        with reading(door.web.engine) as db:
            lines = actions.latest(db, MOST)
        return pages.page(
            door, request, "journal.html", session=session, here="journal", lines=lines
        )

    return routes
