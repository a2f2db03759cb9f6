"""The words of a Telegram message, and by what a message is named."""

from channels._telegramapi import Json
from channels._text import unlinked, utf16
from publisher.domain.channel import Post, Receipt
from publisher.domain.issue import Edition


def bold(text: str, edition: Edition) -> int:
    """How many UTF-16 units at the beginning are the title's, 0 where it is not there."""
    title = unlinked(" ".join(edition.title.split()))
    return utf16(title) if title and text.startswith(title) else 0


def words(post: Post, *, preview: bool) -> Json:
    """What a message says, with or without a preview: of the page, or the picture itself.

    Telegram loads the picture from the site; one that it cannot have is no picture, and no error.
    """
    entity = {"type": "bold", "offset": 0, "length": post.details["bold"]}
    large = {"prefer_large_media": True, "show_above_text": True}
    shown = {"url": post.images[0].src, **large} if post.images else {"url": post.url}
    return {
        "text": post.text,
        "entities": [entity] if post.details["bold"] else [],
        "link_preview_options": shown if preview else {"is_disabled": True},
    }


def named(receipt: Receipt) -> Json:
    chat, _, number = receipt.id.rpartition("/")
    return {"chat_id": chat, "message_id": int(number)}
