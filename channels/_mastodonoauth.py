"""Signing in to Mastodon and compatible servers: each registers us anew, and none needs a form.

API: https://docs.joinmastodon.org/methods/apps/ · https://docs.joinmastodon.org/methods/oauth/
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from channels._http import call, nothing_posted
from channels._oauth import AGENT, TIMEOUT, App, fields_of, granted, require_scopes
from publisher.domain.channel import Refused, Talk

SCOPES = ("read:accounts", "read:statuses", "write:statuses", "write:media")


def signed_in(known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
    """The instance, and a token of the account that the person signs in with there."""
    instance = str(
        known.get("instance") or address_in(talk.ask("Your instance, such as mastodon.social"))
    )
    answer = granted(registered(instance, talk.redirect_uri), talk, SCOPES, pkce=True)
    return {"instance": instance, "access_token": answer["access_token"]}


def require_rights(scopes: Sequence[str]) -> None:
    """Raise Disconnected where a token of these scopes cannot do all that we do with it."""
    own_account = ["read:accounts"] if "profile" in scopes else []  # enough to ask who we are
    require_scopes(SCOPES, [*scopes, *own_account])


def address_in(typed: str) -> str:
    """The server's address, whatever was copied: a name, @user@server or a profile's page."""
    name = typed if "://" in typed else f"https://{typed.rpartition('@')[2]}"
    parts = urlsplit(name)
    return f"{parts.scheme}://{parts.netloc}"


def registered(instance: str, redirect_uri: str) -> App:
    """POST /api/v1/apps. Raises Refused where the answer is none of Mastodon's."""
    form = {
        "client_name": "Publisher",
        "redirect_uris": redirect_uri,
        "scopes": " ".join(SCOPES),
    }
    base = instance.rstrip("/")
    with httpx.Client(timeout=TIMEOUT, headers={"User-Agent": AGENT}) as client, nothing_posted():
        answer = call(client, "POST", f"{base}/api/v1/apps", data=form, named=_named)
        said = fields_of(answer)
    if not (said.get("client_id") and said.get("client_secret")):
        raise _stranger(answer)
    return App(
        authorize=f"{base}/oauth/authorize",
        token=f"{base}/oauth/token",
        client_id=str(said["client_id"]),
        client_secret=str(said["client_secret"]),
    )


def _named(answer: httpx.Response) -> Refused | None:
    return _stranger(answer) if answer.status_code in (401, 403, 404, 405, 410) else None


def _stranger(answer: httpx.Response) -> Refused:
    words = f"{answer.url.host} answers {answer.status_code}, but not as a Mastodon server"
    return Refused(f"{words}: is it the right address?")
