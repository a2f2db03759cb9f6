"""Reddit's own ways to fail, through unmodified PRAW."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import praw
import pytest
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from channels.reddit import Reddit
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.sandbox.networks import reddit
from publisher.sandbox.outside import FAULTS, Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION
from publisher.testing.worlds import SECRET
from tests.channels.worlds.reddit import World

ACCOUNT: dict[str, Any] = {"client_id": "app", "client_secret": SECRET, "refresh_token": SECRET}
TOKEN, SUBMIT, INFO = "/api/v1/access_token", "/api/submit/", "/api/info/"


class Watched:
    """The stand-in behind a doorkeeper, who counts requests and may answer in its place."""

    def __init__(self, **ways: Any) -> None:
        self.outside = Outside()
        self.asked: list[tuple[str, str]] = []
        self.instead: dict[str, list[Response]] = {}  # by path: answers of the next requests
        self.after: set[str] = set()  # paths whose request is let in before it is answered so
        self.app: ASGIApp = reddit.app(self.outside, **ways)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append((scope["method"], scope["path"]))
        answers = self.instead.get(scope["path"])
        if not answers:
            await self.app(scope, receive, send)
            return
        if scope["path"] in self.after:
            await self.app(scope, receive, _nowhere)
        await answers.pop(0)(scope, receive, send)

    def times(self, path: str) -> int:
        return self.asked.count(("POST", path))


async def _nowhere(_: Message) -> None:
    """An answer that nobody hears."""


Account = Callable[..., Reddit]


@pytest.fixture
def site() -> Watched:
    return Watched()


@pytest.fixture
def account(site: Watched) -> Iterator[Account]:
    """Make the account at `site`, or at another; every server is stopped afterwards."""
    with ExitStack() as stack:

        def made(at: Watched = site, **changes: Any) -> Reddit:
            url = stack.enter_context(serving(at))
            values = {"subreddit": "xmpp", "site": url, "oauth": url, "timeout": 2}
            return Reddit(**{**values, **ACCOUNT, **changes})

        yield made


def failing(channel: Reddit) -> ChannelError:
    with pytest.raises(ChannelError) as failure:
        channel.deliver(channel.render(EDITION))
    return failure.value


def errors(name: str, words: str = "no", **more: Any) -> Response:
    return JSONResponse({"json": {"errors": [[name, words, "sr"]], **more}})


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_makes_praw_submit_twice(site: Watched, account: Account, fault: str) -> None:
    site.outside.fail_next("reddit", fault, seconds=3)
    failing(account(timeout=1))
    assert site.times(SUBMIT) == 1


def test_praw_as_it_comes_would_submit_three_times(site: Watched) -> None:
    """Why the session is changed: should this fail, the change may be left out."""
    site.outside.fail_next("reddit", "error", times=3)
    with serving(site) as url:
        plain = praw.Reddit(
            **ACCOUNT, user_agent="a test", reddit_url=url, oauth_url=url, check_for_updates=False
        )
        with pytest.raises(Exception, match="500"):
            plain.subreddit("xmpp").submit("title", url=EDITION.url)
    assert site.times(SUBMIT) == 3


def test_a_hanging_server_is_left_at_the_timeout(site: Watched, account: Account) -> None:
    site.outside.fail_next("reddit", "timeout", seconds=30)
    channel = account(timeout=0.5)
    started = time.monotonic()
    assert isinstance(failing(channel), Unsure)
    assert time.monotonic() - started < 2


def test_an_error_that_brings_the_post_along_is_a_success(site: Watched, account: Account) -> None:
    channel = account()
    words = "Take a break for 9 minutes before trying again."
    made = {"id": "abc12", "name": "t3_abc12", "url": f"{channel.site}/r/xmpp/comments/abc12/a/"}
    site.instead[SUBMIT] = [errors("RATELIMIT", words, data=made)]
    receipt = channel.deliver(channel.render(EDITION))
    assert receipt.id == "abc12"
    assert "Take a break" in receipt.note


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (errors("RATELIMIT", "Take a break for 5 minutes before trying again."), 300),
        (errors("RATELIMIT", "Take a break for 9 seconds", ratelimit=8.5), 8.5),
        (errors("RATELIMIT", "Take a break for 200 milliseconds"), 0.2),
        (errors("RATELIMIT", "Later."), None),
        (JSONResponse({"message": "Too Many Requests"}, 429, {"Retry-After": "77"}), 77),
        (JSONResponse({"message": "Too Many Requests"}, 429, {"x-ratelimit-reset": "88"}), 88),
    ],
)
def test_a_rate_limit_says_how_long(
    site: Watched, account: Account, answer: Response, pause: float | None
) -> None:
    site.instead[SUBMIT] = [answer]
    failure = failing(account())
    assert isinstance(failure, TryLater)
    assert failure.retry_after == (None if pause is None else timedelta(seconds=pause))
    assert site.times(SUBMIT) == 1


def test_a_used_up_limit_is_said_at_once_instead_of_slept_out(
    site: Watched, account: Account
) -> None:
    headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "9", "x-ratelimit-reset": "500"}
    site.instead[INFO] = [JSONResponse({"kind": "Listing", "data": {"children": []}}, 200, headers)]
    started = time.monotonic()
    failure = failing(account())
    assert isinstance(failure, TryLater)
    assert failure.retry_after is not None
    assert timedelta(seconds=490) < failure.retry_after <= timedelta(seconds=500)
    assert time.monotonic() - started < 2
    assert site.times(SUBMIT) == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (JSONResponse({"error": "invalid_grant"}, 400), Disconnected),
        (JSONResponse({"error": "invalid_grant"}), Disconnected),
        (JSONResponse({"message": "Unauthorized", "error": 401}, 401), Disconnected),
        (JSONResponse({"message": "Forbidden", "error": 403}, 403), Disconnected),
        (Response("busy", 503), TryLater),
        (Response("busy", 429, {"Retry-After": "9"}), TryLater),
        (Response("{oops", 200), TryLater),
    ],
)
def test_a_failed_sign_in_is_never_a_doubt(
    site: Watched, account: Account, answer: Response, error: type[ChannelError]
) -> None:
    site.instead[TOKEN] = [answer]
    assert type(failing(account())) is error
    assert site.times(SUBMIT) == 0


def test_a_failed_sign_in_on_the_way_to_submit_is_no_doubt_either(
    site: Watched, account: Account
) -> None:
    channel = account()
    unauthorized = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
    site.instead[SUBMIT] = [Response("", 401, unauthorized)]
    site.instead[TOKEN] = [JSONResponse({**_token(site), "scope": "*"}), Response("busy", 503)]
    assert type(failing(channel)) is TryLater


def _token(site: Watched) -> dict[str, Any]:
    """A token that the stand-in knows, as an answer of the token endpoint."""
    with serving(site) as url:
        form = {"grant_type": "refresh_token", "refresh_token": SECRET}
        answer = httpx.post(url + TOKEN, data=form, auth=("app", SECRET), trust_env=False)
    return dict(answer.json())


def test_a_forgotten_access_token_is_renewed_without_a_second_post(
    site: Watched, account: Account
) -> None:
    channel = account()
    site.instead[SUBMIT] = [Response("", 401, {"www-authenticate": 'Bearer error="invalid_token"'})]
    channel.deliver(channel.render(EDITION))
    assert len(site.outside.posts("reddit")) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_an_account_that_may_not_post_needs_a_person(
    site: Watched, account: Account, status: int
) -> None:
    site.instead[SUBMIT] = [Response("no", status) for _ in range(3)]
    assert isinstance(failing(account()), Disconnected)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 522, 408])
def test_an_error_in_the_middle_leaves_a_doubt(
    site: Watched, account: Account, status: int
) -> None:
    site.instead[SUBMIT] = [Response("oops", status)]
    assert isinstance(failing(account()), Unsure)
    assert site.times(SUBMIT) == 1


@pytest.mark.parametrize("path", [INFO, "/r/xmpp/api/flairselector/"])
@pytest.mark.parametrize("status", [500, 503])
def test_an_error_before_the_submission_leaves_no_doubt(
    site: Watched, account: Account, path: str, status: int
) -> None:
    site.instead[path] = [Response("oops", status)]
    assert isinstance(failing(account(flair="Newsletter")), TryLater)
    assert site.times(SUBMIT) == 0


@pytest.mark.parametrize("name", ["SUBREDDIT_NOTALLOWED", "SUBREDDIT_NOEXIST", "NO_TEXT"])
def test_an_objection_is_passed_on_in_reddits_words(
    site: Watched, account: Account, name: str
) -> None:
    site.instead[SUBMIT] = [errors(name, "that is not possible")]
    failure = failing(account())
    assert isinstance(failure, Refused)
    assert name in str(failure)
    assert "that is not possible" in str(failure)


def test_a_link_that_we_posted_before_is_not_posted_again(site: Watched, account: Account) -> None:
    channel = account()
    post = channel.render(EDITION)
    first = channel.deliver(post)
    assert channel.deliver(post).id == first.id
    assert site.times(SUBMIT) == 1


def test_a_strangers_post_of_the_link_is_named(site: Watched, account: Account) -> None:
    stranger = account(refresh_token="", username="stranger", password=SECRET)
    theirs = stranger.deliver(stranger.render(EDITION))
    channel = replace(stranger, **ACCOUNT)
    failure = failing(channel)
    assert isinstance(failure, Refused)
    assert theirs.url in str(failure)
    assert "u/stranger" in str(failure)
    assert channel.find_existing(channel.render(EDITION)) is None


def test_already_submitted_by_us_is_the_receipt(site: Watched, account: Account) -> None:
    channel = account()
    first = channel.deliver(channel.render(EDITION))
    same = channel.render(replace(EDITION, url=EDITION.url.rstrip("/")))  # info(url=) is literal
    assert channel.deliver(same).id == first.id
    assert site.times(SUBMIT) == 2
    assert len(site.outside.posts("reddit")) == 1


def test_already_submitted_but_nowhere_to_be_seen_is_refused(
    site: Watched, account: Account
) -> None:
    site.instead[SUBMIT] = [errors("ALREADY_SUB", "that link has already been submitted")]
    failure = failing(account())
    assert isinstance(failure, Refused)
    assert "ALREADY_SUB" in str(failure)


def test_the_same_link_elsewhere_is_another_post(site: Watched, account: Account) -> None:
    channel = account()
    channel.deliver(channel.render(EDITION))
    elsewhere = replace(channel, subreddit="jabber")
    assert elsewhere.find_existing(elsewhere.render(EDITION)) is None
    elsewhere.deliver(elsewhere.render(EDITION))
    assert {kept.fields["subreddit"] for kept in site.outside.posts("reddit")} == {"xmpp", "jabber"}


def removed(site: Watched, channel: Reddit, by: str) -> Receipt:
    """Deliver a post that is then removed, `by` whom in Reddit's words."""
    receipt = channel.deliver(channel.render(EDITION))
    [kept] = site.outside.posts("reddit")
    site.outside.keep("reddit", kept.id, **{**kept.fields, "removed_by_category": by})
    return receipt


