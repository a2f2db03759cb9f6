"""Mastodon.py with its own sleeping and retrying switched off, and its failures named.

Source: https://mastodonpy.readthedocs.io/ · https://docs.joinmastodon.org/methods/
"""

import contextlib
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import mastodon
import requests
from mastodon.return_types import Status
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from channels._http import failure, retry_after
from channels._text import graphemes
from publisher.domain.channel import ChannelError, Disconnected, Receipt, Refused, TryLater, Unsure

PER_URL = 23  # characters that a link counts
SHORT_URL = re.compile(r"https?://[^\s<>\"]{1,15}(?<![.,;:!?])(?=[.,;:!?]*(?:[\s<>\"]|$))", re.I)
PLAIN_VERSION = re.compile(r"[1-9]\d*(\.\d+)+([-+~.]\S*)?")  # the others say "compatible; …"
NONSENSE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
PAGE = 40  # the most statuses that one look gives


@contextlib.contextmanager
def asking(instance: str, token: str, timeout: float) -> Iterator[mastodon.Mastodon]:
    """Lend a client that asks once and ends in `timeout` seconds. Raises the four failures."""
    heard: list[requests.Response] = []
    with requests.Session() as session:
        session.max_redirects = 0  # a redirected POST would come back as a GET
        session.hooks["response"].append(lambda answer, **_: heard.append(answer))
        client = mastodon.Mastodon(
            access_token=token,
            api_base_url=instance,
            ratelimit_method="throw",
            request_timeout=(3.05, timeout),  # type: ignore[arg-type]  # requests takes both
            mastodon_version="4.5.0",  # else it asks first, for ever where it cannot be told
            version_check_mode="created",
            session=session,
            user_agent="publisher",
        )
        try:
            yield client
        except mastodon.MastodonError as error:
            raise _decision(error, heard) from error


def status_length(text: str, spoiler_text: str = "", *, per_link: int = PER_URL) -> int:
    """Count as a server does that says a link counts `per_link`; 0: every code point.

    Where it is anything but Mastodon's 23, the greatest count of all that may be meant.
    """
    raw = len(text) + len(spoiler_text)
    if not per_link:
        return raw
    counted = _as_mastodon(text) + graphemes(spoiler_text)
    if per_link == PER_URL:
        return counted
    return max(raw, counted + max(0, per_link - PER_URL) * text.count("://"))


def _as_mastodon(text: str) -> int:
    """Count graphemes, every URL 23, of @user@host only @user.

    What has no real top-level domain (`.example`, `127.0.0.1`) is no URL there: it counts in full,
    and no less than 23 here, for servers disagree.
    """
    if "://" not in text and "@" not in text:
        return graphemes(text)  # the library takes long for every word
    lines = SHORT_URL.sub("x" * PER_URL, text).split("\n")
    counted = [int(mastodon.Mastodon.get_status_length(line)) for line in lines]
    return len(lines) - 1 + sum(counted)


def own_statuses(client: mastodon.Mastodon, *, days: int, pages: int) -> Iterator[Status]:
    """Give the account's own statuses, newest first, at least back to `days` ago.

    Raises NotImplementedError where `pages` of 40 do not reach that far.
    """
    me, oldest = client.account_verify_credentials().id, None
    for _ in range(pages):
        before = oldest.id if oldest else None
        page = client.account_statuses(me, limit=PAGE, exclude_reblogs=True, max_id=before)
        yield from page
        if not page or page[-1].created_at < datetime.now(UTC) - timedelta(days=days):
            return  # a short page tells nothing: boosts are left out of it
        oldest = page[-1]
    reach = f", to {oldest.created_at:%Y-%m-%d %H:%M}" if oldest else ""
    raise NotImplementedError(f"not among the latest statuses{reach}; older ones were not read")


def links_in(content: str) -> set[str]:
    """Find the addresses in a status, linked (Mastodon) or bare (some others)."""
    linked = re.findall(r'href="([^"]+)"', content)
    lines = re.sub(r"</?(?:p|br)\b[^>]*>", " ", content)
    bare = re.sub(r"<[^>]*>", "", lines).split()
    return {unquote(unescape(word)) for word in (*linked, *bare)}


def proof(status: Any, note: str = "") -> Receipt:
    """Proof of a status. Raises Unsure where it is none: the library makes one of any JSON."""
    id = status.get("id") if isinstance(status, dict) else None
    if not id:
        raise Unsure(f"the server answered with something else: {status!r:.200}")
    return Receipt(id=str(id), url=status.get("url") or "", note=note)


