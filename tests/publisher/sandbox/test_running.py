"""All stand-ins together: ports, settings, and that each is really there."""

import json
import smtplib
import socket
import tomllib
from email.message import EmailMessage
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from publisher.sandbox.joining import stand_ins
from publisher.sandbox.running import (
    Sandbox,
    sample_folder,
    sample_settings,
    sandbox,
    settings,
)


def toot(there: Sandbox, text: str) -> None:
    httpx.post(
        f"{there.urls['mastodon']}/api/v1/statuses",
        json={"status": text},
        headers={"Authorization": "Bearer pretend"},
    ).raise_for_status()


def write_to(there: Sandbox, reader: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "p@x.example", reader, "Lanterns"
    message.set_content("Hello")
    with smtplib.SMTP(*there.at("email")) as smtp:
        smtp.send_message(message)


def free_row() -> int:
    """The first of the ports in a row that nobody listens on, one for each and the page."""
    for first in range(42000, 60000, 5):
        try:
            for port in range(first, first + 1 + len(stand_ins())):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("too few free ports in a row")


def test_what_the_stand_ins_take_shows_on_the_page() -> None:
    with sandbox() as there:
        toot(there, "Lanterns tonight")
        write_to(there, "mira@x.example")
        html = httpx.get(there.page_url).text
    assert "Lanterns tonight" in html
    assert "mira@x.example" in html
    for address in (there.urls["mastodon"], there.urls["reddit"], there.urls["lemmy"]):
        assert address in html


def test_two_sandboxes_at_once_do_not_see_each_others_posts() -> None:
    with sandbox() as one, sandbox() as other:
        toot(one, "Only here")
        assert len(one.outside.posts("mastodon")) == 1
        assert other.outside.posts("mastodon") == []
        assert one.page_url != other.page_url


def test_a_port_gives_each_stand_in_its_own_in_a_row() -> None:
    first = free_row()
    with sandbox(port=first) as there:
        urls = (there.page_url, there.urls["mastodon"], there.urls["reddit"], there.urls["lemmy"])
        assert [int(url.rpartition(":")[2]) for url in urls] == list(range(first, first + 4))
        assert there.at("email")[1] == first + 4


@pytest.mark.parametrize(
    ("after", "meant"), [(0, "the page"), (1, "Mastodon"), (3, "Lemmy"), (4, "Mail")]
)
def test_a_taken_port_is_named_and_nothing_stays_open(after: int, meant: str) -> None:
    first = free_row()
    with (
        socket.create_server(("127.0.0.1", first + after)),
        pytest.raises(OSError, match=f"port {first + after} on this machine, meant for {meant},"),
        sandbox(port=first),
    ):
        pass
    with sandbox(port=first):
        pass


@pytest.mark.parametrize("port", [-1, 65535, 70000])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="may be 1 to"), sandbox(port=port):
        pass


def test_nothing_listens_after_the_end() -> None:
    with sandbox() as there:
        pass
    for url in (there.page_url, there.urls["mastodon"], there.urls["reddit"], there.urls["lemmy"]):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(*there.at("email"))


def test_an_error_of_the_user_of_a_sandbox_is_not_mistaken_for_a_taken_port() -> None:
    with pytest.raises(OSError, match="mine"), sandbox():
        raise OSError("mine")


def test_every_post_is_in_the_journal(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with sandbox(journal=journal) as there:
        toot(there, "For the record")
    (line,) = journal.read_text().splitlines()
    assert json.loads(line)["fields"]["text"] == "For the record"


def test_a_feed_is_served_where_the_settings_say(tmp_path: Path) -> None:
    feed = tmp_path / "packet.atom.xml"
    with sandbox(feeds=[tmp_path]) as there:
        url = tomllib.loads(settings(there, feed=feed))["channels"]["feed"]["url"]
        assert httpx.get(url).status_code == 404
        feed.write_text("<feed/>")
        assert httpx.get(url).text == "<feed/>"


def test_the_settings_name_each_kind_at_its_stand_in() -> None:
    with sandbox() as there:
        channels = tomllib.loads(settings(there, languages=["en", "de"]))["channels"]
    kinds = {fields["kind"] for fields in channels.values()}
    assert kinds == {entry.name for entry in entry_points(group="publisher.channels")}
    assert channels["mastodon"]["instance"] == there.urls["mastodon"]
    assert channels["reddit"]["oauth"] == channels["reddit"]["site"] == there.urls["reddit"]
    assert channels["lemmy"]["instance"] == there.urls["lemmy"]
    assert channels["readers"]["port"] == there.at("email")[1]
    assert {tuple(fields["languages"]) for fields in channels.values()} == {("en", "de")}


def test_the_sample_settings_point_at_the_sample() -> None:
    told = tomllib.loads(sample_settings())
    assert Path(told["source"]["path"]).is_dir()
    assert Path(told["source"]["static"]) == sample_folder() / "static"
    assert told["site"]["base_url"].endswith("/")
