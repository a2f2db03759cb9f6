"""Connecting a Telegram bot: its token, and the chat it was put into.

API: https://core.telegram.org/bots/api#getupdates
"""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from publisher.domain.channel import Disconnected, Refused, Talk, TryLater

WAIT, LOOKS = 25, 8  # seconds that Telegram holds a question open, how often it is asked
POSTS = ("channel_post", "my_chat_member", "message")  # what tells of a chat that the bot is in
STEPS = """1. Write /newbot to https://t.me/BotFather, and copy the token that it answers with.
2. Make the bot an administrator of your channel, with the right to post messages."""


def found(known: Mapping[str, Any], talk: Talk, *, api: str, wait: int = WAIT) -> dict[str, str]:
    """The bot's token, and the chat in which something is written meanwhile."""
    talk.say(STEPS)
    token = talk.secret("token", str(known.get("token", "")))
    with httpx.Client(base_url=api.rstrip("/"), timeout=wait + 15) as client:
        name = _asked(client, token, "getMe").get("username")
        if known.get("chat"):
            return {"token": token}
        talk.say(f"Now write something in the channel that @{name} is an administrator of.")
        chat = _await_chat(client, token, wait)
    talk.say(f"It is {chat.get('title') or chat['id']}.")
    username = chat.get("username")
    return {"token": token, "chat": f"@{username}" if username else str(chat["id"])}


def _await_chat(client: httpx.Client, token: str, wait: int) -> dict[str, Any]:
    """The chat of the latest thing that happened. Raises TryLater where nothing did."""
    for _ in range(LOOKS):
        happened = _asked(client, token, "getUpdates", timeout=wait, allowed_updates=[*POSTS])
        if chats := list(_chats(happened)):
            return chats[-1]
    raise TryLater("nothing was written where the bot could see it; run it again, or set `chat`")


def _chats(happened: Any) -> Iterator[dict[str, Any]]:
    for update in happened if isinstance(happened, list) else []:
        for kind in POSTS:
            chat = (update.get(kind) or {}).get("chat") or {}
            if "id" in chat:
                yield chat


def _asked(client: httpx.Client, token: str, method: str, **said: Any) -> Any:
    """Ask once. The token is in the address, so that no error of the library may be shown."""
    try:
        answer = client.post(f"/bot{token}/{method}", json=said).json()
    except httpx.HTTPError as error:
        raise TryLater(f"Telegram cannot be asked: {type(error).__name__}") from None
    except ValueError:
        raise Refused("Telegram answered with something else: is `api` right?") from None
    if answer.get("ok") is True:
        return answer.get("result")
    words = str(answer.get("description"))[:200]
    if answer.get("error_code") in (401, 404):
        raise Disconnected(f"{words}: copy the token anew from @BotFather")
    remedy = (
        ": the bot has a webhook; set `chat` by hand" if answer.get("error_code") == 409 else ""
    )
    raise Refused(f"{words}{remedy}")
