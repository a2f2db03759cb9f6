"""The authorization code grant of OAuth 2.0: a browser asks the person, a request gets the token.

Source: RFC 6749 §4.1, PKCE: RFC 7636
"""

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx

from channels._http import call, nothing_posted
from publisher.domain.channel import ChannelError, Disconnected, Refused, Talk

TIMEOUT = 15.0  # seconds
AGENT = "publisher (announces a newsletter)"


@dataclass(frozen=True, kw_only=True)
class App:
    """What a network knows us by, and where it signs people in.

    `authorize` and `token` are its two addresses (RFC 6749 §3). With `basic` the secret goes into
    the header, as §2.3.1 prefers, else into the body.
    """

    authorize: str
    token: str
    client_id: str
    client_secret: str = field(repr=False)
    basic: bool = False


def granted(
    app: App, talk: Talk, scopes: Sequence[str], *, pkce: bool = False, **more: str
) -> dict[str, Any]:
    """Have the person grant `scopes`, and return the token's answer; `more` goes to the page.

    Raises Refused where they do not, or where the code is not taken, and Disconnected where they
    grant less.
    """
    verifier = secrets.token_urlsafe(48)
    challenge = {"code_challenge": challenged(verifier), "code_challenge_method": "S256"}
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": talk.redirect_uri,
        "scope": " ".join(scopes),
        **(challenge if pkce else {}),
        **more,
    }
    query = talk.browse(lambda state: f"{app.authorize}?{urlencode({**asked, 'state': state})}")
    if not query.get("code"):
        raise Refused("the browser came back without a code: the network changed its answer's form")
    form = {
        "grant_type": "authorization_code",
        "code": query["code"],
        "redirect_uri": talk.redirect_uri,
        **({"code_verifier": verifier} if pkce else {}),
    }
    answer = exchanged(app, form)
    there = scopes_in(answer)
    require_scopes(scopes, there)
    talk.say(f"granted: {' '.join(there) or 'the network does not tell what'}")
    return answer


def challenged(verifier: str) -> str:
    """S256 of RFC 7636 §4.2."""
    digest = sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def exchanged(app: App, form: Mapping[str, str]) -> dict[str, Any]:
    """Get a token (RFC 6749 §4.1.3). Raises Refused where the answer holds none."""
    who = {} if app.basic else {"client_id": app.client_id, "client_secret": app.client_secret}
    auth = httpx.BasicAuth(app.client_id, app.client_secret) if app.basic else None
    headers = {"User-Agent": AGENT, "Accept": "application/json"}
    with httpx.Client(timeout=TIMEOUT, headers=headers) as client, nothing_posted():
        answer = call(client, "POST", app.token, data={**form, **who}, auth=auth, named=_named)
    said = fields_of(answer)
    if not isinstance(said.get("access_token"), str) or not said["access_token"]:
        raise Refused(f"the code was not taken: {_words(said)}; run it again")
    return said


def fields_of(answer: httpx.Response) -> dict[str, Any]:
    """The object of a JSON answer, {} where it is none."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _named(answer: httpx.Response) -> ChannelError | None:
    """RFC 6749 §5.2: the errors are 400, and say which; a wrong secret may be 401."""
    if answer.status_code not in (400, 401, 403):
        return None
    said = fields_of(answer)
    if answer.status_code == 401 or said.get("error") == "invalid_client":
        words = "client id or client secret are wrong: copy them anew from the network's page"
        return Disconnected(f"{words} ({_words(said)})")
    return Refused(f"the code was not taken: {_words(said)}; run it again")


def _words(said: Mapping[str, Any]) -> str:
    named = (said.get("error"), said.get("error_description") or said.get("message"))
    return ": ".join(str(one) for one in named if one)[:200] or "no reason given"


def scopes_in(answer: Mapping[str, Any]) -> list[str]:
    """What was granted (RFC 6749 §5.1), parted by spaces or, at some networks, by commas."""
    return str(answer.get("scope") or "").replace(",", " ").split()


def require_scopes(wanted: Iterable[str], there: Iterable[str]) -> None:
    """Raise Disconnected with what lacks; `write` covers `write:statuses`, and * all.

    Where nothing is there, the network did not tell.
    """
    have = {*there}
    lacking = [one for one in wanted if not {one, one.partition(":")[0], "*"} & have]
    if have and lacking:
        words = f"the token lacks {', '.join(lacking)}"
        raise Disconnected(f"{words}: run `publisher connect`, and allow all that it asks for")
