"""What LinkedIn's answers ask for, named by their codes.

Source: https://learn.microsoft.com/linkedin/shared/api-guide/concepts/error-handling
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx

from channels._http import failure, plain, retry_after
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")
CONNECT = "run `publisher connect linkedin`"
LATER = "set `version` to a later month, such as that before the last"
VERSIONS = {"NONEXISTENT_VERSION", "VERSION_MISSING"}
TOKENS = {"EXPIRED_ACCESS_TOKEN", "REVOKED_ACCESS_TOKEN", "INVALID_ACCESS_TOKEN"}
RIGHTS = (
    f"{CONNECT} and allow all that it asks for; to post for an organisation, be one of its admins"
)


class Forbidden(Disconnected):
    """The token lacks a right."""


class Gone(Refused):
    """There is no such post any more."""


def address(site: str, urn: str) -> str:
    """Where anybody reads a post. `site` has no trailing slash."""
    return f"{site}/feed/update/{urn}/"


def timeline(site: str, author: str) -> str:
    """Where a person sees what they, or their organisation, posted."""
    kind, id = author.split(":")[2:]
    organization = f"company/{id}/admin/page-posts/published/"
    return f"{site}/{organization if kind == 'organization' else 'in/me/recent-activity/all/'}"


def decision(response: httpx.Response, *, site: str, version: str) -> ChannelError:
    """Name an answer that is no success by what it asks for."""
    status, (codes, words) = response.status_code, _told(response)
    reason = f"{status} {words}".strip()
    if status == 426 or codes & VERSIONS:
        return Disconnected(f"version {version} is not taken ({reason}): {LATER}")
    if status == 401 or codes & TOKENS:
        return Disconnected(f"{reason}: {CONNECT}")
    if status == 403:
        return Forbidden(f"{reason}: {RIGHTS}")
    if status == 429:
        return TryLater(reason, _pause(response, words))
    if "DUPLICATE_POST" in codes:
        return _same(reason, site)
    return Gone(reason) if status in (404, 410) else failure(status, reason)


def _same(reason: str, site: str) -> Unsure:
    """The same text is there: from an attempt before, by hand, or deleted a short time ago.

    LinkedIn also names posts that nobody can see, so a person has to look.
    """
    found = URN.search(reason)
    where = f"look at {address(site, found[0])}" if found else "look for it"
    return Unsure(f"LinkedIn says that the same text is there already: {reason}; {where}")


def _told(response: httpx.Response) -> tuple[set[str], str]:
    """The codes of an answer, and its words; of a page its first words."""
    try:
        body = dict(response.json())
        details = (body.get("errorDetails") or {}).get("inputErrors") or []
        codes = {str(one.get("code")) for one in (body, *details)}
        said = dict.fromkeys(_sayings(body, details))
    except (ValueError, TypeError, AttributeError):
        return set(), plain(response.text)
    return codes, "; ".join(said)[:300]


def _sayings(body: dict[str, object], details: list[dict[str, object]]) -> Iterator[str]:
    for one in (body, *details):
        named = (one.get("code"), one.get("message") or one.get("description"))
        yield " ".join(str(word) for word in named if word)


def _pause(response: httpx.Response, words: str) -> timedelta | None:
    """What the header says; a limit of a day ends at midnight UTC."""
    told = retry_after(response.headers.get("Retry-After"))
    if told or not re.search(r"\bDAY\b|daily", words):
        return told
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight - now + timedelta(minutes=1)
