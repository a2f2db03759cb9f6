"""Editions looked over before they go out: the file, the files beside it, the day, the rules."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from publisher.domain.channel import Post
from publisher.domain.habits import Habits
from publisher.domain.issue import Edition, Finding
from publisher.domain.lint import Rules, finding, judged
from publisher.rendering.findings.neighbours import Neighbour, beside, folder_of, neighbours

EXPIRY = re.compile(r"^\s*[\"']?(?:expirydate|expires|unpublishdate)\b", re.IGNORECASE)
DRAFT = re.compile(r"^\s*[\"']?draft\b", re.IGNORECASE)


def looked_over(
    editions: Sequence[Edition],
    *,
    rules: Rules,
    root: Path | None,
    habits: Habits,
    channels: Collection[str],
    at: datetime,
) -> list[Edition]:
    """The editions with all that is odd about them, as the operator's rules have it.

    `root` is the folder that keys are relative to, `channels` what a part may be said to be for.
    """

    @cache
    def around(folder: Path, language: str) -> tuple[Neighbour, ...]:
        return neighbours(folder, root=root, default_language=language, habits=habits)

    def whole(edition: Edition) -> Edition:
        folder = folder_of(Path(edition.path))
        told = beside(edition, around(folder, edition.site.language))
        found = (*told.warnings, *_of_today(edition, at), *_for_nobody(edition, channels))
        return replace(edition, warnings=judged(sorted(found, key=_place), rules))

    return [whole(edition) for edition in editions]


def of_post(post: Post, edition: Edition, rules: Rules) -> tuple[Finding, ...]:
    """What is odd about what one channel says of an edition, by the operator's rules."""
    told = {found.kind for found in post.warnings}
    is_cut = post.title.endswith("…") and post.title != edition.title
    cut = [finding("title-too-long", post.title)] if is_cut and "title-too-long" not in told else []
    return judged((*post.warnings, *cut), rules)


def _place(found: Finding) -> int:
    return found.line


def _of_today(edition: Edition, at: datetime) -> Iterator[Finding]:
    if edition.draft:
        yield finding("draft", "nothing publishes a draft", _line(edition, DRAFT))
    if edition.expires and edition.expires <= at:
        yield finding("expired", f"{edition.expires:%Y-%m-%d}", _line(edition, EXPIRY))


def _for_nobody(edition: Edition, channels: Collection[str]) -> Iterator[Finding]:
    named = dict.fromkeys(name for fence in edition.fences for name in fence.names)
    for name in named:
        if name not in channels:
            comment = re.compile(rf".*<!--\s*publisher:.*[\s,]{re.escape(name)}[\s,-]")
            yield finding("fence-names-no-channel", f"publisher: … {name}", _line(edition, comment))


def _line(edition: Edition, key: re.Pattern[str]) -> int:
    """The first line that begins so; 1 if there is none, or the file is gone by now."""
    try:
        typed = Path(edition.path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    return next((number for number, line in enumerate(typed, start=1) if key.match(line)), 1)
