"""Hashtags: those that are always there, and those that an issue's own tags make."""

import re

from publisher.domain.issue import Edition

WORDS = re.compile(r"[^\W_]+")  # what a tag consists of; all else parts it


def hashtags(edition: Edition, always: tuple[str, ...], most: int) -> tuple[str, ...]:
    """The fixed ones, then at most so many of the issue's tags, none of them twice, without `#`.

    A tag of several words becomes one in CamelCase, which screen readers can read: `instant
    messaging` is InstantMessaging. Tags without a letter are left out, since networks link none.
    """
    known, made = {tag.casefold() for tag in always}, list[str]()
    for tag in map(_written, edition.tags):
        if len(made) == most:
            break
        if tag and tag.casefold() not in known:
            known.add(tag.casefold())
            made.append(tag)
    return (*always, *made)


def _written(tag: str) -> str:
    words = WORDS.findall(tag)
    if not any(letter.isalpha() for letter in tag):
        return ""
    if len(words) < 2:
        return "".join(words)
    return "".join(word[0].upper() + word[1:] for word in words)
