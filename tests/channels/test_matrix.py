"""What is Matrix's own: rooms that cannot be written to, transactions, edits, looking back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels import _matrixapi
from channels.matrix import Matrix
from publisher.domain.channel import Disconnected
from publisher.sandbox.networks.matrix import ME, SERVER
from publisher.testing.sample import EDITION, URL
from tests.channels.worlds.matrix import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


def content(world: World) -> dict[str, Any]:
    [kept] = world.outside.posts("matrix")
    found: dict[str, Any] = kept.fields["content"]
    return found


def test_a_message_is_html_with_a_bold_title_and_a_link_and_calls_nobody(world: World) -> None:
    world.channel.deliver(world.channel.render(replace(EDITION, title="A & <B>")))
    said = content(world)
    assert said["formatted_body"].startswith("<p><strong>A &amp; &lt;B&gt;</strong></p>")
    assert f'<a href="{URL}">{URL}</a>' in said["formatted_body"]
    assert (said["m.mentions"], said["msgtype"]) == ({}, "m.text")


def test_the_same_transaction_makes_no_second_message(world: World) -> None:
    post = world.channel.render(EDITION)
    assert world.channel.deliver(post) == world.channel.deliver(post)
    assert len(world.visible()) == 1


def test_an_edit_replaces_and_the_message_is_still_found(world: World) -> None:
    post = world.channel.render(EDITION)
    receipt = world.channel.deliver(post)
    world.channel.update(receipt, replace(post, text="Mended", html="<p>Mended</p>"))
    assert content(world)["body"] == "Mended"
    assert world.channel.find_existing(post) == receipt


def test_a_notice_is_one(world: World) -> None:
    quiet = replace(world.channel, notice=True)
    quiet.deliver(quiet.render(EDITION))
    assert content(world)["msgtype"] == "m.notice"


@pytest.mark.parametrize(
    ("rooms", "words"),
    [
        ({"closed": (f"!harbour:{SERVER}",)}, "not invited to this room.: invite the account"),
        ({"state": {"m.room.encryption": {"algorithm": "m.megolm"}}}, "is encrypted"),
        ({"state": {"m.room.tombstone": {"replacement_room": "!new:b"}}}, "set `room` to !new:b"),
    ],
)
def test_a_room_that_cannot_be_written_to_says_what_helps(
    tmp_path: Path, rooms: dict[str, Any], words: str
) -> None:
    world = World(tmp_path, **rooms)
    with pytest.raises(Disconnected, match=words):
        world.channel.deliver(world.channel.render(EDITION))
    assert world.visible() == []
    world.stop()


def test_a_room_that_there_is_not_is_named(world: World) -> None:
    lost = replace(world.channel, room=f"#nowhere:{SERVER}")
    with pytest.raises(Disconnected, match="there is no room #nowhere"):
        lost.check()


def test_a_check_enters_no_room(world: World) -> None:
    assert world.channel.check() == [
        f"signed in at {world.channel.homeserver} as {ME}",
        f"#harbour:{SERVER} is !harbour:{SERVER}, and will be joined",
    ]


def test_a_message_is_found_behind_a_page_of_others(world: World) -> None:
    post = world.channel.render(EDITION)
    first = world.channel.deliver(post)
    for number in range(_matrixapi.PAGE + 2):
        world.channel.deliver(replace(post, key=f"other-{number}", text="Hello"))
    assert world.channel.find_existing(post) == first


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("homeserver", "matrix.example"),
        ("access_token", ""),
        ("room", "harbour"),
        ("limit", 10),
        ("timeout", 0),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: Any) -> None:
    right: dict[str, Any] = {"homeserver": "https://m.example", "access_token": "x", "room": "!a:b"}
    with pytest.raises(ValueError, match=f"^{setting} must be"):
        Matrix(**{**right, setting: value})
