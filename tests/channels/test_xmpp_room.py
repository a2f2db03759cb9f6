"""What is a room's own: who is let in, and what comes of a room without an archive."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from channels.xmpp_room import XmppRoom
from publisher.domain.channel import Disconnected, Refused
from publisher.sandbox.networks.xmpp import DOMAIN, ROOMS, serving_xmpp
from publisher.sandbox.outside import Outside
from publisher.testing.sample import EDITION


@contextmanager
def room(
    outside: Outside, *, closed: tuple[str, ...] = (), archives: bool = True
) -> Iterator[XmppRoom]:
    with serving_xmpp(outside, closed=closed, archives=archives) as url:
        place = urlsplit(url)
        yield XmppRoom(
            jid=f"quay@{DOMAIN}",
            password="pretend",
            room=f"harbour@{ROOMS}",
            host=place.hostname or "",
            port=place.port or 0,
            tls="none",
            timeout=1,
        )


def test_a_room_without_an_archive_cannot_be_asked_and_a_check_warns_of_it() -> None:
    with room(Outside(), archives=False) as channel:
        with pytest.raises(NotImplementedError, match="keeps no archive: look there"):
            channel.find_existing(channel.render(EDITION))
        assert any(line.startswith("warning: ") for line in channel.check())


def test_a_room_for_members_says_whom_to_ask() -> None:
    outside = Outside()
    words = f"have an owner add quay@{DOMAIN}"
    with room(outside, closed=("harbour",)) as channel, pytest.raises(Disconnected, match=words):
        channel.deliver(channel.render(EDITION))
    assert outside.posts("xmpp") == []


def test_an_announcement_is_found_behind_a_page_of_talk() -> None:
    with room(Outside()) as channel:
        post = channel.render(EDITION)
        first = channel.deliver(post)
        for number in range(55):
            channel.deliver(replace(post, key=f"talk-{number}", text="Hello"))
        assert channel.find_existing(post) == first


def test_a_message_without_the_rooms_id_is_left_to_its_moderators() -> None:
    channel = XmppRoom(jid="a@b.example", password="x", room="c@d.example")
    with pytest.raises(Refused, match="moderators"):
        channel.retract(channel._receipt("", "key"))


def test_a_template_without_the_link_is_a_mistake(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("{{ title }}")
    with pytest.raises(ValueError, match=r"lacks \{\{ url \}\}"):
        XmppRoom(jid="a@b.example", password="x", room="c@d.example", template=words)
