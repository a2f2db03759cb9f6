"""A text in several statuses of an account: finding it again."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from channels._mastodonpy import links_in


def standing(statuses: Iterable[Any], link: str, total: int) -> list[Any]:
    """Find the parts that are there, in order, among an account's own statuses, newest first."""
    answers: dict[str, list[Any]] = {}
    for status in statuses:
        if link in links_in(status.content) and _number(status) == (1, total):
            return _chain(status, answers, total)
        if status.in_reply_to_id:
            answers.setdefault(str(status.in_reply_to_id), []).append(status)
    return []


def following(head: Any, statuses: Iterable[Any]) -> list[Any]:
    """The parts of the thread under `head`, among all that was answered there."""
    answers: dict[str, list[Any]] = {}
    for status in statuses:
        if status.account.id == head.account.id:
            answers.setdefault(str(status.in_reply_to_id), []).append(status)
    return _chain(head, answers, _number(head)[1])


def _chain(head: Any, answers: dict[str, list[Any]], total: int) -> list[Any]:
    found = [head]
    while len(found) < total:
        wanted = (len(found) + 1, total)
        after = [one for one in answers.get(str(found[-1].id), []) if _number(one) == wanted]
        if not after:
            break
        found.append(after[-1])  # the first that was said
    return found


def _number(status: Any) -> tuple[int, int]:
    """Which of how many a status says it is; (0, 0) for none of any."""
    text = unescape(re.sub(r"<[^>]*>", " ", status.content)).rstrip()
    found = re.search(r"\((\d{1,3})/(\d{1,3})\)\Z", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)
