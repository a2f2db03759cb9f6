"""What is particular to Lemmy, beyond what every channel owes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from channels.lemmy import Lemmy
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure
from publisher.sandbox.networks import lemmy as stand_in
from publisher.sandbox.networks._members import LANGUAGES
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import CHART, EDITION, URL
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted
from tests.channels.worlds.lemmy import World

POST = ("POST", "/api/v3/post")
LOGIN = ("POST", "/api/v3/user/login")
COMMUNITY = ("GET", "/api/v3/community")
Answers = dict[tuple[str, str], Response]
Served = Callable[[Answers], Lemmy]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def served(outside: Outside, asked: list[tuple[str, str]]) -> Iterator[Served]:
    """Serve the stand-in, with some answers as scripted."""
    with ExitStack() as stack:

        def start(answers: Answers) -> Lemmy:
            app = Scripted(stand_in.app(outside), answers, asked)
            return channel(stack.enter_context(serving(app)))

        yield start


@pytest.fixture(params=["0.19", "1.0"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, version=request.param)
    yield made
    made.stop()


def channel(url: str, **changes: Any) -> Lemmy:
    settings = {"community": "harbour", "username": "quay", "password": SECRET, "timeout": 2}
    return Lemmy(instance=url, **{**settings, **changes})


def error(code: int, word: str) -> Response:
    return JSONResponse({"error": word}, code)


def test_either_version_takes_finds_and_edits_a_post(world: World) -> None:
    lemmy = world.channel
    post = lemmy.render(EDITION)
    assert lemmy.find_existing(post) is None
    receipt = lemmy.deliver(post)
    assert lemmy.find_existing(post) == receipt
    lemmy.update(receipt, lemmy.render(replace(EDITION, title="Mended")))
    [only] = world.visible()
    assert only.startswith(f"Mended\n{URL}\nThe ferry")


@pytest.mark.parametrize(("version", "api"), [("0.19", "v3"), ("1.0", "v4")])
def test_each_version_is_spoken_to_in_its_own_way(tmp_path: Path, version: str, api: str) -> None:
    world = World(tmp_path, version=version)
    try:
        found = "\n".join(world.channel.check())
    finally:
        world.stop()
    assert f"Lemmy {stand_in.VERSIONS[version]} (API {api})" in found


@pytest.mark.parametrize("fault", ["lose_answer", "error_after", "malformed"])
def test_either_version_is_asked_after_a_lost_answer(world: World, fault: str) -> None:
    lemmy = world.channel
    post = lemmy.render(EDITION)
    world.fail(fault)
    with pytest.raises(Unsure):
        lemmy.deliver(post)
    assert lemmy.find_existing(post)


def test_a_pause_is_understood_from_either_version(world: World) -> None:
    world.fail("rate_limit")
    with pytest.raises(TryLater):
        world.channel.deliver(world.channel.render(EDITION))


def test_a_key_used_a_moment_ago_leaves_a_post_in_doubt(tmp_path: Path) -> None:
    world = World(tmp_path, version="1.0")
    post = world.channel.render(EDITION)
    try:
        world.channel.deliver(post)
        with pytest.raises(Unsure, match="422"):
            world.channel.deliver(post)
    finally:
        world.stop()
    assert len(world.visible()) == 1


def test_the_words_are_kept_by_the_community(served: Served, outside: Outside) -> None:
    lemmy = served({})
    lemmy.deliver(lemmy.render(EDITION))
    [kept] = outside.posts("lemmy")
    assert kept.fields["community"] == "harbour"
    assert kept.fields["url"] == URL
    assert kept.fields["body"] == EDITION.summary
    assert kept.fields["alt_text"] == CHART.caption
    assert kept.fields["language_id"] == LANGUAGES["en"]


@pytest.mark.parametrize("lang", ["es", "tok"], ids=["not open there", "unknown"])
def test_a_language_the_community_does_not_take_is_left_out(
    served: Served, outside: Outside, lang: str
) -> None:
    lemmy = served({})
    receipt = lemmy.deliver(lemmy.render(replace(EDITION, lang=lang)))
    assert f"without a language: {lang}" in receipt.note
    assert [kept.fields["language_id"] for kept in outside.posts("lemmy")] == [0]


@pytest.mark.parametrize(
    ("title", "shown"),
    [("N7", "The Harbour Letter: N7"), ("Two\nlines", "Two lines"), ("港" * 201, "港" * 199 + "…")],
)
def test_a_title_is_made_to_fit(title: str, shown: str) -> None:
    post = channel("http://here.example").render(replace(EDITION, title=title))
    assert post.title == shown
    assert post.length == len(shown)


def test_a_login_is_kept_from_one_visit_to_the_next(
    served: Served, asked: list[tuple[str, str]]
) -> None:
    lemmy = served({})
    post = lemmy.render(EDITION)
    lemmy.deliver(post)
    lemmy.find_existing(post)
    assert asked.count(LOGIN) == 1


def test_a_login_that_expired_is_renewed_once(
    served: Served, asked: list[tuple[str, str]], outside: Outside
) -> None:
    lemmy = served({})
    lemmy.check()
    lemmy._login.jwt = "expired"
    lemmy.deliver(lemmy.render(EDITION))
    assert asked.count(LOGIN) == 2
    assert len(outside.posts("lemmy")) == 1


@pytest.mark.parametrize(
    ("place", "answer", "named", "words"),
    [
        (LOGIN, error(401, "incorrect_login"), Disconnected, "incorrect_login"),
        (LOGIN, error(400, "missing_totp_token"), Disconnected, "missing_totp_token"),
        (LOGIN, JSONResponse({"jwt": None}), Disconnected, "not open yet"),
        (LOGIN, error(400, "rate_limit_error"), TryLater, "rate_limit_error"),
        (LOGIN, Response("oh", 502), TryLater, "502 oh"),
        (LOGIN, Response("{oops"), TryLater, "oops"),
        (COMMUNITY, Response("oh", 500), TryLater, "500 oh"),
        (COMMUNITY, error(400, "couldnt_find_community"), Refused, "couldnt_find_community"),
        (POST, error(400, "rate_limit_error"), TryLater, "400 rate_limit_error"),
        (POST, error(429, "too_many_requests"), TryLater, "too_many"),
        (POST, error(400, "site_ban"), Disconnected, "site_ban"),
        (POST, error(400, "banned_from_community"), Disconnected, "banned_from"),
        (POST, error(401, "incorrect_login"), Disconnected, "incorrect_login"),
        (POST, error(400, "blocked_url"), Refused, "400 blocked_url"),
        (POST, error(400, "only_mods_can_post_in_community"), Refused, "only_mods"),
        (POST, Response(status_code=422), Unsure, "a moment ago"),
        (POST, Response("oh", 500), Unsure, "500 oh"),
        (POST, Response("[]"), Unsure, "something else"),
        (POST, JSONResponse({"post_view": None}), Unsure, "something else"),
        (("GET", "/api/v4/site"), Response(status_code=502), TryLater, "502"),
        (
            ("GET", "/api/v4/site"),
            Response(status_code=301, headers={"Location": "https://new.example/"}),
            Disconnected,
            "final address",
        ),
    ],
)
def test_an_answer_is_named_by_what_to_do(
    served: Served,
    place: tuple[str, str],
    answer: Response,
    named: type[ChannelError],
    words: str,
) -> None:
    lemmy = served({place: answer})
    with pytest.raises(ChannelError, match=words) as failure:
        lemmy.deliver(lemmy.render(EDITION))
    assert type(failure.value) is named


def test_trouble_while_looking_does_not_put_a_post_in_doubt(served: Served) -> None:
    lemmy = served({("GET", "/api/v3/search"): Response("oh", 502)})
    with pytest.raises(TryLater, match="502"):
        lemmy.find_existing(lemmy.render(EDITION))


@pytest.mark.parametrize(
    "changes",
    [{"url": URL + "2"}, {"community": "elsewhere"}, {"creator": "somebody"}, {"deleted": True}],
    ids=["another link", "another community", "another account", "deleted"],
)
def test_another_post_is_not_mistaken_for_ours(world: World, changes: dict[str, Any]) -> None:
    lemmy = world.channel
    lemmy.deliver(lemmy.render(EDITION))
    [kept] = world.outside.posts("lemmy")
    world.outside.keep("lemmy", kept.id, **{**kept.fields, **changes})
    assert lemmy.find_existing(lemmy.render(EDITION)) is None


def test_an_edit_of_a_post_that_is_gone_is_refused(served: Served, outside: Outside) -> None:
    lemmy = served({})
    receipt = lemmy.deliver(lemmy.render(EDITION))
    outside.remove("lemmy", receipt.id)
    with pytest.raises(Refused, match="couldnt_find_post"):
        lemmy.update(receipt, lemmy.render(EDITION))


def test_a_check_warns_where_only_moderators_may_post(served: Served) -> None:
    about = {"id": 1, "name": "harbour", "title": "Harbour", "posting_restricted_to_mods": True}
    answer = JSONResponse({"community_view": {"community": about}})
    assert "only moderators" in "\n".join(served({COMMUNITY: answer}).check())


def test_the_public_page_can_be_opened(served: Served) -> None:
    lemmy = served({})
    page = httpx.get(lemmy.deliver(lemmy.render(EDITION)).url).text
    assert "Stand-in, not a real Lemmy" in page
    assert EDITION.title in page


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"instance": "slrpnk.net"}, "instance"),
        ({"community": "!xmpp@slrpnk.net"}, "community"),
        ({"username": ""}, "username"),
        ({"password": ""}, "password"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be") as failure:
        replace(channel("https://here.example"), **changes)
    assert SECRET not in str(failure.value)


@pytest.mark.parametrize("community", ["xmpp", "free_software", "xmpp@slrpnk.net", "a@h:8536"])
def test_a_community_is_named_with_or_without_its_host(community: str) -> None:
    assert channel("https://here.example", community=community).community == community


@pytest.mark.parametrize("nsfw", [True, False])
def test_a_post_is_marked_where_that_is_wished(tmp_path: Path, nsfw: bool) -> None:
    world = World(tmp_path)
    marked = replace(world.channel, nsfw=nsfw)
    post = marked.render(EDITION)
    assert (post.key == world.channel.render(EDITION).key) is not nsfw
    marked.deliver(post)
    assert [kept.fields["nsfw"] for kept in world.outside.posts("lemmy")] == [nsfw]
    world.stop()
