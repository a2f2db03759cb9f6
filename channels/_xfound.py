"""Finding a post, or the parts of a thread, among what an account said on X."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]


def standing(own: Iterable[Json], link: str, total: int) -> list[str]:
    """The ids of a post's parts that are there, in order, among own posts, newest first."""
    replies: dict[str, list[Json]] = {}
    for post in own:
        if unquote(link) in _links(post) and _is_part(post, 1, total):
            return _chain(post, replies, total)
        replies.setdefault(_answered(post), []).append(post)
    return []


def _chain(head: Json, replies: dict[str, list[Json]], total: int) -> list[str]:
    ids = [str(head["id"])]
    while len(ids) < total:
        after = [one for one in replies.get(ids[-1], []) if _is_part(one, len(ids) + 1, total)]
        if not after:
            break
        ids.append(str(after[-1]["id"]))  # the first that was said
    return ids


def _is_part(post: Json, number: int, total: int) -> bool:
    whole = post.get("note_tweet") or post
    return total == 1 or str(whole.get("text")).rstrip().endswith(f"({number}/{total})")


def _links(post: Json) -> set[str]:
    """The addresses that a post leads to; its text has only t.co's."""
    whole = [post, post.get("note_tweet") or {}]
    urls = [url for one in whole for url in (one.get("entities") or {}).get("urls") or []]
    named = ("expanded_url", "unwound_url", "url")
    return {unquote(str(url[name])) for url in urls for name in named if url.get(name)}


def _answered(post: Json) -> str:
    """The id of the post that a post replies to, "" for none."""
    referred = post.get("referenced_tweets") or []
    return next((str(one["id"]) for one in referred if one.get("type") == "replied_to"), "")