@pytest.mark.parametrize("post", ["link", "self"])
@pytest.mark.parametrize("by", ["reddit", "automod_filtered", "moderator"])
def test_what_a_filter_took_away_is_found_and_not_sent_again(
    site: Watched, account: Account, by: str, post: str
) -> None:
    channel = account(post=post)
    receipt = removed(site, channel, by)
    found = channel.find_existing(channel.render(EDITION))
    assert found
    assert (found.id, found.url) == (receipt.id, receipt.url)
    assert by in found.note
    if post == "link":
        assert channel.deliver(channel.render(EDITION)).id == receipt.id
    assert site.times(SUBMIT) == 1


@pytest.mark.parametrize("by", ["deleted", "author"])
def test_what_we_removed_ourselves_is_not_found(site: Watched, account: Account, by: str) -> None:
    channel = account()
    removed(site, channel, by)
    assert channel.find_existing(channel.render(EDITION)) is None


def test_a_strangers_post_that_was_removed_is_not_in_the_way(
    site: Watched, account: Account
) -> None:
    removed(site, account(refresh_token="", username="stranger", password=SECRET), "moderator")
    channel = account()
    assert channel.find_existing(channel.render(EDITION)) is None
    with pytest.raises(Refused, match="ALREADY_SUB"):
        channel.deliver(channel.render(EDITION))  # the stand-in still counts it


