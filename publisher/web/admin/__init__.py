"""The operators' pages: signing in, what is sent, what becomes of it, and repairing it."""

from fastapi import APIRouter

from publisher.web.admin import (
    channels,
    copies,
    doing,
    figures,
    imports,
    issues,
    journal,
    live,
    matrix,
    openid,
    preview,
    readers,
    signing,
    tasks,
)
from publisher.web.admin.sessions import Door
from publisher.web.showing import Web

FAMILIES = (
    signing,
    openid,
    matrix,
    issues,
    copies,
    tasks,
    channels,
    preview,
    readers,
    imports,
    figures,
    journal,
    doing,
    live,
)


def router(web: Web) -> APIRouter:
    """Everything below /admin."""
    routes, door = APIRouter(), Door(web=web)
    for family in FAMILIES:
        routes.include_router(family.router(door), prefix="/admin")
    return routes
