"""The operators' pages: signing in, what is sent, what becomes of it, and repairing it."""

from fastapi import APIRouter

from publisher.web.admin import (
    channels,
    doing,
    issues,
    journal,
    live,
    matrix,
    preview,
    signing,
    tasks,
)
from publisher.web.admin.sessions import Door
from publisher.web.showing import Web


def router(web: Web) -> APIRouter:
    """Everything below /admin."""
    routes, door = APIRouter(), Door(web=web)
    for family in (signing, matrix, issues, tasks, channels, preview, journal, doing, live):
        routes.include_router(family.router(door), prefix="/admin")
    return routes