def test_an_old_submission_is_still_found_by_its_link(site: Watched, account: Account) -> None:
    channel = account()
    receipt = channel.deliver(channel.render(EDITION))
    [kept] = site.outside.posts("reddit")
    for number in range(110):
        later = {**kept.fields, "url": f"https://harbour.example/{number}/"}
        site.outside.keep("reddit", f"later{number}", **later)
    assert channel.find_existing(channel.render(EDITION)) == receipt


@pytest.mark.parametrize("fault", ["lose_answer", "error_after", "malformed"])
def test_a_lost_self_post_is_found(site: Watched, account: Account, fault: str) -> None:
    channel = account(post="self")
    post = channel.render(EDITION)
    site.outside.fail_next("reddit", fault)
    with pytest.raises(Unsure):
        channel.deliver(post)
    [kept] = site.outside.posts("reddit")
    found = channel.find_existing(post)
    assert found
    assert found.id == kept.id


def test_a_self_post_says_the_summary_and_the_link(site: Watched, account: Account) -> None:
    channel = account(post="self")
    words = "# of *stars* in_a [box] see https://a.example/b_c*d > 3"
    channel.deliver(channel.render(replace(EDITION, summary=words)))
    [kept] = site.outside.posts("reddit")
    escaped = r"\# of \*stars\* in\_a \[box\] see https://a.example/b_c*d \> 3"
    assert kept.fields["selftext"] == f"{escaped}\n\n{EDITION.url}"


def test_a_long_self_post_is_cut_and_keeps_the_link(account: Account) -> None:
    post = account(post="self").render(replace(EDITION, summary="*many* 👩‍👩‍👧‍👦 words " * 9000))
    assert len(post.text) <= post.length <= 40_000
    assert post.text.endswith(EDITION.url)


