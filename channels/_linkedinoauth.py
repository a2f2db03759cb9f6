"""Signing in to LinkedIn: an app that the person made, and a token that lives for 60 days.

API: https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from channels._http import call, nothing_posted
from channels._oauth import AGENT, TIMEOUT, App, fields_of, granted
from publisher.domain.channel import Refused, Talk

APPS = "https://www.linkedin.com/developers/apps"
IDENTITY = ("openid", "profile")
ONESELF = "yourself"
PERSON, ORGANIZATION = "w_member_social", "w_organization_social"
STEPS = """1. Make an app, for which LinkedIn wants a company page:

    {apps}

2. Products: add `Sign In with LinkedIn using OpenID Connect` and `Share on LinkedIn`
   (for an organisation `Community Management API`, which LinkedIn has to approve).
3. Auth: add exactly this redirect URL:

    {redirect}
"""


def signed_in(known: Mapping[str, Any], talk: Talk, *, site: str, api: str) -> dict[str, str]:
    """The author, a token, and the day when it expires.

    Raises Refused where the account cannot be told, or another author is none.
    """
    talk.say(STEPS.format(apps=APPS, redirect=talk.redirect_uri))
    app = App(
        authorize=f"{site}/oauth/v2/authorization",
        token=f"{site}/oauth/v2/accessToken",
        client_id=talk.ask("client_id (on the app's page, Auth)"),
        client_secret=talk.secret("client_secret (below it)"),
    )
    words = "author (urn:li:organization:NUMBER for an organisation)"
    author = str(known.get("author") or talk.ask(words, ONESELF))
    if author != ONESELF and not author.startswith(("urn:li:person:", "urn:li:organization:")):
        raise Refused(f"{author!r:.80} is no author: urn:li:organization:NUMBER, or {ONESELF}")
    organization = author.startswith("urn:li:organization:")
    answer = granted(app, talk, (*IDENTITY, ORGANIZATION if organization else PERSON))
    token = str(answer["access_token"])
    return {
        "author": author if organization else _owner(api, token),
        "access_token": token,
        "token_expires": _expiry(answer.get("expires_in")),
    }


def _owner(api: str, token: str) -> str:
    headers = {"User-Agent": AGENT, "Authorization": f"Bearer {token}"}
    with httpx.Client(timeout=TIMEOUT, headers=headers) as client, nothing_posted():
        said = fields_of(call(client, "GET", f"{api}/v2/userinfo"))
    if not said.get("sub"):
        raise Refused("LinkedIn does not tell who signed in: it changed its answer's form")
    return f"urn:li:person:{said['sub']}"


def _expiry(seconds: object) -> str:
    """The day, in UTC, or "" where LinkedIn does not tell."""
    if not isinstance(seconds, int) or seconds <= 0:
        return ""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).date().isoformat()
