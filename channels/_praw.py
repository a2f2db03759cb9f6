"""PRAW 8 with its own sleeping and repeating switched off, and its failures named.

One request stays repeated: after a 401, which keeps nothing, the access token is renewed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic_ns
from typing import Any

import praw
import prawcore
import requests
from praw.exceptions import PRAWException, RedditAPIException
from prawcore.rate_limit import RateLimiter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from channels._http import failure, retry_after
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

CONNECTING = 3.05  # seconds; more than one TCP retransmission
PAUSE = re.compile(r"(\d{1,4}) (milli|second|minute|hour)")
UNITS = {"milli": 0.001, "second": 1, "minute": 60, "hour": 3600}


class AlreadyThere(Refused):
    """Reddit has this link already, it says, but not where."""


def connected(*, site: str, oauth: str, timeout: float, **account: str | None) -> Any:
    """A client that asks once and ends in time. Not thread-safe: one a process.

    `site` and `oauth` are hosts without a path; `account` is what PRAW signs in with, where None
    keeps praw.ini and the environment out.
    """
    client = praw.Reddit(
        "DEFAULT",
        **account,
        reddit_url=site.rstrip("/"),
        short_url=site.rstrip("/"),
        oauth_url=oauth.rstrip("/"),
        check_for_updates=False,
        check_for_async=False,
        ratelimit_seconds=-1,  # 0 still repeats "a few milliseconds"
        requestor_class=_Line,
        requestor_kwargs={"timeout": timeout},
    )
    core: Any = client._core
    core.RETRY_STATUSES, core.RETRY_EXCEPTIONS = frozenset(), ()
    core._rate_limiter = _Impatient(window_size=600)
    return client


def submit(place: Any, title: str, **options: Any) -> tuple[str, str]:
    """Submit once. Returns the new post's id, and what Reddit said against it all the same.

    Errors may come together with the post they complain of, whose id PRAW throws away.
    Raises AlreadyThere.
    """
    try:
        return place.submit(title, **options).id, ""
    except RedditAPIException as error:
        made = _line(place._reddit).said().get("data") or {}
        if made.get("id"):
            return made["id"].removeprefix("t3_"), _words(error)
        if any(item.error_type == "ALREADY_SUB" for item in error.items):
            raise AlreadyThere(_words(error)) from error
        raise


def flairs(place: Any, wanted: str = "") -> dict[str, str]:
    """A subreddit's flairs, ids by texts. Raises Refused if `wanted` is none of them."""
    choices = place.flair.link_templates.user_selectable()
    found = {choice["flair_text"]: choice["flair_template_id"] for choice in choices}
    if wanted and wanted not in found:
        there = ", ".join(found) or "none at all"
        raise Refused(f"r/{place} has no flair {wanted!r}; there are: {there}")
    return found


@contextmanager
def failures_named(client: Any) -> Iterator[None]:
    """Turn what PRAW raises into one of the four failures. Only a submission leaves a doubt."""
    try:
        yield
    except ChannelError:
        raise
    except Exception as error:
        raise _decision(error, _line(client)) from error


class _Line(prawcore.Requestor):
    """Requests that end in time (PRAW's own setting does nothing) and are remembered."""

    asked = ""
    last: requests.Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.asked, self.last = args[1], None
        kwargs["timeout"] = (min(CONNECTING, self.timeout), self.timeout)
        self.last = super().request(*args, **kwargs)
        return self.last

    def said(self) -> dict[str, Any]:
        """What stands under `json` in the last answer."""
        body = self.last.json() if self.last is not None else {}
        return dict(body.get("json") or {})


class _Impatient(RateLimiter):
    """Says so when the limit is reached, instead of sleeping up to ten minutes."""

    def delay(self) -> None:
        left = (self.next_request_timestamp_ns or 0) - monotonic_ns()
        if self.remaining is not None and self.remaining <= 0 and left > 0:
            raise TryLater("the request limit is used up", timedelta(microseconds=left // 1000))


def _line(client: Any) -> _Line:
    line: _Line = client._core.requestor
    return line


def _cause(error: BaseException) -> str:
    """The innermost words: the libraries around them only wrap them in their own."""
    named = (getattr(error, "original_exception", None), getattr(error, "reason", None))
    inner = [e for e in (*named, *error.args) if isinstance(e, BaseException)]
    return _cause(inner[0]) if inner else str(error) or type(error).__name__


def _decision(error: Exception, line: _Line) -> Exception:
    submitted = line.asked.endswith("/api/submit/")
    if isinstance(error, RedditAPIException):
        return _by_name(error, line)
    if isinstance(error, prawcore.OAuthException):
        return Disconnected(f"Reddit does not accept the credentials: {error}")
    if line.last is not None and line.last.status_code >= 300:
        return _by_status(line.last, submitted, line.asked.endswith("/access_token"))
    if submitted and not _never_left(error):
        return Unsure(f"no readable answer to the submission: {_cause(error)}")
    if isinstance(error, prawcore.PrawcoreException | PRAWException | requests.RequestException):
        return TryLater(f"no readable answer from {line.asked}: {_cause(error)}")
    return error


def _by_name(error: RedditAPIException, line: _Line) -> ChannelError:
    names = {item.error_type for item in error.items}
    if names & {"RATELIMIT", "QUOTA_FILLED"}:
        return TryLater(_words(error), _pause(line.said().get("ratelimit"), _words(error)))
    if "USER_REQUIRED" in names:
        return Disconnected(_words(error))
    return Refused(_words(error))


def _by_status(answer: requests.Response, submitted: bool, token: bool) -> ChannelError:
    words = "" if "html" in answer.headers.get("Content-Type", "") else answer.text[:200]
    reason = f"{answer.status_code} from {answer.url.partition('?')[0]} {words}".strip()
    if answer.status_code in (301, 302, 404):
        return Refused(f"{reason}: is there such a subreddit?")
    if answer.status_code == 400 and token:
        return Disconnected(f"Reddit does not accept the credentials: {reason}")
    wait = answer.headers.get("Retry-After") or answer.headers.get("x-ratelimit-reset")
    named = failure(answer.status_code, reason, retry_after(wait))
    return TryLater(reason) if isinstance(named, Unsure) and not submitted else named


def _never_left(error: Exception) -> bool:
    """Whether no connection came about, so that nothing was asked."""
    cause = getattr(error, "original_exception", None)
    inner = cause.args[0] if cause is not None and cause.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _pause(seconds: Any, words: str) -> timedelta | None:
    if isinstance(seconds, int | float):
        return timedelta(seconds=seconds)
    told = PAUSE.search(words)
    return timedelta(seconds=int(told[1]) * UNITS[told[2]]) if told else None


def _words(error: RedditAPIException) -> str:
    return "; ".join(item.error_message for item in error.items)
