"""A text in several posts, each an answer to the one before: parting it, and finding it again."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

from channels._mastodonpy import links_in
from channels._text import Cost, shorten, split

MOST = 20  # parts
BETWEEN = "\n\n⁂\n\n"  # how the parts are shown in one text
WIDEST = f"\n\n({MOST}/{MOST})"


def chunks(text: str, first_room: int, room: int, most: int, cost: Cost) -> list[str]:
    """Part a text after sentences or words, into `most` at most; what remains is cut off."""
    first, rest = split(text, first_room, cost) if first_room > 0 else ("", text)
    found = [first]
    while rest and len(found) < most - 1:
        chunk, rest = split(rest, room, cost)
        if not chunk:
            break
        found.append(chunk)
    last = shorten(rest, room, cost)
    return [*found, last] if last else found


def numbered(parts: list[str]) -> list[str]:
    """Say of each part which of how many it is."""
    return [f"{part}\n\n({number}/{len(parts)})" for number, part in enumerate(parts, 1)]


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
