"""What is particular to Discord, beyond what every channel owes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from channels.discord import Discord
from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure
from publisher.sandbox.networks import discord as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import CHART, EDITION, URL
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted
from tests.channels.worlds.discord import World

HOOK = f"/api/v10/webhooks/112233/{SECRET}"
LOOK, POST = ("GET", HOOK), ("POST", HOOK)
PAGE = "<!DOCTYPE html><html><style>p{}</style><h1>Access denied</h1><p>Ray 7</p></html>"
Answers = dict[tuple[str, str], Response]
Served = Callable[[Answers], Discord]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve the stand-in, with some answers as scripted."""
    with ExitStack() as stack:

        def start(answers: Answers) -> Discord:
            app = Scripted(stand_in.app(Outside()), answers)
            return channel(stack.enter_context(serving(app)))

        yield start


def channel(origin: str = "https://discord.com", **settings: Any) -> Discord:
    return Discord(webhook=f"{origin}/api/webhooks/112233/{SECRET}", timeout=1, **settings)


def error(status: int, code: int, message: str, **more: Any) -> Response:
    return JSONResponse({"code": code, "message": message, **more}, status)


def test_a_text_has_title_summary_and_link(world: World) -> None:
    world.channel.deliver(world.channel.render(EDITION))
    [kept] = world.outside.posts("discord")
    assert kept.fields["content"] == f"**{EDITION.title}**\n\n{EDITION.summary}\n\n{URL}"


def test_nobody_is_called(world: World) -> None:
    title = "@everyone <@&1234> *stars*"
    world.channel.deliver(world.channel.render(replace(EDITION, title=title)))
    [kept] = world.outside.posts("discord")
    assert kept.fields["allowed_mentions"] == {"parse": []}
    assert "@everyone" not in kept.fields["content"]
    assert "\\<" in kept.fields["content"]
    assert r"\*stars\*" in kept.fields["content"]


def test_a_text_counts_code_points() -> None:
    post = channel().render(replace(EDITION, summary="🛟" * 5000))
    assert post.length == len(post.text)
    assert 1990 < post.length <= 2000


def test_a_card_has_title_link_text_and_picture(world: World) -> None:
    card = replace(world.channel, embed=True)
    card.deliver(card.render(EDITION))
    [kept] = world.outside.posts("discord")
    [embed] = kept.fields["embeds"]
    assert kept.fields["content"] == ""
    assert embed["title"] == EDITION.title
    assert embed["url"] == URL
    assert embed["description"] == EDITION.summary
    assert embed["image"] == {"url": CHART.src}


def test_the_longest_card_fits(world: World) -> None:
    card = replace(world.channel, embed=True)
    post = card.render(replace(EDITION, title="*" * 500, summary="港" * 9000))
    card.deliver(post)
    assert post.length == len(post.text) <= 4096


def test_another_picture_makes_another_key() -> None:
    card = channel(embed=True)
    other = replace(EDITION, images=(replace(CHART, src="https://harbour.example/o.png"),))
    assert card.render(EDITION).key != card.render(other).key


@pytest.mark.parametrize(("suppress", "flags"), [(True, 4), (False, 0)])
def test_a_preview_of_the_page_can_be_turned_off(world: World, suppress: bool, flags: int) -> None:
    plain = replace(world.channel, suppress_embeds=suppress)
    plain.deliver(plain.render(EDITION))
    [kept] = world.outside.posts("discord")
    assert kept.fields["flags"] == flags


def test_a_name_of_its_own_is_shown(world: World) -> None:
    named = replace(world.channel, username="Quay")
    named.deliver(named.render(EDITION))
    [kept] = world.outside.posts("discord")
    assert kept.fields["username"] == "Quay"


def test_a_message_in_a_thread_is_edited_and_deleted_there(world: World) -> None:
    threaded = replace(world.channel, thread_id="778899")
    receipt = threaded.deliver(threaded.render(EDITION))
    assert f"/778899/{receipt.id}" in receipt.url
    threaded.update(receipt, threaded.render(replace(EDITION, title="Mended")))
    [kept] = world.outside.posts("discord")
    assert kept.fields["channel_id"] == "778899"
    assert kept.fields["content"].startswith("**Mended**")
    threaded.retract(receipt)
    assert world.visible() == []


def test_a_text_becomes_a_card_by_an_edit(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    card = replace(world.channel, embed=True)
    card.update(receipt, card.render(EDITION))
    [kept] = world.outside.posts("discord")
    assert kept.fields["content"] == ""
    assert kept.fields["embeds"][0]["title"] == EDITION.title


def test_an_edit_of_a_message_that_is_gone_is_refused(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.outside.remove("discord", receipt.id)
    with pytest.raises(Refused, match=r"Unknown Message \(10008\): it was deleted"):
        world.channel.update(receipt, world.channel.render(EDITION))


def test_what_is_gone_is_taken_back(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    world.channel.retract(receipt)
    world.channel.retract(receipt)
    assert world.visible() == []


def test_the_receipt_leads_to_the_message(world: World) -> None:
    receipt = world.channel.deliver(world.channel.render(EDITION))
    assert receipt.url == f"{world.url}/channels/{stand_in.GUILD}/{stand_in.CHANNEL}/{receipt.id}"
    assert "Stand-in, not a real Discord" in httpx.get(receipt.url).text


def test_who_cannot_look_says_where_a_person_can(world: World) -> None:
    place = f"at {world.url}/channels/{stand_in.GUILD}/{stand_in.CHANNEL}"
    with pytest.raises(NotImplementedError, match=place):
        world.channel.find_existing(world.channel.render(EDITION))


def test_who_cannot_look_needs_nobody_at_the_address(world: World) -> None:
    world.unplug()
    with pytest.raises(NotImplementedError, match="in its channel"):
        world.channel.find_existing(world.channel.render(EDITION))


def test_a_check_names_the_webhook_and_its_channel(world: World) -> None:
    found = "\n".join(replace(world.channel, thread_id="77").check())
    assert f"webhook 'Towpath' posts to {world.url}/channels/{stand_in.GUILD}/77" in found
    assert "thread 77 is not looked at" in found


def test_a_webhook_that_only_follows_another_channel_is_no_good(served: Served) -> None:
    follower = JSONResponse({"id": "1", "type": 2, "guild_id": "2", "channel_id": "3"})
    with pytest.raises(Disconnected, match="not an incoming one"):
        served({LOOK: follower}).check()


NESTED = {
    "embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be 256 or fewer."}]}}},
    "content": {"_errors": [{"code": "BASE_TYPE_REQUIRED"}]},
}


