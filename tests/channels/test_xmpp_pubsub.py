"""What is XMPP's own: entries as clients read them, nodes that keep them, what a server says."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest
from slixmpp.exceptions import IqTimeout, XMPPError

from channels._xmpperrors import named
from channels._xmppitem import ATOM, XHTML, entry, xhtml
from channels._xmppnode import suits
from channels.xmpp_pubsub import LARGEST, XmppPubsub
from publisher.domain.channel import Disconnected, Refused, TryLater, Unsure
from publisher.testing.sample import EDITION, URL
from tests.channels.worlds.xmpp_pubsub import World

A = f"{{{ATOM}}}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


def item(**changes: Any) -> ET.Element:
    return entry(XmppPubsub(jid="a@b.example", password="x").render(replace(EDITION, **changes)))


def test_an_entry_says_what_atom_asks_for() -> None:
    found = item()
    assert {child.tag.removeprefix(A) for child in found} >= {"id", "title", "updated", "author"}
    assert found.findtext(f"{A}title") == EDITION.title
    [link] = found.findall(f"{A}link")
    assert (link.get("rel"), link.get("href")) == ("alternate", URL)
    assert [one.get("term") for one in found.findall(f"{A}category")] == list(EDITION.tags)


def test_the_text_is_one_well_formed_div() -> None:
    content = item(html="<p>One<br>two &amp; three <img src='x' alt=''>").find(f"{A}content")
    assert content is not None
    assert content.get("type") == "xhtml"
    [div] = content
    assert div.tag == f"{{{XHTML}}}div"
    assert "".join(div.itertext()) == "Onetwo & three "


@pytest.mark.parametrize("html", ["", "  ", "plain", "<p>a\x00b", "<p @click='x' 1='y'>c</p>"])
def test_any_html_becomes_xml(html: str) -> None:
    text = xhtml(html)
    assert not text or ET.fromstring(text).tag == f"{{{XHTML}}}div"  # noqa: S314  our own


def test_a_text_too_large_for_a_stanza_goes_out_as_its_summary() -> None:
    channel = XmppPubsub(jid="a@b.example", password="x")
    post = channel.render(replace(EDITION, html=f"<p>{'x' * LARGEST}</p>"))
    assert (post.html, [one.kind for one in post.warnings]) == ("", ["text-left-off"])
    assert entry(post).find(f"{A}content") is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"pubsub#max_items": "max", "pubsub#access_model": "open"}, True),
        ({"pubsub#max_items": "1000", "pubsub#persist_items": True}, True),
        ({"pubsub#max_items": "20", "pubsub#access_model": "open"}, False),
        ({"pubsub#max_items": "max", "pubsub#access_model": "presence"}, False),
        ({"pubsub#persist_items": False}, False),
    ],
)
def test_a_node_suits_that_keeps_enough_for_everybody(now: dict[str, Any], expected: bool) -> None:
    assert suits(now) is expected


def test_the_first_issue_makes_a_node_that_keeps_every_item(world: World) -> None:
    world.channel.deliver(world.channel.render(EDITION))
    [said] = [line for line in world.channel.check() if "node" in line]
    assert said.endswith("suits")


@pytest.mark.parametrize(
    ("condition", "etype", "expected"),
    [
        ("forbidden", "auth", Disconnected),
        ("resource-constraint", "wait", TryLater),
        ("not-acceptable", "modify", Refused),
        ("internal-server-error", "cancel", Unsure),
    ],
)
def test_an_error_is_named_by_what_to_do(
    condition: Any, etype: Any, expected: type[Exception]
) -> None:
    found = named(XMPPError(condition=condition, etype=etype, text="Why not"))
    assert type(found) is expected
    assert "Why not" in str(found)


def test_silence_is_doubt() -> None:
    assert type(named(cast(Any, IqTimeout)(None))) is Unsure


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("jid", "no jid"),
        ("jid", "a@b/c"),
        ("password", ""),
        ("tls", "yes"),
        ("port", 0),
        ("node", ""),
        ("timeout", 0),
        ("service", "a b"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: Any) -> None:
    right: dict[str, Any] = {"jid": "a@b.example", "password": "x"}
    with pytest.raises(ValueError, match=f"^{setting} must be"):
        XmppPubsub(**{**right, setting: value})
