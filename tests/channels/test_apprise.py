"""What is particular to Apprise, beyond what every channel owes."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import pytest
from apprise.common import NotifyFormat, OverflowMode
from starlette.responses import RedirectResponse

from channels._notifier import service, without
from channels.apprise import Apprise
from publisher.domain.channel import Refused, Unsure
from publisher.sandbox.networks import apprise as stand_in
from publisher.sandbox.outside import Outside
from publisher.sandbox.serving import serving
from publisher.testing.sample import EDITION, URL
from publisher.testing.worlds import SECRET
from tests.channels.scripted import Scripted
from tests.channels.worlds.apprise import World

SERVICES = {
    "Discord": "discord://1234567890/abcdefghijklmnopqrstuvwxyz",
    "E-Mail": "mailto://user:pass@harbour.example",
    "Mastodon": "mastodon://key@harbour.example",
    "ntfy": "ntfy://harbour-letter",
    "Telegram": "tgram://123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/12345/",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.stop()


def kept(world: World) -> dict[str, Any]:
    [one] = world.outside.posts("apprise")
    return one.fields


def test_a_notification_has_title_summary_and_link(world: World) -> None:
    world.channel.deliver(world.channel.render(EDITION))
    assert kept(world)["title"] == EDITION.title
    assert kept(world)["message"] == f"{EDITION.summary}\n\n{URL}"


@pytest.mark.parametrize(
    ("format", "said"),
    [
        ("text", "R&D *now* <b>"),
        ("markdown", r"R&D \*now\* \<b\>"),
        ("html", "<p>R&amp;D *now* &lt;b&gt;</p>"),
    ],
)
def test_the_text_is_in_the_form_that_was_asked_for(world: World, format: str, said: str) -> None:
    formed = replace(world.channel, format=format)
    formed.deliver(formed.render(replace(EDITION, summary="R&D *now* <b>")))
    assert kept(world)["message"].startswith(said)


def test_a_link_in_html_is_spelled_as_html() -> None:
    formed = Apprise(url="ntfy://harbour-letter", format="html")
    post = formed.render(replace(EDITION, url="https://harbour.example/?a=1&b=2"))
    assert '<a href="https://harbour.example/?a=1&amp;b=2">' in post.text
    assert post.url == "https://harbour.example/?a=1&b=2"


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    "words", ["R&D <now> & more.\n", "港", "*a* [b](c) "], ids=["marks", "CJK", "Markdown"]
)
def test_apprise_would_not_part_the_longest_text(name: str, format: str, words: str) -> None:
    long = replace(EDITION, title="A long & odd title " * 60, summary=words * 50_000)
    made = service(SERVICES[name], timeout=1)
    post = Apprise(url=SERVICES[name], format=format).render(long)
    calls = made._build_send_calls(
        body=post.text,
        title=post.title,
        body_format=NotifyFormat(format),
        overflow=OverflowMode.SPLIT,
    )
    assert len(list(calls)) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_a_check_names_the_service(name: str) -> None:
    assert Apprise(url=SERVICES[name]).check()[0].startswith(f"{name}, by Apprise ")


def test_a_check_warns_of_several_targets() -> None:
    several = Apprise(url=f"{SERVICES['Telegram']}/67890/")
    assert several.check()[-1].startswith("warning: 2 targets")


def test_what_an_address_says_of_repeating_counts_for_nothing(world: World) -> None:
    odd = f"{world.channel.url}?retry=3&wait=9&optional=yes&overflow=split&rto=60"
    sent = replace(world.channel, url=odd, limit=200)
    post = replace(sent.render(EDITION), text="word " * 20_000)
    world.fail("error_after")
    with pytest.raises(Unsure):
        sent.deliver(post)
    assert len(world.visible()) == 1


def test_a_redirect_is_not_followed() -> None:
    outside, place = Outside(), ("POST", "/notices")
    moved = Scripted(stand_in.app(outside), {place: RedirectResponse("/elsewhere", 307)})
    with serving(moved) as url, pytest.raises(Unsure, match="error=307"):
        sent = Apprise(url=url.replace("http:", "json:") + "/notices", timeout=1)
        sent.deliver(sent.render(EDITION))
    assert moved.asked == [place]


def test_a_failure_tells_the_services_words(world: World) -> None:
    world.fail("refuse")
    with pytest.raises(Unsure, match=r"^JSON may have it or not: Failed to send JSON .*error=400"):
        world.channel.deliver(world.channel.render(EDITION))


def test_nothing_of_an_address_stands_in_a_failure(world: World) -> None:
    world.unplug()
    with pytest.raises(Unsure, match=r"Connection error .* notification to \[secret\]") as failure:
        world.channel.deliver(world.channel.render(EDITION))
    assert world.host.split(":")[0] not in str(failure.value)


def test_every_part_of_an_address_is_taken_out() -> None:
    said = "token 12AB:cd-EF%20gh at Host.example, chat 5, no"
    left = without("tgram://12ab%3Acd-ef%20gh@host.example/5?key=a%20long%20key", said)
    assert left == "token [secret]:[secret]%20gh at [secret], chat 5, no"


@pytest.fixture
def heard() -> Iterator[BufferingHandler]:
    """All that reaches the root of the logs, as the program's own listener hears it."""
    root, listener = logging.getLogger(), BufferingHandler(10_000)
    before = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield listener
    root.setLevel(before)
    root.removeHandler(listener)


def test_no_log_holds_the_address(world: World, heard: BufferingHandler) -> None:
    secret = replace(world.channel, url=f"json://{world.host}/path/{SECRET}?-key={SECRET}")
    secret.deliver(secret.render(EDITION))
    with pytest.raises(ValueError, match="url must be"):
        replace(secret, url=f"nothing-known://{SECRET}")
    assert len(world.visible()) == 1
    assert SECRET not in "".join(record.getMessage() for record in heard.buffer)


def test_a_service_that_takes_too_little_refuses_an_issue() -> None:
    with pytest.raises(Refused, match="what cannot be shortened"):
        Apprise(url="ntfy://harbour-letter", limit=100).render(replace(EDITION, url=URL * 2))


def test_who_cannot_look_names_the_service(world: World) -> None:
    with pytest.raises(NotImplementedError, match=r"Apprise cannot look: .* at JSON"):
        world.channel.find_existing(world.channel.render(EDITION))


def test_a_template_writes_the_text(tmp_path: Path) -> None:
    path = tmp_path / "phones.txt"
    path.write_text("New: {{ url }} ({{ lang }})")
    assert Apprise(url="ntfy://topic", template=path).render(EDITION).text == f"New: {URL} (en)"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"url": ""}, "url"),
        ({"url": SECRET}, "url"),
        ({"url": f"nothing-known://{SECRET}"}, "url"),
        ({"url": f"discord://{SECRET}"}, "url"),
        ({"format": "rtf"}, "format"),
        ({"limit": 20}, "limit"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be") as failure:
        Apprise(**{"url": "ntfy://topic", **changes})
    assert SECRET not in str(failure.value)
