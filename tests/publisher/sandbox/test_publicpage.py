"""What follows a post's link: the post, or that there is none, and nobody's script."""

from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from publisher.sandbox.joining import names
from publisher.sandbox.networks import lemmy, mastodon, reddit
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from tests.publisher.sandbox.test_page import EVIL, POSTS

STAND_INS: dict[str, tuple[Any, str]] = {
    "mastodon": (mastodon.app, "/@demo/1"),
    "reddit": (reddit.app, "/r/towpath/comments/1/"),
    "lemmy": (lemmy.app, "/post/1"),
}
WORDS = {"mastodon": "spoiler_text", "reddit": "selftext", "lemmy": "body"}
DATES = {"created_at": "2026-08-06", "published": "2026-08-06", "deleted": False}


def opened(outside: Outside, network: str) -> httpx.Response:
    make, path = STAND_INS[network]
    app: ASGIApp = make(outside)
    with serving(app) as url:
        return httpx.get(url + path, trust_env=False)


@pytest.mark.parametrize("network", STAND_INS)
def test_words_of_a_post_do_not_become_markup(network: str) -> None:
    outside = Outside()
    outside.keep(network, "1", **{**POSTS[network], **DATES, WORDS[network]: EVIL})
    answer = opened(outside, network)
    assert f"Stand-in, not a real {names()[network]}" in answer.text
    assert "gotcha" in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize("network", STAND_INS)
def test_a_post_that_is_not_there_has_no_page(network: str) -> None:
    assert opened(Outside(), network).status_code == 404


def test_a_deleted_post_has_no_page() -> None:
    outside = Outside()
    outside.keep("lemmy", "1", **{**POSTS["lemmy"], **DATES, "deleted": True})
    answer = opened(outside, "lemmy")
    assert answer.status_code == 404
    assert POSTS["lemmy"]["name"] not in answer.text


def test_a_link_that_is_no_web_address_is_not_offered() -> None:
    outside = Outside()
    outside.keep("lemmy", "1", **{**POSTS["lemmy"], **DATES, "url": "javascript:alert(1)"})
    assert "javascript" not in opened(outside, "lemmy").text
