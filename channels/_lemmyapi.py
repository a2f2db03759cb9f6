"""Lemmy's two APIs, v3 of 0.19 and v4 of 1.0, behind one set of calls.

Source: https://join-lemmy.org/api/ · 1.0 answers some of v3 as well, so v4 is asked for first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from channels._http import call, failure, nothing_posted, trust
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

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
GONE_WORDS = ("couldnt_find_post", "not_found")
RECENT = 50  # the most posts that one look gives

Json = dict[str, Any]


@dataclass(kw_only=True)
class Login:
    """What is kept from one visit to the next: servers let in few logins an hour."""

    jwt: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One visit to a server that speaks `api`, v3 or v4. `site` is how it introduced itself."""

    http: httpx.Client
    api: str
    site: Json

    def ask(self, method: str, path: str, **kwargs: Any) -> Json:
        """Ask for a JSON object. Raises the four failures; Unsure where it is no such thing."""
        return _ask(self.http, method, f"/api/{self.api}/{path}", **kwargs)


@dataclass(frozen=True, kw_only=True)
class Community:
    """Where to post. `languages` are those open there: the server's number for each code."""

    id: int
    title: str
    only_mods: bool
    languages: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A post as the server has it: `url` is its own page, `link` what it is about."""

    id: str
    url: str
    link: str
    community: int
    deleted: bool


@contextmanager
def signed_in(
    instance: str, login: Login, *, username: str, password: str, timeout: float
) -> Iterator[Line]:
    """Open a line as the account. Nothing is posted on the way."""
    wait = httpx.Timeout(timeout, connect=3.05)
    # A line a visit: a kept one may have gone stale, which looks like a lost answer.
    with httpx.Client(base_url=instance, timeout=wait, verify=trust()) as http:
        with nothing_posted():
            line = _reach(http)
            if not _still_known(line, login):
                login.jwt = _log_in(line, username, password)
                _show(line, login)
        yield line


def community(line: Line, name: str) -> Community:
    """Ask about a community, `name` or `name@host`. Nothing is posted."""
    with nothing_posted():
        answer = line.ask("GET", "community", params={"name": name})
    about, taken = answer["community_view"]["community"], answer.get("discussion_languages") or []
    known = line.site.get("all_languages") or []
    return Community(
        id=about["id"],
        title=about.get("title") or about["name"],
        only_mods=bool(about.get("posting_restricted_to_mods")),
        languages={one["code"]: one["id"] for one in known if one["id"] in taken},
    )


def kept(answer: Json) -> Kept:
    """Read the answer to a post or an edit. Raises Unsure where it is something else."""
    try:
        post = answer["post_view"]["post"]
        return Kept(
            id=str(post["id"]),
            url=str(post["ap_id"]),
            link=post.get("url") or "",
            community=post["community_id"],
            deleted=bool(post.get("deleted")),
        )
    except (KeyError, TypeError) as error:
        raise Unsure(f"the server answered with something else: {answer!r:.200}") from error


def own_posts(line: Line, url: str) -> list[Kept]:
    """Find the account's posts of a link; on v4, whose search knows no links, its latest."""
    if line.api == "v4":
        query = {"person_id": _me(line), "type_": "posts", "limit": RECENT}
        listing = line.ask("GET", "person/content", params=query)
        views = listing.get("items") or listing.get("content") or []
    else:
        wanted = {"type_": "Url", "q": url, "creator_id": _me(line), "limit": RECENT, "sort": "New"}
        views = line.ask("GET", "search", params=wanted).get("posts") or []
    return [kept({"post_view": view}) for view in views if "post" in view]


def remove(line: Line, id: int) -> None:
    """Delete a post of the account's own; one that is not there any more needs nothing."""
    way = ("DELETE", "post") if line.api == "v4" else ("POST", "post/delete")
    try:
        line.ask(*way, json={"post_id": id, "deleted": True})
    except Refused as refusal:
        if not any(word in str(refusal) for word in GONE_WORDS):
            raise


def _reach(http: httpx.Client) -> Line:
    try:
        return Line(http=http, api="v4", site=_ask(http, "GET", "/api/v4/site"))
    except Refused:  # 0.19 has no v4
        return Line(http=http, api="v3", site=_ask(http, "GET", "/api/v3/site"))


def _still_known(line: Line, login: Login) -> bool:
    if not login.jwt:
        return False
    _show(line, login)
    try:
        return bool(_me(line))
    except Disconnected:  # it has expired, or was taken back
        del line.http.headers["Authorization"]
        return False


def _show(line: Line, login: Login) -> None:
    line.http.headers["Authorization"] = f"Bearer {login.jwt}"


def _me(line: Line) -> int:
    """Our person id. Raises Disconnected where the login is not good (any more)."""
    if line.api == "v4":
        user: Json = line.ask("GET", "account")
    else:
        user = line.ask("GET", "site").get("my_user") or {}  # a bad token is overlooked here
    if not user:
        raise Disconnected("the login is not accepted any more")
    return int(user["local_user_view"]["person"]["id"])


def _log_in(line: Line, username: str, password: str) -> str:
    path = "account/auth/login" if line.api == "v4" else "user/login"
    who = {"username_or_email": username, "password": password}
    try:
        jwt = line.ask("POST", path, json=who).get("jwt")
    except Refused as refusal:
        raise Disconnected(f"not signed in as {username}: {refusal}") from refusal
    if not jwt:
        raise Disconnected(f"not signed in as {username}: the account is not open yet")
    return str(jwt)


def _ask(http: httpx.Client, method: str, path: str, **kwargs: Any) -> Json:
    response = call(http, method, path, named=_decision, **kwargs)
    try:
        return dict(response.json())
    except (ValueError, TypeError) as error:
        raise Unsure(f"{method} {path} was answered with {response.text[:80]!r}") from error


def _decision(response: httpx.Response) -> ChannelError | None:
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
