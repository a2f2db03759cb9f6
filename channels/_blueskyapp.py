"""Signing in to Bluesky: a handle, and a password made for this program alone.

API: https://docs.bsky.app/docs/api/com-atproto-server-create-session
"""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx

from channels._http import call, nothing_posted
from publisher.domain.channel import ChannelError, Refused, Talk

TIMEOUT = 15.0  # seconds
MAIN = "com.atproto.access"  # what a session may do that began with the account's own password
MADE_AT = "https://bsky.app/settings/app-passwords"


def signed_in(known: Mapping[str, Any], talk: Talk, *, service: str) -> dict[str, str]:
    """The handle, and an app password that lets it in. Raises Refused for the main password."""
    talk.say(f"Make an app password at {MADE_AT}; it can post, but change nothing of the account.")
    handle = str(known.get("handle") or talk.ask("handle (such as letter.bsky.social)"))
    handle = handle.strip("@ ")
    password = talk.secret("app_password (xxxx-xxxx-xxxx-xxxx)", str(known.get("app_password", "")))
    with httpx.Client(timeout=TIMEOUT) as client, nothing_posted():
        form = {"identifier": handle, "password": password}
        url = f"{service}/xrpc/com.atproto.server.createSession"
        said = call(client, "POST", url, json=form, named=_named).json()
    if scope_of(str(said.get("accessJwt", ""))) == MAIN:
        raise Refused(
            f"this is the account's own password, which could do everything: make one at {MADE_AT}"
        )
    return {"handle": handle, "app_password": password}


def scope_of(token: str) -> str:
    """What a session may do: the claim `scope` of its token (RFC 7519), "" where it has none."""
    with suppress(ValueError, IndexError, AttributeError):
        claims = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(claims + "===")).get("scope", ""))
    return ""


def _named(answer: httpx.Response) -> ChannelError | None:
    if answer.status_code != 401:
        return None
    if "AuthFactorTokenRequired" in answer.text:
        return Refused("this is the account's own password: an app password needs no second factor")
    return Refused("handle and app password do not fit together: run it again")
