"""What every channel owes the publisher. A new channel brings a World, not tests of its own.

`GOLDEN=write pytest tests/channels/test_contract.py` writes the golden files anew.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import timedelta
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast, get_type_hints

import pytest

from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Post,
    Reader,
    Receipt,
    Refused,
    TryLater,
    Unsure,
)
from publisher.domain.issue import Edition
from publisher.sandbox.outside import FAULTS
from tests.channels.sample import EDITION, LONG, URL, with_pictures
from tests.channels.world import SECRET, NetworkWorld, World

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "docs" / "channels"
INSTALLED = {entry.name: entry for entry in entry_points(group="publisher.channels")}
KINDS = sorted(path.stem for path in (HERE / "worlds").glob("[!_]*.py"))
READER = Reader(
    address="ada@reader.example",
    token="t0ken",
    unsubscribe_url="https://harbour.example/unsubscribe/t0ken",
)
ALLOWED = (str, int, float, bool, Path, Path | None, tuple[str, ...])

# What a fault asks of the caller, and how many posts are out there after it.
EXPECTED: dict[str, tuple[type[ChannelError], int]] = {
    "refuse": (Refused, 0),
    "rate_limit": (TryLater, 0),
    "unauthorized": (Disconnected, 0),
    "error": (Unsure, 0),
    "timeout": (Unsure, 0),
    "lose_answer": (Unsure, 1),
    "error_after": (Unsure, 1),
    "malformed": (Unsure, 1),
}
KEPT = [fault for fault, (_, posts) in EXPECTED.items() if posts]


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = build(request.param, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def network(world: World) -> NetworkWorld:
    if not hasattr(world, "fail"):
        pytest.skip("this channel knows no network")
    return cast(NetworkWorld, world)


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    return with_pictures(tmp_path)


def build(kind: str, folder: Path) -> World:
    """Import a kind's World only now, so that a broken one fails its own questions alone."""
    made: World = import_module(f"tests.channels.worlds.{kind}").World(folder)
    return made


def rendered(world: World, edition: Edition = EDITION) -> Post:
    """Mail goes to one reader a post; the others look over `to`."""
    return replace(world.channel.render(edition), to=READER)


def look(world: World, post: Post) -> Receipt | None:
    """Find a post, on a channel that can be asked."""
    try:
        return world.channel.find_existing(post)
    except NotImplementedError:
        pytest.skip("this channel cannot be asked")


@pytest.mark.parametrize("kind", sorted({*INSTALLED, *KINDS}))
def test_a_channel_needs_four_places(kind: str) -> None:
    places = {
        "an entry point in pyproject.toml": kind in INSTALLED,
        f"tests/channels/worlds/{kind}.py": kind in KINDS,
        f"tests/channels/golden/{kind}.json": (HERE / "golden" / f"{kind}.json").exists(),
        f"docs/channels/{kind}.md": (PAGES / f"{kind}.md").exists(),
    }
    missing = [place for place, there in places.items() if not there]
    assert not missing, f"{kind} lacks {', '.join(missing)}: a channel needs four places"


def test_every_fault_has_an_expected_name() -> None:
    assert set(EXPECTED) == set(FAULTS)


def test_its_fields_can_be_written_in_a_configuration_file(world: World) -> None:
    channel = world.channel
    assert is_dataclass(channel)
    hints = get_type_hints(type(channel))
    odd = [one.name for one in fields(channel) if hints[one.name] not in ALLOWED]
    assert not odd, f"{odd} are neither text, numbers, switches, paths nor lists of text"
    assert all(one.kw_only for one in fields(channel))


def test_rendering_is_pure_and_keeps_the_link(world: World) -> None:
    post = world.channel.render(EDITION)
    assert post == world.channel.render(EDITION)
    assert post.url == URL
    assert post.lang == EDITION.lang
    assert world.visible() == []


def test_a_key_stays_for_the_same_words_and_changes_with_them(world: World) -> None:
    key = world.channel.render(EDITION).key
    assert key == world.channel.render(EDITION).key
    assert key != world.channel.render(replace(EDITION, title="Another title")).key
    assert key != world.channel.render(replace(EDITION, lang="fr")).key


@pytest.mark.parametrize("name", LONG)
def test_the_longest_texts_fit(world: World, name: str) -> None:
    post = rendered(world, LONG[name])
    assert post.limit is None or 0 < post.length <= post.limit
    assert post.url == URL
    world.channel.deliver(post)
    assert len(world.visible()) == 1


def test_what_is_delivered_is_visible_once_and_can_be_found(world: World, edition: Edition) -> None:
    post = rendered(world, edition)
    receipt = world.channel.deliver(post)
    [only] = world.visible()
    assert EDITION.title in only
    assert receipt.id
    found = look(world, post)
    assert found
    assert (found.id, found.url) == (receipt.id, receipt.url)


def test_what_was_never_delivered_is_not_found(world: World, edition: Edition) -> None:
    other = replace(edition, key="2026-07-05-newsletter", url=URL.rstrip("/") + "-one/")
    world.channel.deliver(rendered(world, other))
    assert look(world, rendered(world, edition)) is None