def test_the_text_of_a_self_post_can_be_corrected_but_not_its_title(
    site: Watched, account: Account
) -> None:
    channel = account(post="self")
    receipt = channel.deliver(channel.render(EDITION))
    corrected = channel.render(replace(EDITION, title="Other", summary="Corrected."))
    assert "cannot change the title" in channel.update(receipt, corrected).note
    [kept] = site.outside.posts("reddit")
    assert kept.fields["selftext"].startswith("Corrected.")
    assert kept.fields["title"] == EDITION.title


def test_a_link_post_cannot_be_corrected(account: Account) -> None:
    channel = account()
    receipt = channel.deliver(channel.render(EDITION))
    with pytest.raises(Refused, match="Reddit cannot edit"):
        channel.update(receipt, channel.render(replace(EDITION, title="Other")))


def test_a_flair_is_chosen_by_its_text(site: Watched, account: Account) -> None:
    channel = account(flair="Newsletter")
    channel.deliver(channel.render(EDITION))
    [kept] = site.outside.posts("reddit")
    assert kept.fields["flair_text"] == "Newsletter"


def test_an_unknown_flair_is_refused_with_the_ones_there_are(
    site: Watched, account: Account
) -> None:
    failure = failing(account(flair="News"))
    assert isinstance(failure, Refused)
    assert "'News'" in str(failure)
    assert "Newsletter, Release, Question" in str(failure)
    assert site.times(SUBMIT) == 0


def test_a_check_names_account_flairs_and_limit(account: Account) -> None:
    found = "\n".join(account().check())
    assert "u/newsletter" in found
    assert "r/xmpp" in found
    assert "Newsletter, Release, Question" in found
    assert "requests left until the limit: 99" in found


def test_a_check_finds_that_the_subreddit_does_not_exist(account: Account) -> None:
    with pytest.raises(Refused, match=r"r/xmpp/about/.*: is there such a subreddit"):
        account(Watched(missing=("xmpp",))).check()


def test_a_check_finds_that_the_subreddit_takes_other_posts(account: Account) -> None:
    with pytest.raises(Refused, match='set post = "self"'):
        account(Watched(takes="self")).check()


def test_the_public_page_shows_the_post_and_what_it_is(account: Account) -> None:
    channel = account(post="self")
    receipt = channel.deliver(channel.render(replace(EDITION, title="Ships & <b>sails</b>")))
    page = httpx.get(receipt.url, trust_env=False).text
    assert "Stand-in, not a real Reddit" in page
    assert "Ships &amp; &lt;b&gt;sails" in page


def test_praw_ini_and_environment_change_nothing(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("praw_username", "somebody")
    monkeypatch.setenv("praw_password", "else")
    monkeypatch.setenv("praw_site", "nowhere")
    assert any("u/newsletter" in line for line in account().check())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"subreddit": "r/xmpp"}, "subreddit must be a name without r/, not 'r/xmpp'"),
        ({"client_id": ""}, "client_id must be set"),
        ({"client_secret": ""}, "client_secret must be set"),
        ({"refresh_token": ""}, "refresh_token must be set, or else both username and password"),
        ({"refresh_token": "", "username": "me"}, "both username and password"),
        ({"post": "image"}, 'post must be "link" or "self", not \'image\''),
        ({"site": "www.reddit.com"}, "site must be a URL without a path"),
        ({"oauth": "https://proxy.example/reddit"}, "oauth must be a URL without a path"),
        ({"user_agent": "me"}, "user_agent must be 7 characters or longer"),
        ({"timeout": 0}, "timeout must be more than 0 seconds"),
    ],
)
def test_a_wrong_value_is_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as failure:
        Reddit(**({"subreddit": "xmpp"} | ACCOUNT | wrong))
    assert SECRET not in str(failure.value)


def test_a_lost_answer_is_told_in_the_innermost_words(site: Watched, account: Account) -> None:
    reddit_channel = account()
    site.outside.fail_next("reddit", "lose_answer")
    with pytest.raises(Unsure) as error:
        reddit_channel.deliver(reddit_channel.render(EDITION))
    assert str(error.value) == (
        "no readable answer to the submission: Remote end closed connection without response"
    )


@pytest.mark.parametrize("marks", [{}, {"nsfw": True}, {"spoiler": True}])
def test_a_post_is_marked_where_that_is_wished(tmp_path: Path, marks: dict[str, Any]) -> None:
    world = World(tmp_path)
    marked = replace(world.channel, **marks)
    marked.deliver(marked.render(EDITION))
    [kept] = world.outside.posts("reddit")
    found = {"nsfw": kept.fields["over_18"], "spoiler": kept.fields["spoiler"]}
    assert found == {"nsfw": False, "spoiler": False, **marks}
    world.stop()