@pytest.mark.parametrize(
    ("place", "answer", "named", "words"),
    [
        (POST, error(401, 50027, "Invalid Webhook Token"), Disconnected, "copy its address again"),
        (POST, error(404, 10015, "Unknown Webhook"), Disconnected, "was deleted: make a new one"),
        (POST, error(404, 10003, "Unknown Channel"), Disconnected, "mend `thread_id`"),
        (POST, error(400, 220001, "Webhooks posted to forum"), Disconnected, "channel is a forum"),
        (POST, error(400, 160005, "Thread is locked"), Disconnected, "unlock it"),
        (POST, error(400, 50083, "Thread is archived"), Disconnected, "open it again"),
        (
            POST,
            error(400, 50035, "Invalid Form Body", errors=NESTED),
            Refused,
            r"embeds\.0\.title: M",
        ),
        (
            POST,
            error(400, 50035, "Invalid Form Body", errors=NESTED),
            Refused,
            "content: BASE_TYPE",
        ),
        (POST, error(400, 50006, "Cannot send an empty message"), Refused, "empty message"),
        (POST, error(400, 200000, "Message was blocked"), Refused, "was blocked"),
        (POST, error(400, 20028, "write rate limit"), TryLater, "write rate limit"),
        (
            POST,
            error(429, 0, "You are being rate limited.", retry_after=64.57),
            TryLater,
            "429 You",
        ),
        (POST, Response(PAGE, 403), TryLater, "no requests from this machine.*Access denied Ray 7"),
        (POST, Response("error code: 1015", 429), TryLater, "error code: 1015"),
        (POST, Response("upstream connect error", 503), Unsure, "503.*upstream"),
        (POST, error(500, 0, "Internal Server Error"), Unsure, "500 Internal"),
        (POST, Response(status_code=204), Unsure, "something else: 204"),
        (POST, JSONResponse({"id": "5"}), Unsure, "something else"),
        (POST, Response("[1]"), Unsure, "something else"),
        (LOOK, error(404, 10015, "Unknown Webhook"), Disconnected, "was deleted"),
        (LOOK, Response("oh", 502), TryLater, "502.*oh"),
        (LOOK, Response("{oops"), TryLater, "something else"),
        (
            LOOK,
            Response(status_code=301, headers={"Location": f"https://new.example{HOOK}"}),
            Disconnected,
            r"redirected to https://new.example/api/v10/webhooks/112233/\[secret\]: use",
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
    discord = served({place: answer})
    with pytest.raises(ChannelError, match=words) as failure:
        discord.deliver(discord.render(EDITION))
    assert isinstance(failure.value, named)
    assert "<" not in str(failure.value)
    assert SECRET not in str(failure.value)


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (error(429, 0, "slow", retry_after=64.57), timedelta(seconds=64.57)),
        (Response("slow", 429, headers={"Retry-After": "90"}), timedelta(seconds=90)),
        (error(429, 0, "slow", retry_after="soon"), None),
        (Response(PAGE, 403), timedelta(hours=1)),
    ],
)
def test_a_pause_is_read_from_body_or_header(
    served: Served, answer: Response, pause: timedelta | None
) -> None:
    discord = served({POST: answer})
    with pytest.raises(TryLater) as failure:
        discord.deliver(discord.render(EDITION))
    assert failure.value.retry_after == pause


def test_no_log_holds_the_webhooks_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world.channel.deliver(world.channel.render(EDITION))
    assert "/api/v10/webhooks/112233/" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "https://discord.com/api/webhooks/1/a-_B",
        "https://discord.com/api/v9/webhooks/1/aB",
        "https://ptb.discord.com/api/webhooks/1/aB/",
    ],
)
def test_an_address_is_taken_as_discord_gives_it(address: str) -> None:
    assert Discord(webhook=address).webhook == address


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"webhook": ""}, "webhook"),
        ({"webhook": f"discord.com/api/webhooks/1/{SECRET}"}, "webhook"),
        ({"webhook": f"https://discord.com/channels/1/2/{SECRET}"}, "webhook"),
        ({"webhook": f"https://discord.com/api/webhooks/1/{SECRET}/slack"}, "webhook"),
        ({"thread_id": "general"}, "thread_id"),
        ({"username": "x" * 81}, "username"),
        ({"username": "My Discord"}, "username"),
        ({"avatar_url": "quay.png"}, "avatar_url"),
        ({"embed": True, "suppress_embeds": True}, "suppress_embeds"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be") as failure:
        replace(channel(), **changes)
    assert SECRET not in str(failure.value)


def test_an_address_longer_than_discord_takes_is_refused() -> None:
    long = replace(EDITION, url=URL + "x" * 2100)
    for one in (channel(), channel(embed=True)):
        with pytest.raises(Refused, match=r"takes 2048|of 2000"):
            one.render(long)
