"""Slack's Web API: one call, and what its words ask for.

Source: https://docs.slack.dev/apis/web-api
"""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from channels._http import call, nothing_posted, plain, trust
from channels._slackwords import refusal
from publisher.domain.channel import Receipt, Unsure

EVENT = "publisher_post"  # the type of the metadata that a message is found by
LOOK_BACK, PAGES, PAGE = 14 * 86_400, 5, 200  # seconds: what is lost is looked for within two days
BLIND = "without it a person has to look after a lost answer"
ROTATING = "xoxe."  # how a token begins that lives for twelve hours

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Who we are, where the workspace lives (no trailing slash) and what the token may do."""

    name: str
    user: str
    url: str
    scopes: frozenset[str]

    def address(self, channel: str, ts: str = "") -> str:
        """Where a person looks: a channel, or one message in it."""
        place = f"{self.url}/archives/{channel}"
        return f"{place}/p{ts.replace('.', '')}" if ts else place

    def receipt(self, message: Json, note: str = "") -> Receipt:
        """Proof of a message, told by its `channel` and `ts`."""
        try:
            channel, ts = str(message["channel"]), str(message["ts"])
        except KeyError as error:
            raise Unsure(f"Slack answered with something else: {message!r:.200}") from error
        return Receipt(id=f"{channel}:{ts}", url=self.address(channel, ts), note=note)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One app in one workspace. `timeout` is in seconds."""

    api: str
    token: str = field(repr=False)
    timeout: float

    def workspace(self) -> Workspace:
        """Ask who we are. Posts nothing."""
        with nothing_posted():
            response, about = self._asked("GET", "auth.test", {})
        scopes = response.headers.get("X-OAuth-Scopes", "")
        return Workspace(
            name=str(about.get("team")),
            user=str(about.get("user")),
            url=str(about.get("url")).rstrip("/"),
            scopes=frozenset(filter(None, (one.strip() for one in scopes.split(",")))),
        )

    def look(self, method: str, **params: Any) -> Json:
        """Ask for what is there. Posts nothing."""
        with nothing_posted():
            return self._asked("GET", method, {"params": params})[1]

    def say(self, method: str, **said: Any) -> Json:
        """Change what is there. Raises the four failures; Unsure where the answer is no answer."""
        return self._asked("POST", method, {"json": said})[1]

    def find(self, channel: str, key: str) -> str | None:
        """The `ts` of the message with a key among those of two weeks.

        Raises NotImplementedError where too much was said to look at, Unseen where it may not.
        """
        place: Json = {"channel": channel, "limit": PAGE, "include_all_metadata": "true"}
        place["oldest"] = f"{time.time() - LOOK_BACK:.6f}"
        for _ in range(PAGES):
            found = self.look("conversations.history", **place)
            for one in found.get("messages") or []:
                if (one.get("metadata") or {}).get("event_payload") == {"key": key}:
                    return str(one["ts"])
            place["cursor"] = (found.get("response_metadata") or {}).get("next_cursor")
            if not place["cursor"]:
                return None
        raise NotImplementedError("too much was said in the channel to look at all of it")

    def _asked(self, method: str, name: str, more: Json) -> tuple[httpx.Response, Json]:
        wait = httpx.Timeout(self.timeout, connect=3.05)
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.api, headers=headers, timeout=wait, verify=trust()) as http:
            response = call(http, method, f"/{name}", **more)
        try:
            body = dict(response.json())
            yes = body["ok"] is True
        except (ValueError, TypeError, KeyError) as error:
            words = plain(response.text)
            raise Unsure(f"Slack answered {name} with something else: {words}") from error
        if not yes:
            raise refusal(name, body)
        return response, body


def lacking(token: str, scopes: frozenset[str], *, by_name: bool) -> list[str]:
    """What will be missed, as warnings. No scopes: they are not known."""
    wanting = {
        f"name the channel by its ID: {BLIND}": by_name,
        "the token expires within twelve hours: turn token rotation off": token.startswith(
            ROTATING
        ),
        "add the scope chat:write: without it nothing can be posted": (
            scopes and "chat:write" not in scopes
        ),
        f"add the scope channels:history (groups:history for a private channel): {BLIND}": (
            scopes and not scopes & {"channels:history", "groups:history"}
        ),
    }
    return [f"warning: {words}" for words, true in wanting.items() if true]
