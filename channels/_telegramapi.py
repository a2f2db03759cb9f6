"""Telegram's Bot API: one request, and what its answers ask for.

Source: https://core.telegram.org/bots/api
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from channels._http import call_unseen, failure, plain, trust
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

TOKEN = "copy the token anew from @BotFather, and mend `token`"  # noqa: S105  no token itself
# What stops the channel, by words of its description, and the remedy. Telegram has no codes for it.
DISCONNECTED = {
    "chat not found": "mend `chat`, or put the bot into it",
    "chat_write_forbidden": "let the bot post there",
    "administrator rights": "make the bot an administrator that may post",
    "no rights to send": "make the bot an administrator that may post",
    "not enough rights": "make the bot an administrator that may post",
    "bot was kicked": "put the bot back into the chat",
    "bot is not a member": "put the bot into the chat",
    "chat_restricted": "the chat takes nothing from bots: ask who runs it",
    "channel_private": "put the bot into the chat",
}

Json = dict[str, Any]


class Same(Refused):
    """It says that already."""


class Gone(Refused):
    """There is no such message any more."""


SPECIAL: dict[str, type[Refused]] = {
    "message is not modified": Same,
    "message to edit not found": Gone,
    "message to delete not found": Gone,
    "message_id_invalid": Gone,
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One bot. The `token` is in the path of every address; `timeout` is in seconds."""

    api: str
    token: str
    timeout: float

    def ask(self, method: str, **said: Any) -> Any:
        """Call a method; its result. Raises the four failures, none of which shows the token."""
        wait, path = httpx.Timeout(self.timeout, connect=3.05), f"/bot{self.token}/{method}"
        with httpx.Client(base_url=self.api, timeout=wait, verify=trust()) as http:
            known: Json = {"secret": self.token, "named": _decision, "json": said}
            answer = call_unseen(http, "POST", path, **known)
        try:
            return answer.json()["result"]
        except (ValueError, KeyError, TypeError) as error:
            words = plain(answer.text) or answer.status_code
            raise Unsure(f"Telegram answered with something else: {words}") from error


def _decision(response: httpx.Response) -> ChannelError | None:
    try:
        body = dict(response.json())
        status, words = int(body["error_code"]), str(body["description"])[:200]
        more = dict(body.get("parameters") or {})
        pause = timedelta(seconds=int(more.get("retry_after") or 1))
    except (ValueError, KeyError, TypeError):
        return None
    reason, told = f"{status} {words}", words.lower()
    if moved := more.get("migrate_to_chat_id"):
        return Disconnected(f"{reason}: the chat has a new id, set `chat` to {moved}")
    if status == 429:
        return TryLater(reason, pause)
    if status in (401, 404):
        return Disconnected(f"{reason}: {TOKEN}")
    for phrase, remedy in DISCONNECTED.items():
        if phrase in told:
            return Disconnected(f"{reason}: {remedy}")
    special = next((kind for phrase, kind in SPECIAL.items() if phrase in told), None)
    return special(reason) if special else failure(status, reason)