def upload(client: mastodon.Mastodon, path: Path, kind: str, alt: str) -> str:
    """Upload a picture and return its id. Raises TryLater while the server is at work on it."""
    content = path.read_bytes()
    media = client.media_post(
        content, f"image/{kind}", description=alt or None, file_name=path.name
    )
    if not media.get("url"):
        media = client.media(media.id)
    if not media.get("url"):
        raise TryLater("the server has not finished with it")
    return str(media.id)


def described(client: mastodon.Mastodon, id: str, alt: str) -> dict[str, Any]:
    """What an edit of a status must name to keep its pictures, with `alt` to describe them."""
    kept = client.status(id).media_attachments
    edits = [
        client.generate_media_edit_attributes(one.id, description=alt or one.description)
        for one in kept
    ]
    return {"media_attributes": edits} if edits else {}


def taken(client: mastodon.Mastodon) -> dict[str, int]:
    """How long a status may be, and what a link counts; what the server does not tell is left out.

    Raises TryLater where it does not answer.
    """
    for version in ("v2", "v1"):
        # The library asks for "instance/", which GoToSocial and others only redirect.
        url = f"{client.api_base_url}/api/{version}/instance"
        try:
            answer = client.session.get(url, timeout=client.request_timeout)
        except requests.RequestException as error:
            raise TryLater(f"cannot be asked how much it takes: {error}") from error
        if answer.status_code >= 500:
            raise TryLater(f"cannot be asked how much it takes: {answer.status_code}")
        if told := _told(answer):
            return told
    return {}


def _told(answer: requests.Response) -> dict[str, int]:
    with contextlib.suppress(*NONSENSE):
        said = answer.json()
        statuses = said.get("configuration", {}).get("statuses", {})
        most = int(statuses.get("max_characters") or said["max_toot_chars"])
        mastodon_itself = PLAIN_VERSION.fullmatch(str(said["version"]))
        per_link = int(statuses.get("characters_reserved_per_url") or 0) if mastodon_itself else 0
        return {"characters": most, "per_link": per_link} if most > 0 else {}
    return {}


def scopes(client: mastodon.Mastodon) -> list[str]:
    """What the token may do; empty where the server does not tell."""
    with contextlib.suppress(mastodon.MastodonAPIError, AttributeError):
        return list(client.app_verify_credentials().scopes)
    return []


def _decision(error: mastodon.MastodonError, heard: list[requests.Response]) -> ChannelError:
    if isinstance(error, mastodon.MastodonNetworkError):
        return _unheard(error.__context__ or error, heard)
    if not heard:
        return Refused(str(error))  # the library itself will not send this
    answer = heard[-1]
    reason = f"{answer.status_code} {_words(answer)}".strip()
    if "not finished processing" in reason:
        return TryLater(reason)
    return failure(answer.status_code, reason, _pause(answer))


def _unheard(cause: BaseException, heard: list[requests.Response]) -> ChannelError:
    if isinstance(cause, requests.TooManyRedirects):
        place = heard[-1].headers.get("Location", "elsewhere")
        return Disconnected(f"redirected to {place}: use the final address as instance")
    if isinstance(cause, requests.ConnectTimeout) or _never_sent(cause):
        return TryLater(f"cannot be reached: {cause}")
    return Unsure(f"no answer: {cause}")


def _never_sent(cause: BaseException) -> bool:
    wrapped = cause.args[0] if cause.args else None
    reason = wrapped.reason if isinstance(wrapped, MaxRetryError) else None
    if isinstance(reason, SSLError):
        return any(isinstance(arg, ssl.SSLCertVerificationError) for arg in reason.args)
    return isinstance(reason, NewConnectionError)


def _words(answer: requests.Response) -> str:
    try:
        said: Any = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        said = answer.text
    return str(said)[:200]


def _pause(answer: requests.Response) -> timedelta | None:
    """Read Retry-After, else X-RateLimit-Reset: ISO 8601 (Mastodon) or an epoch (GoToSocial)."""
    if pause := retry_after(answer.headers.get("Retry-After")):
        return pause
    reset = answer.headers.get("X-RateLimit-Reset", "")
    try:
        until = (
            datetime.fromtimestamp(int(reset), UTC)
            if reset.isdecimal()
            else datetime.fromisoformat(reset).astimezone(UTC)
        )
    except (ValueError, OverflowError):
        return None
    return max(until - datetime.now(UTC), timedelta(0))
