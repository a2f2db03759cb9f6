"""Lemmy 0.19 and 1.0: one link post an issue, in one community.

API: https://join-lemmy.org/api/ (v3 for 0.19, v4 for 1.0, which answers some of v3 as well)
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from channels._http import call, failure, nothing_posted
from channels._text import fit, post_key
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Post,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Edition, telling_image

TITLE_LIMIT = 200
TITLE_LEAST = 3
BODY_LIMIT = 10_000  # servers take up to 50,000, but a summary is no book
ALT_LIMIT = 1500
KEY_LIMIT = 32  # of an Idempotency-Key
ACCOUNT_WORDS = {
    "banned",
    "banned_from_community",
    "deleted",
    "email_not_verified",
    "incorrect_login",
    "incorrect_totp_token",
    "missing_totp_token",
    "not_logged_in",
    "person_is_banned_from_community",
    "registration_application_is_pending",
    "registration_denied",
    "site_ban",
    "user_is_banned",
}
PAUSE_WORDS = {"rate_limit_error", "too_many_requests"}

Json = dict[str, Any]


@dataclass
class _Login:
    """What is kept from one post to the next: servers let in few logins an hour."""

    jwt: str = ""


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One visit to a server that speaks API `api`. `site` and `me` are its own words."""

    http: httpx.Client
    api: str
    site: Json

    def ask(self, method: str, path: str, **kwargs: Any) -> Json:
        """Ask for a JSON object. Raises the four failures; Unsure where it is no such thing."""
        return _ask(self.http, method, f"/api/{self.api}/{path}", **kwargs)


