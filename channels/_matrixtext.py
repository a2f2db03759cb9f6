"""The words of a Matrix message, in the two forms that an event has."""

from html import escape

from channels._matrixapi import Json
from channels._text import unlinked
from publisher.domain.channel import Post
from publisher.domain.issue import Edition


def cost(text: str) -> int:
    """Characters, or thirds of bytes where these are more: an edit says all four times over."""
    return max(len(text), -(-len(text.encode()) // 3))


def said(post: Post) -> Json:
    """An event's content, which calls nobody."""
    return {
        "msgtype": post.details["type"],
        "body": post.text,
        "format": "org.matrix.custom.html",
        "formatted_body": post.html,
        "m.mentions": {},
    }


def formatted(text: str, edition: Edition) -> str:
    """The same words as HTML: the title in bold, the link as one."""
    title, url = escape(unlinked(" ".join(edition.title.split()))), escape(edition.url)
    html = escape(text)
    if title and html.startswith(title):
        html = f"<strong>{title}</strong>{html[len(title) :]}"
    html = html.replace(url, f'<a href="{url}">{url}</a>')
    paragraphs = (part.replace("\n", "<br>") for part in html.split("\n\n"))
    return "".join(f"<p>{part}</p>" for part in paragraphs)
