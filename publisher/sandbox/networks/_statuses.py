"""A pretend Mastodon's statuses: how long they count, how they show, what the API says of them.

Documents: https://docs.joinmastodon.org/entities/
"""

import re
from html import escape
from typing import Any

import grapheme
from starlette.requests import Request

from publisher.sandbox.outside import Kept
from publisher.sandbox.serving import base

CHARACTERS = 500
PER_URL = 23
ALT_LIMIT = 1500
PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
MENTION = re.compile(r"(^|[^/\w])@(\w+)@[a-z0-9.-]+[a-z0-9]", re.IGNORECASE)
ACCOUNT_ID = "108000000000000001"

Fields = dict[str, Any]


def status_length(text: str, spoiler_text: str = "") -> int:
    """Count graphemes, every URL as 23 and @user@host as @user, with the warning's.

    Reserved names (`.example`) count as URLs too, unlike at a real server.
    """
    counted = MENTION.sub(r"\1@\2", URL.sub("x" * PER_URL, text))
    return int(grapheme.length(counted) + grapheme.length(spoiler_text))


def shown(text: str) -> str:
    """A status as HTML: paragraphs, and links that show no more than 30 characters."""
    paragraphs = re.split(r"\n{2,}", text.strip())
    return "".join(f"<p>{_linked(one)}</p>" for one in paragraphs)


def _linked(text: str) -> str:
    words = re.split(f"({URL.pattern})", text)
    shown = [_link(word) if number % 2 else escape(word) for number, word in enumerate(words)]
    return "".join(shown).replace("\n", "<br />")


def _link(url: str) -> str:
    scheme, _, rest = url.partition("://")
    first, last = escape(rest[:30]), escape(rest[30:])
    ellipsis = ' class="ellipsis"' if last else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{scheme}://</span><span{ellipsis}>{first}</span>'
        f'<span class="invisible">{last}</span></a>'
    )


def instance(request: Request, *, characters: int, version: str) -> Fields:
    """What a server says of itself: as version 1 of the API names it, and as version 2 does."""
    statuses = {
        "max_characters": characters,
        "max_media_attachments": 4,
        "characters_reserved_per_url": PER_URL,
    }
    media = {"description_limit": ALT_LIMIT, "supported_mime_types": list(PICTURES)}
    return {
        "uri": request.url.netloc,
        "domain": request.url.netloc,
        "title": "Stand-in",
        "version": version,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "Not a real Mastodon",
        "languages": ["en"],
        "configuration": {"statuses": statuses, "media_attachments": media},
        "rules": [],
    }


def account(request: Request) -> Fields:
    """The one account there is."""
    home = f"{base(request)}/@demo"
    avatar, header = f"{home}/avatar.png", f"{home}/header.png"
    return {
        "id": ACCOUNT_ID,
        "username": "demo",
        "acct": "demo",
        "display_name": "Demo",
        "locked": False,
        "bot": True,
        "discoverable": True,
        "group": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "note": "<p>Stand-in, not a real account</p>",
        "url": home,
        "uri": home,
        "avatar": avatar,
        "avatar_static": avatar,
        "header": header,
        "header_static": header,
        **dict.fromkeys(("followers_count", "following_count", "statuses_count"), 0),
        "last_status_at": None,
        "emojis": [],
        "fields": [],
    }


def status(request: Request, kept: Kept) -> Fields:
    """A status as its author sees it; nobody has answered, boosted or liked it."""
    said = kept.fields
    return {
        "id": kept.id,
        **{name: said[name] for name in ("created_at", "spoiler_text", "visibility", "language")},
        "sensitive": bool(said["spoiler_text"]),
        "uri": said["url"],
        "url": said["url"],
        "edited_at": said["edited"],
        "content": said["html"],
        "application": {"name": "stand-in", "website": None},
        "account": account(request),
        "media_attachments": [attachment(one) for one in said["media"]],
        **dict.fromkeys(("replies_count", "reblogs_count", "favourites_count"), 0),
        **dict.fromkeys(("favourited", "reblogged", "muted", "bookmarked", "pinned"), False),
        "in_reply_to_id": said.get("in_reply_to_id"),
        "in_reply_to_account_id": ACCOUNT_ID if said.get("in_reply_to_id") else None,
        **dict.fromkeys(("reblog", "card", "poll")),
        **{name: [] for name in ("filtered", "mentions", "tags", "emojis")},
    }


def attachment(one: Fields) -> Fields:
    """A picture of a status; `one` has its id, url and description."""
    return {
        **one,
        "type": "image",
        "preview_url": one["url"],
        "remote_url": None,
        "text_url": None,
        "meta": {},
        "blurhash": None,
    }