@dataclass(frozen=True, kw_only=True)
class Lemmy:
    """One account and the community it posts to: `name`, or `name@host` where that is elsewhere.

    `timeout` is in seconds; a server reads the linked page before it answers.
    """

    instance: str
    community: str
    username: str
    password: str = field(repr=False)
    timeout: float = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "instance", self.instance.rstrip("/"))
        if not self.instance.startswith(("https://", "http://")):
            raise ValueError(f"instance must be an http(s) address, not {self.instance!r}")
        if not re.fullmatch(r"[\w.-]+(@[\w.-]+(:\d+)?)?", self.community):
            raise ValueError(f"community must be name or name@host, not {self.community!r}")
        if not self.username:
            raise ValueError("username must be the account's name, not empty")
        if not self.password:
            raise ValueError("password must be the account's, not empty")
        if self.timeout <= 0:
            raise ValueError(f"timeout must be above 0 seconds, not {self.timeout}")

    @cached_property
    def _login(self) -> _Login:
        return _Login()

    def render(self, edition: Edition) -> Post:
        """The title, which alone is short here, the link, and the summary as body."""
        title = " ".join(edition.title.split())
        if len(title) < TITLE_LEAST:
            title = f"{edition.site.name}: {title}"
        title = fit(title, TITLE_LIMIT, len)
        body = fit(edition.summary, BODY_LIMIT, len)
        image = telling_image(edition)
        alt = fit(image.alt or image.caption, ALT_LIMIT, len) if image else ""
        return Post(
            key=post_key(edition, self.community, title, edition.url, body, alt),
            lang=edition.lang,
            title=title,
            text=body,
            url=edition.url,
            length=len(title),
            limit=TITLE_LIMIT,
            details={"alt_text": alt},
        )

    def deliver(self, post: Post) -> Receipt:
        """Create a post. Only Lemmy 1.0 heeds the key, and only for minutes."""
        with self._signed_in() as line:
            with nothing_posted():
                community = line.ask("GET", "community", params={"name": self.community})
            place = community["community_view"]["community"]["id"]
            language = _language(post.lang, line.site, community)
            note = "" if language else f"without a language: {post.lang} is not open there"
            key = hashlib.sha256(post.key.encode()).hexdigest()[:KEY_LIMIT]
            answer = line.ask(
                "POST",
                "post",
                json={"community_id": place, **_words(post), **language},
                headers={"Idempotency-Key": key},
            )
            return _receipt(answer, note)

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for the link among the account's own posts in the community."""
        with nothing_posted(), self._signed_in() as line:
            community = line.ask("GET", "community", params={"name": self.community})
            place = community["community_view"]["community"]["id"]
            for view in _own_posts(line, post.url):
                one = view["post"]
                same = one.get("url") == post.url and one["community_id"] == place
                if same and not one.get("deleted"):
                    return _receipt({"post_view": view})
        return None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Edit title, link, body and description; the language stays."""
        with self._signed_in() as line:
            said = {"post_id": int(receipt.id), **_words(post)}
            return _receipt(line.ask("PUT", "post", json=said))

    def check(self) -> list[str]:
        """Sign in and look at the community."""
        with nothing_posted(), self._signed_in() as line:
            community = line.ask("GET", "community", params={"name": self.community})
            about = community["community_view"]["community"]
            found = [
                f"signed in at {self.instance} as {self.username}",
                f"Lemmy {line.site.get('version', '?')} (API {line.api})",
                f"community {self.community}: {about.get('title') or about['name']}",
            ]
            if about.get("posting_restricted_to_mods"):
                found.append("warning: only moderators may post in this community")
            return found

    @contextmanager
    def _signed_in(self) -> Iterator[_Line]:
        """Open a line as the account. Nothing is posted on the way."""
        wait = httpx.Timeout(self.timeout, connect=3.05)
        # A line a visit: a kept one may have gone stale, which looks like a lost answer.
        with httpx.Client(base_url=self.instance, timeout=wait) as http:
            with nothing_posted():
                line = _reach(http)
                self._authorise(line)
            yield line

    def _authorise(self, line: _Line) -> None:
        if self._login.jwt:
            line.http.headers["Authorization"] = f"Bearer {self._login.jwt}"
            try:
                _me(line)
            except Disconnected:  # it has expired, or was taken back
                del line.http.headers["Authorization"]
            else:
                return
        self._login.jwt = self._log_in(line)
        line.http.headers["Authorization"] = f"Bearer {self._login.jwt}"

    def _log_in(self, line: _Line) -> str:
        path = "account/auth/login" if line.api == "v4" else "user/login"
        who = {"username_or_email": self.username, "password": self.password}
        try:
            jwt = line.ask("POST", path, json=who).get("jwt")
        except Refused as refusal:
            raise Disconnected(f"not signed in as {self.username}: {refusal}") from refusal
        if not jwt:
            raise Disconnected(f"not signed in as {self.username}: the account is not open yet")
        return str(jwt)


def _reach(http: httpx.Client) -> _Line:
    try:
        site = _ask(http, "GET", "/api/v4/site")
    except Refused:  # 0.19 has no v4
        return _Line(http=http, api="v3", site=_ask(http, "GET", "/api/v3/site"))
    return _Line(http=http, api="v4", site=site)


def _me(line: _Line) -> int:
    """Our person id. Raises Disconnected where the login is not good (any more)."""
    if line.api == "v4":
        user: Json = line.ask("GET", "account")
    else:
        user = line.ask("GET", "site").get("my_user") or {}  # a bad token is overlooked here
    if not user:
        raise Disconnected("the login is not accepted any more")
    return int(user["local_user_view"]["person"]["id"])


def _own_posts(line: _Line, url: str) -> list[Json]:
    if line.api == "v4":  # its search knows no addresses
        query = {"person_id": _me(line), "type_": "posts", "limit": 50}
        listing = line.ask("GET", "person/content", params=query)
        views = listing.get("items") or listing.get("content") or []
    else:
        wanted = {"type_": "Url", "q": url, "creator_id": _me(line), "limit": 50, "sort": "New"}
        views = line.ask("GET", "search", params=wanted).get("posts") or []
    return [view for view in views if "post" in view]


def _words(post: Post) -> Json:
    alt = post.details["alt_text"]
    said = {"name": post.title, "url": post.url, "body": post.text}
    return {**said, "alt_text": alt} if alt else said


def _language(lang: str, site: Json, community: Json) -> Json:
    """The language as the server numbers it; nothing where the community does not take it."""
    allowed = community.get("discussion_languages") or []
    for one in site.get("all_languages") or []:
        if one["code"] == lang and one["id"] in allowed:
            return {"language_id": one["id"]}
    return {}


def _ask(http: httpx.Client, method: str, path: str, **kwargs: Any) -> Json:
    response = call(http, method, path, named=_failure, **kwargs)
    try:
        answer: Json = dict(response.json())
    except (ValueError, TypeError) as error:
        raise Unsure(f"{method} {path} was answered with {response.text[:80]!r}") from error
    return answer


def _failure(response: httpx.Response) -> ChannelError | None:
    """Go by Lemmy's own word, since 0.19 answers 400 to nearly everything."""
    if response.status_code == 422 and not response.content:
        return Unsure("422 this key was used a moment ago: the post may be there")
    try:
        body = response.json()
        word, more = str(body["error"]), str(body.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    reason = f"{response.status_code} {word}" + (f": {more[:200]}" if more else "")
    if word in PAUSE_WORDS:
        return TryLater(reason)
    return Disconnected(reason) if word in ACCOUNT_WORDS else failure(response.status_code, reason)


def _receipt(answer: Json, note: str = "") -> Receipt:
    try:
        post = answer["post_view"]["post"]
        return Receipt(id=str(post["id"]), url=str(post["ap_id"]), note=note)
    except (KeyError, TypeError) as error:
        raise Unsure(f"the server answered with something else: {answer!r:.200}") from error
