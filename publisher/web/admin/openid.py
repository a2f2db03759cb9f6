"""Signing in by the word of an OpenID provider, for accounts that have a subject there."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from publisher import accounts, openid
from publisher.config import Provider
from publisher.openid import Asked, NotSignedIn
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door
from publisher.web.admin.signing import to
from publisher.web.headers import READING

LASTS = timedelta(minutes=10)  # from being sent there until coming back
PURPOSE = "openid"
UNASKED = "this was not asked for here, or too long ago: sign in anew"


def router(door: Door) -> APIRouter:
    """GET /admin/openid leads to the provider, and GET /admin/openid/back comes from there."""
    routes = APIRouter()

    @routes.api_route("/openid", methods=READING)
    def begin(request: Request, back: str = "") -> Response:
        try:
            place, asked = openid.begin(_provider(door), _redirect_uri(door))
        except NotSignedIn as error:
            return _refused(door, request, str(error))
        answer = RedirectResponse(place, 303, headers=pages.FRESH)
        told = [asked.state, asked.nonce, asked.verifier, back[:500]]
        door.remember(answer, PURPOSE, told, lasts=LASTS)
        return answer

    @routes.get("/openid/back")
    def back(request: Request, state: str = "", code: str = "", error: str = "") -> Response:
        _provider(door)
        known = door.remembered(request, PURPOSE, lasts=LASTS)
        if known is None or not accounts.same(state, known[0]):
            return _refused(door, request, UNASKED)
        if error or not code:
            return _refused(door, request, f"the provider says no ({error[:60] or 'no code'})")
        return _came(door, request, known, code[:4000])

    return routes


def _came(door: Door, request: Request, known: list[str], code: str) -> Response:
    """Let in whom the provider names, if there is an account of theirs."""
    asked, now = Asked(state=known[0], nonce=known[1], verifier=known[2]), door.web.now()
    try:
        subject = openid.finish(_provider(door), _redirect_uri(door), asked, code=code, now=now)
    except NotSignedIn as why:
        return _refused(door, request, str(why))
    user = accounts.of_subject(subject, engine=door.web.engine, at=now)
    if user is None:
        words = f"you are {subject} there, and nobody here; an admin says on the machine:"
        how = f"publisher user add NAME --subject {subject}"
        return _refused(door, request, words, how=how)
    answer = to(door, known[3])
    door.let_in(answer, user)
    door.forget(answer, PURPOSE)
    return answer


def _provider(door: Door) -> Provider:
    found = door.web.settings.sign_in
    if found is None:
        raise HTTPException(404)
    return found


def _redirect_uri(door: Door) -> str:
    return f"{door.web.settings.public_url}admin/openid/back"


def _refused(door: Door, request: Request, words: str, *, how: str = "") -> Response:
    """Say why somebody is not signed in. What was asked is over: it counts once."""
    answer = pages.page(
        door, request, "openid-refused.html", status=403, words=words, how=how, session=None
    )
    door.forget(answer, PURPOSE)
    return answer
