"""Signing in to X: the person allows the app at X, and types in the PIN that X shows.

Source: https://docs.x.com/fundamentals/authentication/oauth-1-0a/pin-based-oauth
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from channels._http import call, nothing_posted, plain, trust
from channels._xkeys import Keys
from channels._xwords import CONSOLE, decision
from publisher.domain.channel import ChannelError, Disconnected, Refused, Talk

TIMEOUT = 15.0  # seconds
STEPS = f"""1. Open {CONSOLE}, make an app, and under User authentication settings give it
   Read and write. Only then make its API key and secret: older ones may still only read.
2. X charges for each post: buy credits there, and set a spending cap.
"""
ALLOW = """Open this in a browser where the newsletter's account is signed in, and allow it:

    {url}
"""


def signed_in(known: Mapping[str, Any], talk: Talk, *, api: str) -> dict[str, str]:
    """The app's keys, the tokens of the account that the person signs in with, and its handle.

    Raises Refused where X takes no PIN, and Disconnected where it knows no such app.
    """
    talk.say(STEPS)
    key = str(known.get("consumer_key") or talk.ask("API key (consumer key)"))
    secret = talk.secret("API secret (consumer secret)", str(known.get("consumer_secret", "")))
    app = Keys(consumer_key=key, consumer_secret=secret)
    asked = _token(api, "request_token", app, callback_uri="oob")
    query = urlencode({"oauth_token": asked["oauth_token"]})
    talk.say(ALLOW.format(url=f"{api.rstrip('/')}/oauth/authorize?{query}"))
    pin = talk.secret("PIN that X shows")
    if not pin:
        raise Refused("no PIN was typed in: run it again, and allow the app")
    lent = Keys(
        consumer_key=key,
        consumer_secret=secret,
        token=asked["oauth_token"],
        token_secret=asked["oauth_token_secret"],
    )
    got = _token(api, "access_token", lent, verifier=pin)
    talk.say(f"granted for @{got.get('screen_name', '')}")
    account = {
        "access_token": got["oauth_token"],
        "access_token_secret": got["oauth_token_secret"],
        **({"handle": got["screen_name"]} if "screen_name" in got else {}),
    }
    return {"consumer_key": key, "consumer_secret": secret, **account}


def _token(api: str, step: str, keys: Keys, **more: str) -> dict[str, str]:
    """POST /oauth/…: a token and its secret. Raises Refused where the answer has none."""
    with httpx.Client(base_url=api, timeout=TIMEOUT, verify=trust()) as http, nothing_posted():
        answer = call(
            http,
            "POST",
            f"/oauth/{step}",
            auth=lambda request: keys.sign(request, **more),
            named=_named,
        )
    said = {name: values[0] for name, values in parse_qs(answer.text).items()}
    if not (said.get("oauth_token") and said.get("oauth_token_secret")):
        raise Refused(f"X answered {step} with something else: run it again")
    return said


def _named(answer: httpx.Response) -> ChannelError | None:
    """X answers 401 to a wrong key and to a wrong PIN."""
    if answer.status_code in (400, 401, 403):
        words = plain(answer.text)
        if answer.url.path.endswith("access_token"):
            return Refused(f"X does not take the PIN ({words}): run it again")
        remedy = f"copy API key and secret anew from {CONSOLE}, and give the app Read and write"
        return Disconnected(f"X does not take the app's keys ({words}): {remedy}")
    return decision(answer)
