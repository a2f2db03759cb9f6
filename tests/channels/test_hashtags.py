"""Hashtags made of an issue's tags: readable, none twice, no more than wanted."""

from dataclasses import replace

import pytest

from channels._hashtags import hashtags
from channels.mastodon import Mastodon
from publisher.testing.sample import EDITION


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("xmpp", "xmpp"),
        ("instant messaging", "InstantMessaging"),
        ("open-source software", "OpenSourceSoftware"),
        ("eXtensible protocol", "EXtensibleProtocol"),
        ("Größe der Dinge", "GrößeDerDinge"),
        ("日本 語", "日本語"),
        ("C++", "C"),
    ],
)
def test_a_tag_becomes_a_hashtag_that_can_be_read(tag: str, expected: str) -> None:
    assert hashtags(replace(EDITION, tags=(tag,)), (), 5) == (expected,)


@pytest.mark.parametrize("tag", ["", "2026", "!!!", "  "])
def test_a_tag_without_a_letter_is_left_out(tag: str) -> None:
    assert hashtags(replace(EDITION, tags=(tag,)), (), 5) == ()


def test_the_fixed_ones_come_first_and_nothing_comes_twice() -> None:
    edition = replace(EDITION, tags=("xmpp", "Newsletter", "XMPP", "chat"))
    assert hashtags(edition, ("newsletter",), 5) == ("newsletter", "xmpp", "chat")


def test_there_are_no_more_than_wanted() -> None:
    edition = replace(EDITION, tags=("2026", "one", "two", "three"))
    assert hashtags(edition, (), 2) == ("one", "two")
    assert hashtags(edition, (), 0) == ()


def test_a_status_has_the_issues_tags_where_that_is_wished() -> None:
    channel = Mastodon(instance="https://m.example", access_token="x", tags_as_hashtags=2)
    edition = replace(EDITION, tags=("sea weed", "boats", "nets"))
    assert channel.render(edition).text.endswith("\n\n#SeaWeed #boats")
