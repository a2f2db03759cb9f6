"""Signing in and out."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from publisher import accounts
from publisher.accounts import Role
from publisher.floods import TooMany
from publisher.storage import users
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door, require_own_page
from publisher.web.forms import Submitted, first
from publisher.web.headers import READING
from publisher.web.network import network

BACK = re.compile(r"/admin(/[^\s\\]*)?(\?[^\s\\]*)?")  # a page of ours, and none elsewhere


def router(door: Door) -> APIRouter:
    """GET and POST /admin/sign-in, POST /admin/sign-out."""
    routes, web = APIRouter(), door.web

    def ask(request: Request, back: str, *, trouble: str = "", name: str = "") -> Response:
        with reading(web.engine) as db:
            nobody = not users.everybody(db)
        status = {"": 200, "often": 429}.get(trouble, 403)
        return pages.page(
            door,
            request,
            "sign-in.html",
            status=status,
            back=back,
            trouble=trouble,
            name=name[:40],
            nobody=nobody,
            provider=web.settings.sign_in.label if web.settings.sign_in else "",
        )

    @routes.api_route("/sign-in", methods=READING)
    def form(request: Request, back: str = "") -> Response:
        if door.session(request):
            return to(door, back)
        return ask(request, back)

    @routes.post("/sign-in")
    def sign_in(request: Request, form: Submitted) -> Response:
        require_own_page(request)
        name, back = first(form, "name"), first(form, "back")
        try:
            user = accounts.sign_in(
                name,
                first(form, "password"),
                network=network(request, web.settings.proxies),
                engine=web.engine,
                at=web.now(),
            )
        except TooMany:
            return ask(request, back, trouble="often", name=name)
        if user is None:
            return ask(request, back, trouble="wrong", name=name)
        answer = to(door, back)
        door.let_in(answer, user)
        return answer

    @routes.post("/sign-out")
    def sign_out(request: Request, form: Submitted) -> Response:
        session = door.acting(request, form, Role.READ)
        with web.engine.begin() as db:
            accounts.sign_out_everywhere(db, session.user.name)
        answer = to(door, "/admin/sign-in")
        door.let_out(answer)
        return answer

    return routes


def to(door: Door, back: str) -> Response:
    """A page of ours; what names another leads to the first."""
    place = back if BACK.fullmatch(back) and ".." not in back else "/admin"
    return RedirectResponse(door.web.prefix.rstrip("/") + place, 303, headers=pages.FRESH)
