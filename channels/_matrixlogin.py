"""Signing in to Matrix: in the browser where the server has that, with a password elsewhere.

API: https://spec.matrix.org/latest/client-server-api/#login
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from channels._http import call, nothing_posted
from channels._oauth import AGENT, TIMEOUT, fields_of
from publisher.domain.channel import ChannelError, Refused, Talk

DEVICE = "Publisher"  # how the account's list of sessions calls us
BROWSER, PASSWORD = "m.login.sso", "m.login.password"
V3 = "_matrix/client/v3"
SECOND_LOGIN = """This makes a session of its own for Publisher. Do not sign it out: Matrix knows a
repeated message by its session, and ends the token with it."""


def signed_in(known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
    """The homeserver, and the token of a new session of the account.

    Raises Refused where the server lets nobody in by browser or password.
    """
    home = str(known.get("homeserver") or found_home(talk.ask("Your Matrix ID, @name:server")))
    talk.say(SECOND_LOGIN)
    with httpx.Client(timeout=TIMEOUT, headers={"User-Agent": AGENT}) as client, nothing_posted():
        ways = _ways(client, home)
        if BROWSER in ways:
            said = _logged_in(client, home, _by_browser(home, talk))
        elif PASSWORD in ways:
            said = _logged_in(client, home, _by_password(talk))
        else:
            raise Refused(f"{home} lets nobody in by browser or password; it has {', '.join(ways)}")
    return {"homeserver": home, "access_token": str(said["access_token"])}


def found_home(typed: str) -> str:
    """The homeserver of a Matrix ID or a name, by its .well-known; itself where it has none."""
    if "://" in typed:
        return typed.rstrip("/")
    home = f"https://{typed.rpartition(':')[2].strip('/@')}"
    with httpx.Client(timeout=TIMEOUT, headers={"User-Agent": AGENT}) as client:
        try:
            said = fields_of(client.get(f"{home}/.well-known/matrix/client"))
        except httpx.HTTPError:
            return home
    told = said.get("m.homeserver")
    return str(told.get("base_url") or home).rstrip("/") if isinstance(told, dict) else home


def _ways(client: httpx.Client, home: str) -> list[str]:
    """What a server offers, GET login."""
    flows = fields_of(call(client, "GET", f"{home}/{V3}/login", named=_named)).get("flows")
    found = [str(one.get("type")) for one in flows or [] if isinstance(one, dict)]
    if not found:
        raise Refused(f"{urlsplit(home).netloc} answers, but not as a Matrix homeserver")
    return found


def _by_browser(home: str, talk: Talk) -> dict[str, Any]:
    def page(state: str) -> str:
        back = f"{talk.redirect_uri}?{urlencode({'state': state})}"
        return f"{home}/{V3}/login/sso/redirect?redirectUrl={quote(back, safe='')}"

    token = talk.browse(page).get("loginToken")
    if not token:
        raise Refused("the browser came back without a token: the server changed its answer's form")
    return {"type": "m.login.token", "token": token}


def _by_password(talk: Talk) -> dict[str, Any]:
    user = {"type": "m.id.user", "user": talk.ask("user (@name:server)")}
    return {"type": PASSWORD, "identifier": user, "password": talk.secret("password")}


def _logged_in(client: httpx.Client, home: str, form: Mapping[str, Any]) -> dict[str, Any]:
    body = {**form, "initial_device_display_name": DEVICE}
    said = fields_of(call(client, "POST", f"{home}/{V3}/login", json=body, named=_named))
    if not said.get("access_token"):
        raise Refused("the server gave no token: it changed its answer's form")
    return said


def _named(answer: httpx.Response) -> ChannelError | None:
    said = fields_of(answer)
    words = f"{said.get('errcode') or answer.status_code} {said.get('error') or ''}".strip()[:200]
    if answer.status_code in (400, 401, 403):
        return Refused(f"{words}: run it again, with the right name and password")
    return (
        Refused(f"{words}: is {answer.url.host} a homeserver?") if answer.is_client_error else None
    )
