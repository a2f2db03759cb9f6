"""WebSub: the hub is told once the feed has it, and what that takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from channels.websub import WebSub
from publisher.domain.channel import Disconnected, Refused, TryLater
from publisher.sandbox.networks.websub import app
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION
from tests.channels.scripted import Scripted
from tests.channels.worlds.websub import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.stop()


@pytest.fixture
def alone(world: World) -> WebSub:
    """The channel of a hub whose feed nobody writes."""
    return replace(world.channel)


def test_a_hub_is_not_told_before_the_feed_has_it(world: World, alone: WebSub) -> None:
    post = alone.render(EDITION)
    with pytest.raises(TryLater, match=r"all\.atom\.xml does not link to https.* yet"):
        alone.deliver(post)
    world.put(replace(EDITION, url=EDITION.url + "more/"))
    with pytest.raises(TryLater):
        alone.deliver(post)
    assert alone.find_existing(post) is None
    assert world.visible() == []
    world.put(EDITION)
    assert alone.deliver(post).id == alone.topic
    assert len(world.visible()) == 1


def test_telling_again_passes_nothing_on_twice(world: World, alone: WebSub) -> None:
    world.put(EDITION)
    post = alone.render(EDITION)
    for _ in range(3):
        alone.deliver(post)
    assert alone.find_existing(post)
    [kept] = world.outside.posts("websub")
    assert kept.fields["news"] == 1


def test_a_correction_of_the_text_alone_is_news(world: World, alone: WebSub) -> None:
    before = alone.render(EDITION)
    mended = alone.render(replace(EDITION, html="<p>Other words</p>"))
    assert replace(mended, key=before.key) != before  # what says the same is not edited
    after = alone.render(replace(EDITION, html="<p>Other words</p>"))
    assert before.key != after.key
    assert alone.render(replace(EDITION, revision="00" * 32)).key == before.key


@pytest.mark.parametrize(
    "spelled",
    [
        '<a href="https://x.example/a?b=1&amp;c=2">',
        "<link>https://x.example/a?b=1&amp;c=2</link>",
        '{"url": "https://x.example/a?b=1&c=2"}',
        r'{"url": "https:\/\/x.example\/a?b=1&c=2"}',
    ],
)
def test_an_address_is_found_however_the_feed_spells_it(world: World, spelled: str) -> None:
    world.feed.path.write_text(spelled)
    with hub_that_answers(world, 204) as channel:
        post = channel.render(replace(EDITION, url="https://x.example/a?b=1&c=2"))
        assert channel.find_existing(post)
        assert channel.find_existing(replace(post, url="https://x.example/a?b=1")) is None


def test_each_language_has_its_topic(world: World) -> None:
    channel = WebSub(hub="https://hub.example/", topic="https://x.example/{lang}.xml")
    assert len(channel.check()) == 1
    world.put(EDITION)
    topic = world.channel.topic.replace("all", "{lang}")
    with hub_that_answers(world, 204) as hub:
        each = replace(hub, topic=topic)
        assert each.deliver(each.render(replace(EDITION, lang="all"))).url == world.channel.topic
        with pytest.raises(TryLater, match=r"/de\.atom\.xml does not link"):
            each.deliver(each.render(replace(EDITION, lang="de")))


def test_a_check_says_whether_the_feed_names_the_hub(world: World, alone: WebSub) -> None:
    assert alone.check() == [f"{alone.topic} is not there yet", f"{alone.hub} answers"]
    world.put(EDITION)
    assert any("does not name the hub" in line for line in alone.check())
    world.feed = replace(world.feed, hub=alone.hub)
    world.put(EDITION)
    assert not any("does not name" in line for line in alone.check())


@contextmanager
def hub_that_answers(world: World, status: int) -> Iterator[WebSub]:
    there = Scripted(app(world.outside), {("POST", "/"): Response("so it is", status)})
    with serving(there) as url:
        yield replace(world.channel, hub=f"{url}/")


@pytest.mark.parametrize(
    ("status", "failure"),
    [(404, Disconnected), (405, Disconnected), (403, Disconnected), (400, Refused), (202, None)],
)
def test_an_answer_is_named_by_what_to_do(
    world: World, status: int, failure: type[Exception] | None
) -> None:
    world.put(EDITION)
    with hub_that_answers(world, status) as channel:
        if failure is None:
            assert channel.deliver(channel.render(EDITION)).note.endswith("202")
            return
        with pytest.raises(failure) as error:
            channel.deliver(channel.render(EDITION))
    assert str(status) in str(error.value)


@pytest.mark.parametrize("wrong", [{"hub": "hub.example"}, {"topic": ""}, {"timeout": 0}])
def test_a_wrong_value_is_named(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        replace(world.channel, **wrong)