def test_a_channel_that_cannot_be_asked_never_answers(world: World) -> None:
    post = rendered(world)
    try:
        world.channel.find_existing(post)
    except NotImplementedError:
        world.channel.deliver(post)
        with pytest.raises(NotImplementedError):
            world.channel.find_existing(post)


def test_looking_before_a_second_delivery_makes_one_post(world: World, edition: Edition) -> None:
    post = rendered(world, edition)
    for _ in range(2):
        if look(world, post) is None:
            world.channel.deliver(post)
    assert len(world.visible()) == 1


def test_an_update_replaces_or_is_refused(world: World, edition: Edition) -> None:
    receipt = world.channel.deliver(rendered(world, edition))
    corrected = rendered(world, replace(edition, title="Mended title"))
    try:
        updated = world.channel.update(receipt, corrected)
    except Refused as refusal:
        assert readable(refusal)
        assert "Mended" not in "".join(world.visible())
    else:
        [only] = world.visible()
        assert "Mended title" in only
        assert EDITION.title not in only
        assert updated.id == receipt.id


def test_secrets_do_not_show(world: World) -> None:
    assert SECRET not in repr(world.channel)
    assert SECRET not in repr(world.channel.render(EDITION))


def test_a_check_finds_something_and_posts_nothing(world: World) -> None:
    found = world.channel.check()
    assert found
    assert all(line.strip() for line in found)
    assert world.visible() == []


def test_a_check_with_a_revoked_secret_says_disconnected(network: NetworkWorld) -> None:
    with pytest.raises(Disconnected) as failure:
        with_secret(network.channel, "revoked").check()
    assert readable(failure.value)


def test_a_revoked_secret_posts_nothing(network: NetworkWorld) -> None:
    with pytest.raises(Disconnected):
        with_secret(network.channel, "revoked").deliver(rendered(network))
    assert network.visible() == []


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_failure_is_named_by_what_to_do(
    network: NetworkWorld, edition: Edition, fault: str
) -> None:
    error, posts = getattr(network, "expects", {}).get(fault, EXPECTED[fault])
    network.fail(fault, seconds=20)
    with pytest.raises(ChannelError) as failure:
        network.channel.deliver(rendered(network, edition))
    assert type(failure.value) is error, failure.value
    assert len(network.visible()) == posts
    assert readable(failure.value)


@pytest.mark.parametrize("fault", KEPT)
def test_a_post_whose_answer_was_lost_is_found(
    network: NetworkWorld, edition: Edition, fault: str
) -> None:
    post = rendered(network, edition)
    network.fail(fault)
    with pytest.raises(Unsure):
        network.channel.deliver(post)
    found = look(network, post)
    assert found
    assert found.id


def test_a_rate_limit_passes_on_the_servers_pause(network: NetworkWorld) -> None:
    network.fail("rate_limit", seconds=20)
    with pytest.raises(TryLater) as failure:
        network.channel.deliver(rendered(network))
    pause = failure.value.retry_after
    if pause is None:
        pytest.skip("this network names no pause")
    assert timedelta(seconds=10) < pause <= timedelta(seconds=60)


def test_a_fault_passes(network: NetworkWorld) -> None:
    network.fail("rate_limit")
    with pytest.raises(TryLater):
        network.channel.deliver(rendered(network))
    network.channel.deliver(rendered(network))
    assert len(network.visible()) == 1


def test_nobody_at_the_address_means_try_later(network: NetworkWorld) -> None:
    network.unplug()
    with pytest.raises(TryLater) as failure:
        network.channel.deliver(rendered(network))
    assert readable(failure.value)


def test_nobody_at_the_address_does_not_disconnect_a_check(network: NetworkWorld) -> None:
    network.unplug()
    with pytest.raises(TryLater):
        network.channel.check()


@pytest.mark.parametrize("kind", KINDS)
def test_a_rendering_is_what_it_was(kind: str, tmp_path: Path) -> None:
    world = build(kind, tmp_path)
    try:
        said = json.dumps(asdict(world.channel.render(EDITION)), indent=2, ensure_ascii=False)
    finally:
        world.stop()
    golden = HERE / "golden" / f"{kind}.json"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(said + "\n", encoding="utf-8")
    assert golden.exists(), f"no {golden.name}; GOLDEN=write makes one, then read it"
    assert said + "\n" == golden.read_text(encoding="utf-8")


def with_secret(channel: Any, secret: str) -> Any:
    """The same channel with other credentials."""
    values = {one.name: getattr(channel, one.name) for one in fields(channel)}
    known = [name for name, value in values.items() if value == SECRET]
    assert known, "a World must use SECRET as password, token or key"
    return replace(channel, **dict.fromkeys(known, secret))


def readable(failure: ChannelError) -> bool:
    """Words for a person, with no secret, no markup and no bare type name."""
    words = str(failure)
    return len(words.split()) > 1 and SECRET not in words and "<html" not in words
