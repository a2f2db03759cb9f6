"""Reddit: one submission an edition, as a link or as a self post, through PRAW.

API: https://www.reddit.com/dev/api · PRAW 8 repeats requests and sleeps by default; here it may
do neither, but for renewing an access token that Reddit no longer knows (a 401 keeps nothing).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import chain
from time import monotonic_ns
from typing import Any

import praw
import prawcore
import requests
from praw.exceptions import PRAWException, RedditAPIException
from prawcore.rate_limit import RateLimiter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from channels._http import failure, retry_after
from channels._text import post_key, shorten
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Edition

TITLE, SELFTEXT = 300, 40_000  # characters
CONNECTING = 3.05  # seconds; more than one TCP retransmission
MARKUP = re.compile(r"(https?://\S+)|([\\`*_\[\]~^|<>]|^[#+-])", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9_]{2,24}")
HOST = re.compile(r"https?://[^/\s]+/?")
PAUSE = re.compile(r"(\d{1,4}) (milli|second|minute|hour)")
UNITS = {"milli": 0.001, "second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, kw_only=True)
class Reddit:
    """One account that posts to one subreddit. `timeout` is in seconds, for each request.

    Signs in with `refresh_token`, or with `username` and `password` (a script app).
    """

    subreddit: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    post: str = "link"
    flair: str = ""
    site: str = "https://www.reddit.com"
    oauth: str = "https://oauth.reddit.com"
    user_agent: str = "python:publisher (announces a newsletter)"
    timeout: float = 15

    def __post_init__(self) -> None:
        signs_in = self.refresh_token or (self.username and self.password)
        rules = [
            ("subreddit", NAME.fullmatch(self.subreddit), "a name without r/"),
            ("client_id", self.client_id, "set"),
            ("client_secret", self.client_secret, "set"),
            ("refresh_token", signs_in, "set, or else both username and password"),
            ("post", self.post in ("link", "self"), '"link" or "self"'),
            ("site", HOST.fullmatch(self.site), "a URL without a path"),
            ("oauth", HOST.fullmatch(self.oauth), "a URL without a path"),
            ("user_agent", len(self.user_agent) > 6, "7 characters or longer"),
            ("timeout", self.timeout > 0, "more than 0 seconds"),
        ]
        for name, right, must in rules:
            if not right:
                raise ValueError(f"{name} must be {must}, not {getattr(self, name) or 'empty'!r}")

    def render(self, edition: Edition) -> Post:
        """The title, and for a self post the summary with the link below it."""
        title = _fit(" ".join(edition.title.split()), TITLE)
        text = _selftext(edition) if self.post == "self" else ""
        return Post(
            key=post_key(edition, self.post, title, text, edition.url),
            lang=edition.lang,
            title=title,
            text=text,
            url=edition.url,
            length=len(text) if text else len(title),
            limit=SELFTEXT if text else TITLE,
            details={"post": self.post},
        )

    def deliver(self, post: Post) -> Receipt:
        """Submit it, unless the link stands in the subreddit already: Reddit seldom says so.

        Raises Refused with the address of a stranger's post of the same link.
        """
        with self._failures_named():
            if not _is_self(post) and (ours := self._standing(post)):
                return ours
            body = {"selftext": post.text} if _is_self(post) else {"url": post.url}
            options = {**body, **self._flair(), "resubmit": False, "send_replies": False}
            try:
                return self._receipt(self._place.submit(post.title, **options).id)
            except RedditAPIException as error:
                return self._despite(error, post)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look through the account's newest submissions, then for the link; removed ones: no."""
        with self._failures_named():
            recent = self._client.user.me().submissions.new(limit=100)
            everywhere = chain(recent, self._client.info(url=post.url))
            return next((self._receipt(s.id) for s in everywhere if self._is_ours(s, post)), None)

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the text of a self post; Reddit can change nothing else."""
        if not _is_self(post):
            raise Refused("Reddit cannot edit a link post: neither its title nor its link")
        with self._failures_named():
            submission = self._client.submission(id=receipt.id)
            note = "" if submission.title == post.title else "Reddit cannot change the title"
            submission.edit(post.text)
            return self._receipt(receipt.id, note=note)

    def check(self) -> list[str]:
        with self._failures_named():
            me, kinds = self._client.user.me(), self._place.submission_type
            if kinds not in ("any", self.post):
                raise Refused(f'r/{self.subreddit} takes only {kinds} posts: set post = "{kinds}"')
            self._flair()
            flairs = ", ".join(self._flairs()) or "none"
            left = self._client.auth.limits["remaining"]
        return [
            f"signed in as u/{me} at {self.site}",
            f"r/{self.subreddit} takes {self.post} posts; flairs to choose from: {flairs}",
            f"requests left until the limit: {'unknown' if left is None else left}",
        ]

    @cached_property
    def _client(self) -> Any:
        """PRAW without its repeating and sleeping. Not thread-safe: one a process, made late."""
        site, oauth = self.site.rstrip("/"), self.oauth.rstrip("/")
        client = praw.Reddit(
            "DEFAULT",
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_token or None,  # None: not from praw.ini or environment
            username=self.username or None,
            password=None if self.refresh_token else self.password,
            user_agent=self.user_agent,
            reddit_url=site,
            oauth_url=oauth,
            short_url=site,
            check_for_updates=False,
            check_for_async=False,
            ratelimit_seconds=-1,  # 0 still repeats "a few milliseconds"
            requestor_class=_Line,
            requestor_kwargs={"timeout": self.timeout},
        )
        core: Any = client._core
        core.RETRY_STATUSES, core.RETRY_EXCEPTIONS = frozenset(), ()
        core._rate_limiter = _Impatient(window_size=600)
        return client

    @property
    def _line(self) -> "_Line":
        line: _Line = self._client._core.requestor
        return line

    @property
    def _place(self) -> Any:
        return self._client.subreddit(self.subreddit)

    def _flairs(self) -> dict[str, str]:
        choices = self._place.flair.link_templates.user_selectable()
        return {choice["flair_text"]: choice["flair_template_id"] for choice in choices}

    def _flair(self) -> dict[str, str]:
        flairs = self._flairs() if self.flair else {}
        if self.flair and self.flair not in flairs:
            there = ", ".join(flairs) or "none at all"
            raise Refused(f"r/{self.subreddit} has no flair {self.flair!r}; there are: {there}")
        return {"flair_id": flairs[self.flair]} if self.flair else {}

    def _receipt(self, id: str, note: str = "") -> Receipt:
        url = f"{self.site.rstrip('/')}/r/{self.subreddit}/comments/{id}/"
        return Receipt(id=id, url=url, note=note)

    def _is_here(self, submission: Any, post: Post) -> bool:
        if submission.subreddit != self.subreddit or submission.removed_by_category:
            return False
        if _is_self(post):
            same_title = submission.is_self and submission.title == post.title
            return same_title and post.url in submission.selftext
        return bool(submission.url.rstrip("/") == post.url.rstrip("/"))

    def _is_ours(self, submission: Any, post: Post) -> bool:
        return submission.author == self._client.user.me() and self._is_here(submission, post)

    def _standing(self, post: Post) -> Receipt | None:
        there = [s for s in self._client.info(url=post.url) if self._is_here(s, post)]
        if not there:
            return None
        ours = next((s for s in there if self._is_ours(s, post)), None)
        if ours is None:
            address = self._receipt(there[0].id).url
            raise Refused(f"u/{there[0].author} has posted this link already: {address}")
        return self._receipt(ours.id, note="it was there already")

    def _despite(self, error: RedditAPIException, post: Post) -> Receipt:
        """Errors may come together with the post they complain of, whose id PRAW throws away."""
        made = self._line.said().get("data") or {}
        if made.get("id"):
            return self._receipt(made["id"].removeprefix("t3_"), note=_words(error))
        if all(item.error_type != "ALREADY_SUB" for item in error.items):
            raise error
        ours = self._standing(post) or self.find_existing(post)
        if ours is None:
            raise Refused(f"{_words(error)}; but Reddit does not show where") from error
        return ours

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        try:
            yield
        except ChannelError:
            raise
        except Exception as error:
            raise _decision(error, self._line) from error


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


def _decision(error: Exception, line: _Line) -> Exception:
    submitted = line.asked.endswith("/api/submit/")
    if isinstance(error, RedditAPIException):
        return _by_name(error, line)
    if isinstance(error, prawcore.OAuthException):
        return Disconnected(f"Reddit does not accept the credentials: {error}")
    if line.last is not None and line.last.status_code >= 300:
        return _by_status(line.last, submitted, line.asked.endswith("/access_token"))
    if submitted and not _never_left(error):
        return Unsure(f"no readable answer to the submission: {error}")
    if isinstance(error, prawcore.PrawcoreException | PRAWException | requests.RequestException):
        return TryLater(f"no readable answer from {line.asked}: {error}")
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


def _is_self(post: Post) -> bool:
    return bool(post.details["post"] == "self")


def _fit(text: str, limit: int) -> str:
    """Shorten to `limit` code points, which is what Reddit counts, and split no grapheme."""
    room = limit
    while len(short := shorten(text, room)) > limit:
        room -= len(short) - limit
    return short


def _selftext(edition: Edition) -> str:
    summary = MARKUP.sub(lambda found: found[1] or "\\" + found[2], edition.summary)
    return f"{_fit(summary, SELFTEXT - len(edition.url) - 2)}\n\n{edition.url}"
