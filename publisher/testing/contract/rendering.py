"""What a channel says, and what it is configured with."""

import json
import os
from dataclasses import asdict, fields, is_dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_type_hints

import pytest

from publisher.registry import GROUP
from publisher.testing.contract.asking import rendered
from publisher.testing.sample import EDITION, LONG, URL
from publisher.testing.worlds import SECRET, World

__all__ = [
    "test_a_key_stays_for_the_same_words_and_changes_with_them",
    "test_a_rendering_is_what_it_was",
    "test_an_entry_point_names_its_kind",
    "test_its_fields_can_be_written_in_a_configuration_file",
    "test_rendering_is_pure_and_keeps_the_link",
    "test_secrets_do_not_show",
    "test_the_longest_texts_fit",
]

ALLOWED = (str, int, float, bool, Path, Path | None, tuple[str, ...])


def test_an_entry_point_names_its_kind(world: World) -> None:
    installed = [entry.load() for entry in entry_points(group=GROUP)]
    assert type(world.channel) in installed, f"no entry point of group {GROUP!r} leads to it"


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


def test_secrets_do_not_show(world: World) -> None:
    assert SECRET not in repr(world.channel)
    assert SECRET not in repr(world.channel.render(EDITION))


def test_a_rendering_is_what_it_was(world: World, request: pytest.FixtureRequest) -> None:
    """`GOLDEN=write pytest …` writes it anew: one JSON file a kind, in `golden` beside the test."""
    post = asdict(world.channel.render(EDITION))
    del post["reply_to"]  # known when it is delivered
    said = json.dumps(post, indent=2, ensure_ascii=False) + "\n"
    kind = request.node.callspec.params["world"]
    golden = request.path.parent / "golden" / f"{kind}.json"
    if os.environ.get("GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said, encoding="utf-8")
    assert golden.exists(), f"no {golden.name}; GOLDEN=write makes one, then read it"
    assert said == golden.read_text(encoding="utf-8")
