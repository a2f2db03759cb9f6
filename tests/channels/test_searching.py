"""Where a person looks whether a post is there, once nobody else can say."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from channels.bluesky import Bluesky
from channels.lemmy import Lemmy
from channels.linkedin import LinkedIn
from channels.mastodon import Mastodon
from channels.matrix import Matrix
from channels.reddit import Reddit
from channels.telegram import Telegram
from channels.x import X
from publisher import registry
from publisher.domain.channel import Searchable
from publisher.sandbox.networks import bluesky, lemmy, linkedin, mastodon, reddit, telegram, x
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from tests.publisher.fakes import edition

EDITION = edition(title='Boats & "Locks" #7')
APP: dict[str, Any] = {"client_id": "c", "client_secret": "s"}
KEYS: dict[str, Any] = dict.fromkeys(
    ("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k"
)
CHANNELS: list[tuple[Any, str, str]] = [
    (
        Mastodon(instance="https://m.example/", access_token="t"),
        "https://m.example/search",
        "title",
    ),
    (
        Reddit(subreddit="boats", username="u", password="p", **APP),
        "https://www.reddit.com/r/boats/search/",
        "title",
    ),
    (
        Lemmy(instance="https://l.example", community="boats", username="u", password="p"),
        "https://l.example/search",
        "url",
    ),
    (Bluesky(handle="me.example", app_password="p"), "https://bsky.app/search", "title"),
    (Telegram(token="1:t", chat="@boats"), "https://t.me/s/boats", "title"),
    (X(handle="boats", **KEYS), "https://x.com/search", "title"),
]


@pytest.mark.parametrize(("channel", "place", "what"), CHANNELS)
def test_the_networks_search_is_asked_for_the_post(channel: Any, place: str, what: str) -> None:
    post = channel.render(EDITION)
    assert isinstance(channel, Searchable)
    found = urlsplit(channel.search_url(post))
    assert f"{found.scheme}://{found.netloc}{found.path}" == place
    assert found.fragment == ""  # whatever stands in a title
    [asked] = parse_qs(found.query)["q"]
    assert (post.title if what == "title" else post.url) in asked


STAND_INS: list[tuple[Callable[[Outside], Starlette], Any]] = [
    (mastodon.app, CHANNELS[0][0]),
    (reddit.app, CHANNELS[1][0]),
    (lemmy.app, CHANNELS[2][0]),
    (bluesky.app, CHANNELS[3][0]),
    (telegram.app, CHANNELS[4][0]),
    (x.app, CHANNELS[5][0]),
    (linkedin.app, LinkedIn(author="urn:li:organization:7", access_token="t")),
    (linkedin.app, LinkedIn(author="urn:li:person:7", access_token="t")),
]


@pytest.mark.parametrize(("app", "channel"), STAND_INS)
def test_a_stand_in_has_that_page_too(app: Callable[[Outside], Starlette], channel: Any) -> None:
    found = urlsplit(channel.search_url(channel.render(EDITION)))
    with serving(app(Outside())) as base:
        answer = httpx.get(f"{base}{found.path}?{found.query}", trust_env=False)
    assert answer.status_code == 200
    assert "Stand-in, not a real" in answer.text
    assert "Nothing was posted yet." in answer.text


def test_an_account_looks_among_its_own() -> None:
    post = CHANNELS[3][0].render(EDITION)
    for channel, own in ((CHANNELS[0][0], "from:me "), (CHANNELS[3][0], "from:me.example ")):
        [asked] = parse_qs(urlsplit(channel.search_url(post)).query)["q"]
        assert asked.startswith(own)


def test_where_there_is_no_search_the_place_itself_is_told() -> None:
    matrix = Matrix(homeserver="https://m.example", access_token="t", room="#boats:m.example")
    assert matrix.search_url(matrix.render(EDITION)) == ("https://matrix.to/#/%23boats%3Am.example")
    organization = LinkedIn(author="urn:li:organization:7", access_token="t")
    assert organization.search_url(organization.render(EDITION)).endswith(
        "/company/7/admin/page-posts/published/"
    )


def test_a_chat_that_is_not_public_has_no_page() -> None:
    private = Telegram(token="1:t", chat="-1001234567890")
    assert private.search_url(private.render(EDITION)) == ""


def test_these_are_the_networks_with_a_page_to_look_at() -> None:
    kinds = {n for n, e in registry.kinds().items() if issubclass(e.load(), Searchable)}
    assert kinds == {
        "bluesky",
        "lemmy",
        "linkedin",
        "mastodon",
        "matrix",
        "reddit",
        "telegram",
        "x",
    }
