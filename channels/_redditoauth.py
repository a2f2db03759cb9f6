"""Signing in to Reddit: an app that the person made, and a token that lasts until it is revoked.

API: https://github.com/reddit-archive/reddit/wiki/OAuth2
"""

from collections.abc import Mapping
from typing import Any

from channels._oauth import App, granted
from publisher.domain.channel import Refused, Talk

SCOPES = ("identity", "read", "submit", "edit", "history", "flair")


def signed_in(known: Mapping[str, Any], talk: Talk, *, site: str) -> dict[str, str]:
    """The subreddit, the app, and a refresh token of the account that the person signs in with."""
    if not known.get("client_id"):
        talk.say(
            f"Make an app of the type `web app` at {site}/prefs/apps (new ones need Reddit's"
            f" approval), with exactly this redirect uri:\n\n    {talk.redirect_uri}\n"
        )
    client_id = str(known.get("client_id") or talk.ask("client_id (below the app's name)"))
    secret = str(known.get("client_secret") or talk.secret("client_secret"))
    subreddit = str(known.get("subreddit") or talk.ask("subreddit (its name, without r/)"))
    app = App(
        authorize=f"{site}/api/v1/authorize",
        token=f"{site}/api/v1/access_token",
        client_id=client_id,
        client_secret=secret,
        basic=True,
    )
    answer = granted(app, talk, SCOPES, duration="permanent")
    if not answer.get("refresh_token"):
        raise Refused("Reddit gave no refresh token: the app's type must be `web app`")
    return {
        "subreddit": subreddit,
        "client_id": client_id,
        "client_secret": secret,
        "refresh_token": str(answer["refresh_token"]),
    }
