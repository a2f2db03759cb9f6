"""Getting a Slack app's token: an app whose form is filled in, and a token that a person copies.

Slack sends no browser back to a plain http address, so there is no sign-in to wait for here.

Source: https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from publisher.domain.channel import Talk

APPS = "https://api.slack.com/apps"
MANIFEST = {
    "display_information": {"name": "Newsletter", "description": "Announces each issue."},
    "features": {"bot_user": {"display_name": "Newsletter", "always_online": False}},
    "oauth_config": {"scopes": {"bot": ["chat:write", "channels:history"]}},
    "settings": {"token_rotation_enabled": False},
}
STEPS = """1. Open this, choose the workspace, and create the app. Its rights are filled in:
   to write, and to look for a message whose answer was lost.

    {url}

2. Install to Workspace, allow it, and copy the Bot User OAuth Token (OAuth & Permissions).
3. In Slack, write /invite @Newsletter in the channel. Its ID is at the bottom of its details.
"""


def copied(known: Mapping[str, Any], talk: Talk) -> dict[str, str]:
    """The token of an app that the person makes, and the channel it was invited to."""
    talk.say(STEPS.format(url=new_app()))
    token = talk.secret("token (xoxb-…)", str(known.get("token", "")))
    channel = str(known.get("channel") or talk.ask("channel (its ID, such as C0123456789)"))
    return {"token": token, "channel": channel}


def new_app() -> str:
    """The page that makes an app of our manifest."""
    return f"{APPS}?new_app=1&manifest_json={quote(json.dumps(MANIFEST, separators=(',', ':')))}"
