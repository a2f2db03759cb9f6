"""Mastodon and compatible servers: one status an issue, on the account that owns the token.

API: https://docs.joinmastodon.org/methods/statuses/
"""

import contextlib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import mastodon
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from channels._http import failure, nothing_posted, retry_after
from channels._text import fit, post_key, shorten
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Edition, Finding, Image, telling_image

VISIBILITIES = ("public", "unlisted", "private", "direct")
ALT_LIMIT = 1500
RECENT = 40  # the most statuses that one look gives
PICTURES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


@dataclass(frozen=True, kw_only=True)
class Mastodon:
    """One account. `limit` counts characters as the instance does, `timeout` is in seconds."""

    instance: str
    access_token: str = field(repr=False)
    visibility: str = "public"
    spoiler_text: str = ""
    limit: int = 500
    timeout: float = 15

    def __post_init__(self) -> None:
        object.__setattr__(self, "instance", self.instance.rstrip("/"))
        if not self.instance.startswith(("https://", "http://")):
            raise ValueError(f"instance must be an http(s) address, not {self.instance!r}")
        if not self.access_token:
            raise ValueError("access_token must be the account's token, not empty")
        if self.visibility not in VISIBILITIES:
            raise ValueError(
                f"visibility must be {', '.join(VISIBILITIES)}, not {self.visibility!r}"
            )
        if self.limit < 100:
            raise ValueError(f"limit must be 100 characters or more, not {self.limit}")
        if self.timeout <= 0:
            raise ValueError(f"timeout must be above 0 seconds, not {self.timeout}")

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, the link, and the issue's telling picture."""

        def cost(words: str) -> int:
            return status_length(f"{words}\n\n{edition.url}", self.spoiler_text)

        words = fit(f"{edition.title}\n\n{edition.summary}".strip(), self.limit, cost)
        text = f"{words}\n\n{edition.url}"
        images, warnings = _picture(edition)
        spoken = [part for image in images for part in (image.src, image.alt)]
        return Post(
            key=post_key(edition, text, self.spoiler_text, self.visibility, *spoken),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=cost(words),
            limit=self.limit,
            images=images,
            warnings=warnings,
            details={"visibility": self.visibility, "spoiler_text": self.spoiler_text},
        )

    def deliver(self, post: Post) -> Receipt:
        """Post a status. The server drops a repeat of the same key, but only for an hour."""
        media, note = self._upload(post.images)
        with self._asking() as client:
            status = client.status_post(
                post.text,
                media_ids=media or None,
                visibility=post.details["visibility"],
                spoiler_text=post.details["spoiler_text"] or None,
                language=post.lang,
                idempotency_key=post.key,
            )
            return _receipt(status, note)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look through the account's latest 40 statuses for the link, in the same language."""
        with self._looking() as client:
            me = client.account_verify_credentials()
            recent = client.account_statuses(me.id, limit=RECENT, exclude_reblogs=True)
            found = [_receipt(status) for status in recent if _is_about(status, post)]
        return found[0] if found else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit text and description; the picture stays (an edit that names none drops it)."""
        alt = post.images[0].alt if post.images else ""
        spoiler = post.details["spoiler_text"] or None
        with self._looking() as client:
            attached = client.status(receipt.id).media_attachments
        with self._asking() as client:
            media = [
                client.generate_media_edit_attributes(one.id, description=alt or one.description)
                for one in attached
            ]
            status = client.status_update(
                receipt.id, post.text, spoiler_text=spoiler, media_attributes=media or None
            )
            return _receipt(status)

    def check(self) -> list[str]:
        """Ask who we are and how long a status may be."""
        with self._looking() as client:
            account = client.account_verify_credentials()
            found = [f"signed in at {self.instance} as @{account.acct}"]
            found.append(self._compared(self._limit_there(client.session)))
            with contextlib.suppress(mastodon.MastodonAPIError, AttributeError):
                found.append(f"scopes: {' '.join(client.app_verify_credentials().scopes)}")
        return found

    def _limit_there(self, session: requests.Session) -> int | None:
        # The library asks for "instance/", which GoToSocial and others only redirect.
        with contextlib.suppress(requests.RequestException, ValueError, KeyError, TypeError):
            answer = session.get(f"{self.instance}/api/v2/instance", timeout=self.timeout)
            return int(answer.json()["configuration"]["statuses"]["max_characters"])
        return None

    def _compared(self, theirs: int | None) -> str:
        if theirs is None:
            return "the instance does not tell how long a status may be"
        if theirs < self.limit:
            return f"warning: the instance takes {theirs} characters; set limit = {theirs}"
        return f"the instance takes {theirs} characters, ours are {self.limit} at most"

    def _upload(self, images: tuple[Image, ...]) -> tuple[list[str], str]:
        media, notes = [], []
        for image in images:
            try:
                media.append(self._upload_one(image))
            except Disconnected:
                raise
            except (ChannelError, OSError) as error:  # a picture is decoration
                notes.append(f"left off {image.src}: {error}")
        return media, "; ".join(notes)

    def _upload_one(self, image: Image) -> str:
        path = Path(image.path)
        with self._asking() as client:
            media = client.media_post(
                path.read_bytes(),
                mime_type=PICTURES[path.suffix.lower()],
                description=image.alt or None,
                file_name=path.name,
            )
            if not media.get("url"):  # still at work on it
                media = client.media(media.id)
            if not media.get("url"):
                raise TryLater("the server has not finished with it")
            return str(media.id)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[mastodon.Mastodon]:
        """Lend a client, and name what goes wrong with it."""
        heard: list[requests.Response] = []
        with requests.Session() as session:
            session.max_redirects = 0  # a redirected POST would come back as a GET
            session.hooks["response"].append(lambda answer, **_: heard.append(answer))
            client = mastodon.Mastodon(
                access_token=self.access_token,
                api_base_url=self.instance,
                ratelimit_method="throw",
                request_timeout=(3.05, self.timeout),  # type: ignore[arg-type]  # requests takes both
                mastodon_version="4.5.0",  # else it asks first, for ever where it cannot be told
                version_check_mode="created",
                session=session,
                user_agent="publisher",
            )
            try:
                yield client
            except mastodon.MastodonError as error:
                raise _failure(error, heard) from error

    @contextlib.contextmanager
    def _looking(self) -> Iterator[mastodon.Mastodon]:
        """Lend a client for questions, which post nothing."""
        with nothing_posted(), self._asking() as client:
            yield client


def status_length(text: str, spoiler_text: str = "") -> int:
    """Count as a server does: graphemes, every URL 23, of @user@host only @user.

    What has no real top-level domain (`.example`, `127.0.0.1`) is no URL there: it counts in full.
    """
    return int(mastodon.Mastodon.get_status_length(text, spoiler_text))


def links_in(content: str) -> set[str]:
    """Find the addresses in a status, linked (Mastodon) or bare (some others)."""
    linked = re.findall(r'href="([^"]+)"', content)
    lines = re.sub(r"</?(?:p|br)\b[^>]*>", " ", content)
    bare = re.sub(r"<[^>]*>", "", lines).split()
    return {unquote(unescape(word)) for word in (*linked, *bare)}


def _is_about(status: mastodon.return_types.Status, post: Post) -> bool:
    spoken = (status.get("language") or post.lang).lower().partition("-")[0]
    same_language = spoken == post.lang.lower().partition("-")[0]
    return same_language and unquote(post.url) in links_in(status.content)


def _receipt(status: Any, note: str = "") -> Receipt:
    # The library makes a Status with no id of whatever JSON came.
    id = status.get("id") if isinstance(status, dict) else None
    if not id:
        raise Unsure(f"the server answered with something else: {status!r:.200}")
    return Receipt(id=str(id), url=status.get("url") or "", note=note)


def _picture(edition: Edition) -> tuple[tuple[Image, ...], tuple[Finding, ...]]:
    image = telling_image(edition)
    if image is None:
        return (), ()
    if not image.path or Path(image.path).suffix.lower() not in PICTURES:
        reason = "no JPEG, PNG, GIF or WebP" if image.path else "no local file"
        return (), (Finding(kind="picture-left-off", detail=f"{image.src}: {reason}"),)
    alt = shorten(image.alt or image.caption, ALT_LIMIT)
    warnings = () if alt else (Finding(kind="missing-alt", detail=image.src),)
    return (Image(src=image.src, alt=alt, caption=image.caption, path=image.path),), warnings


def _failure(error: mastodon.MastodonError, heard: list[requests.Response]) -> ChannelError:
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
        return str(answer.json()["error"])[:200]
    except (ValueError, KeyError, TypeError):
        return str(answer.text)[:200]


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
