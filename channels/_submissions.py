"""Looking through Reddit's submissions, PRAW's own objects, for a post: ours or a stranger's."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from publisher.domain.channel import Post, Refused

BY_OURSELVES = ("deleted", "author")  # of Reddit's words for who removed a submission

Found = tuple[str, str]  # id, and what there is to say about it


def is_self(post: Post) -> bool:
    return bool(post.details["post"] == "self")


def sent(client: Any, subreddit: str, post: Post) -> Found | None:
    """Find our own submission among the account's newest 100, then among all of the link.

    One that a filter or a moderator took from view was sent all the same, so it is found.
    """
    recent = client.user.me().submissions.new(limit=100)
    return _ours(client, _alike(chain(recent, client.info(url=post.url)), subreddit, post))


def standing(client: Any, subreddit: str, post: Post) -> Found | None:
    """Find our own submission of the link. Raises Refused with the address of a stranger's."""
    there = list(_alike(client.info(url=post.url), subreddit, post))
    if ours := _ours(client, there):
        return ours[0], ours[1] or "it was there already"
    for theirs in there:
        if not theirs.removed_by_category:
            address = client.config.reddit_url + theirs.permalink
            raise Refused(f"u/{theirs.author} has posted this link already: {address}")
    return None


def _ours(client: Any, among: Iterable[Any]) -> Found | None:
    for one in among:
        removed = one.removed_by_category
        if one.author == client.user.me() and removed not in BY_OURSELVES:
            return one.id, f"taken from view on Reddit: {removed}" if removed else ""
    return None


def _alike(among: Iterable[Any], subreddit: str, post: Post) -> Iterable[Any]:
    return (one for one in among if one.subreddit == subreddit and _says(one, post))


def _says(submission: Any, post: Post) -> bool:
    if is_self(post):
        same_title = submission.is_self and submission.title == post.title
        return same_title and post.url in submission.selftext
    return bool(submission.url.rstrip("/") == post.url.rstrip("/"))
