"""Getting credentials from the stand-ins, as a person does in a browser."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from channels._mastodonoauth import address_in, registered
from channels._oauth import App, granted
from channels.mastodon import Mastodon
from channels.reddit import Reddit
from channels.slack import Slack
from publisher.domain.channel import Connecting, Disconnected, Refused, TryLater
from publisher.sandbox.networks import mastodon, reddit, slack
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION
from tests.testing.talk import Person

Connect = Callable[[Person], Any]
REDDIT = {"client_id": "pretend-id", "client_secret": "pretend-secret"}


@pytest.fixture
def instance() -> Iterator[str]:
    with serving(mastodon.app(Outside())) as url:
        yield url


@pytest.fixture
def site() -> Iterator[str]:
    with serving(reddit.app(Outside())) as url:
        yield url


@pytest.fixture(params=["mastodon", "reddit"])
def connect(request: pytest.FixtureRequest) -> Connect:
    if request.param == "mastodon":
        url = request.getfixturevalue("instance")
        return lambda talk: _made(Mastodon, Mastodon.connect({"instance": url}, talk))
    url = request.getfixturevalue("site")
    places = {"site": url, "oauth": url}
    known = {**REDDIT, "subreddit": "towpath", "site": url}
    return lambda talk: _made(Reddit, {**places, **Reddit.connect(known, talk)})


def _made(kind: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    return kind(**values)


@pytest.mark.parametrize("kind", [Mastodon, Reddit, Slack])
def test_a_class_that_signs_in_by_itself_says_so(kind: type) -> None:
    assert isinstance(kind, Connecting)


def test_what_a_sign_in_gives_is_good_for_posting(connect: Connect) -> None:
    assert "signed in" in connect(Person()).check()[0]


def test_what_was_granted_is_told(connect: Connect) -> None:
    talk = Person()
    connect(talk)
    assert talk.said[-1].startswith("granted: ")
    assert "write:statuses" in talk.said[-1] or "submit" in talk.said[-1]


def test_who_says_no_is_told_how_to_say_yes(connect: Connect) -> None:
    with pytest.raises(Refused, match=r"not granted: access_denied.*run it again, and allow it"):
        connect(Person(click="deny"))


@pytest.mark.parametrize(("kind", "scope"), [("mastodon", "write:statuses"), ("reddit", "submit")])
def test_a_grant_without_all_its_scopes_is_refused_by_their_names(
    kind: str, scope: str, request: pytest.FixtureRequest, instance: str, site: str
) -> None:
    talk = Person(without=(scope,))
    with pytest.raises(Disconnected, match=f"the token lacks {scope}: run `publisher connect`"):
        if kind == "mastodon":
            Mastodon.connect({"instance": instance}, talk)
        else:
            Reddit.connect({**REDDIT, "site": site}, talk)


@pytest.fixture
def reader(instance: str) -> Mastodon:
    """An account whose token may only read."""
    talk = Person()
    app = registered(instance, talk.redirect_uri)
    token = granted(app, talk, ("read:accounts", "read:statuses"))["access_token"]
    return Mastodon(instance=instance, access_token=token)


def test_a_token_that_may_not_post_is_found_before_anything_is_posted(reader: Mastodon) -> None:
    with pytest.raises(Disconnected, match="the token lacks write:statuses, write:media: run"):
        reader.check()


def test_a_post_that_a_token_may_not_make_stops_the_channel(reader: Mastodon) -> None:
    with pytest.raises(Disconnected, match="outside the authorized scopes"):
        reader.deliver(reader.render(EDITION))


def test_a_reddit_token_that_may_not_submit_is_found_by_check(site: str) -> None:
    app = App(
        authorize=f"{site}/api/v1/authorize",
        token=f"{site}/api/v1/access_token",
        client_id="pretend-id",
        client_secret="pretend-secret",
        basic=True,
    )
    token = granted(app, Person(), ("identity", "read"))["refresh_token"]
    places = {"site": site, "oauth": site, "subreddit": "towpath"}
    with pytest.raises(Disconnected, match="the token lacks submit, edit, history, flair"):
        _made(Reddit, {**REDDIT, **places, "refresh_token": token}).check()


def test_an_answer_to_another_question_is_refused(connect: Connect) -> None:
    with pytest.raises(Refused, match="another question"):
        connect(Person(changed=lambda query: {**query, "state": "guessed"}))


def test_a_code_that_is_no_good_is_refused_without_a_word_of_it(connect: Connect) -> None:
    with pytest.raises(Refused, match="the code was not taken: invalid_grant") as refusal:
        connect(Person(changed=lambda query: {**query, "code": "stolen-code"}))
    assert "stolen-code" not in str(refusal.value)


def test_a_browser_that_comes_back_without_a_code_is_refused(connect: Connect) -> None:
    with pytest.raises(Refused, match="without a code"):
        connect(Person(changed=lambda query: {"state": query["state"]}))


def test_the_page_is_asked_for_the_scopes_that_posting_needs(instance: str) -> None:
    talk = Person()
    Mastodon.connect({"instance": instance}, talk)
    asked = parse_qs(urlsplit(talk.said[0]).query)
    assert asked["scope"] == ["read:accounts read:statuses write:statuses write:media"]
    assert asked["code_challenge_method"] == ["S256"]


def test_a_code_is_good_for_nobody_but_who_asked(instance: str) -> None:
    """The verifier of RFC 7636 is sent with the code alone: stolen codes are worth nothing."""
    stolen: list[str] = []

    def steal(query: dict[str, str]) -> dict[str, str]:
        stolen.append(query["code"])
        return {**query, "code": ""}

    talk = Person(changed=steal)
    with pytest.raises(Refused):
        Mastodon.connect({"instance": instance}, talk)
    [client_id] = parse_qs(urlsplit(talk.said[-1]).query)["client_id"]
    form = {"grant_type": "authorization_code", "code": stolen[0], "client_id": client_id}
    answer = httpx.post(f"{instance}/oauth/token", data={**form, "redirect_uri": talk.redirect_uri})
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "typed", ["mastodon.example", "@letter@mastodon.example", "https://mastodon.example/@letter"]
)
def test_an_instance_may_be_typed_as_people_copy_it(typed: str) -> None:
    assert address_in(typed) == "https://mastodon.example"


def test_an_address_that_is_no_mastodon_server_is_named(site: str) -> None:
    with pytest.raises(Refused, match="is it the right address"):
        Mastodon.connect({"instance": site}, Person())


def test_an_instance_that_nobody_answers_at_can_be_tried_later() -> None:
    with pytest.raises(TryLater, match="cannot be reached"):
        Mastodon.connect({"instance": "http://127.0.0.1:9"}, Person())


def test_reddit_is_told_which_app_to_make_and_where_it_comes_back_to(site: str) -> None:
    talk = Person(answers={**REDDIT, "subreddit": "towpath"})
    got = Reddit.connect({"site": site}, talk)
    assert talk.redirect_uri in talk.said[0]
    assert [question.split()[0] for question in talk.asked] == [*REDDIT, "subreddit"]
    assert got["client_secret"] == "pretend-secret"


def test_a_wrong_client_secret_is_named_and_not_shown(site: str) -> None:
    known = {"client_id": "pretend-id", "client_secret": "revoked", "site": site}
    with pytest.raises(Disconnected, match="client id or client secret are wrong"):
        Reddit.connect(known, Person())


def test_slack_is_asked_for_no_more_rights_than_check_wants() -> None:
    talk = Person(answers={"token": "xoxb-pretend", "channel": "C0123456789"})
    values = Slack.connect({}, talk)
    with serving(slack.app(Outside(), scopes=scopes_of(talk.said[0]))) as url:
        found = _made(Slack, {**values, "api": f"{url}/api"}).check()
    assert found[1] == "scopes: channels:history, chat:write"
    assert not [line for line in found if line.startswith("warning")]


def scopes_of(steps: str) -> tuple[str, ...]:
    """The rights that the app has which the shown link makes."""
    [link] = [word for word in steps.split() if word.startswith("https://")]
    [manifest] = parse_qs(urlsplit(link).query)["manifest_json"]
    return tuple(json.loads(manifest)["oauth_config"]["scopes"]["bot"])
