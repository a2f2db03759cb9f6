"""Channels, what is to be done, previews, and who did what."""

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine
from starlette.requests import Request

from publisher import subscribing
from publisher.domain.channel import Disconnected, Handed, Note, Post, Receipt, Refused, TryLater
from publisher.domain.delivery import State
from publisher.domain.issue import BadSource, Edition, Finding
from publisher.storage import pacing
from publisher.storage.users import User
from publisher.web.admin import live
from publisher.web.admin.preview import without_pictures
from publisher.web.admin.sessions import Session
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.web.admin.conftest import Office, office_over

ISSUE = "2026-11"


@dataclass
class FakeHandoff(FakeChannel):
    """A fake whose posts a person makes."""

    to: str = "ann@example.org"
    remind: float = 0
    page: str = "https://video.example/new"

    def deliver(self, post: Post) -> Receipt:
        raise Handed(Note(address=self.to, key="k", lang="en", subject="s", text="t"))


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    return {"fosstodon": FakeChannel(), "lemmy": FakeChannel()}


@pytest.fixture
def office(office: Office) -> Office:
    office.sign_in()
    return office


def check(office: Office, channel: str = "") -> str:
    mark = office.fields("/admin/channels")["mark"]
    sent = {"mark": mark, "channel": channel}
    return office.browser.post("/admin/channels", data=sent).text


def test_channels_tell_whether_they_may_send(office: Office) -> None:
    office.house.run()
    with office.house.desk.engine.begin() as db:
        pacing.pause(db, "lemmy", "401 token revoked", at=NOW)
    html = office.browser.get("/admin/channels").text
    assert "401 token revoked" in html
    assert "last success" in html
    assert html.count("/admin/do/pause-channel") == 1
    assert html.count("/admin/do/resume-channel") == 1


def test_a_channel_is_tried_and_posts_nothing(office: Office) -> None:
    html = check(office, "fosstodon")
    assert "a fake is always well" in html
    assert html.count('role="status"') == 1
    assert not office.house.me.channels["fosstodon"].channel.out_there  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Disconnected("401 no such token"), "401 no such token"),
        (TryLater("503"), "cannot be asked"),
    ],
)
def test_a_channel_that_is_not_well_says_why(
    office: Office, error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing() -> list[str]:
        raise error

    channel = office.house.me.channels["lemmy"].channel
    monkeypatch.setattr(channel, "check", failing)
    html = check(office, "lemmy")
    assert words in html
    assert "not well" in html


def test_what_is_no_channel_cannot_be_tried(office: Office) -> None:
    assert check(office, "zebra").count('role="status"') == 0


def test_trying_needs_the_right_and_the_mark(office: Office) -> None:
    answer = office.browser.post("/admin/channels", data={"mark": "x"})
    assert answer.status_code == 403
    office.sign_in("rosa")
    assert "<form method" not in office.browser.get("/admin/channels").text.partition("<main")[2]
    mark = office.fields("/admin/channels")["mark"]
    assert office.browser.post("/admin/channels", data={"mark": mark}).status_code == 403


def test_who_may_act_and_who_may_not_watch_parts_of_their_own() -> None:
    """A part is written once for all who watch it: with its forms, or without."""
    watched: list[str] = []
    hub = SimpleNamespace(watchers=0, watch=lambda name, *_: watched.append(name))
    request = Request({"type": "http", "headers": [], "query_string": b""})
    for role in ("read", "release"):
        user = User(name="x", role=role, session="", made_at=NOW, seen_at=None)
        live._stream(hub, request, Session(user=user, mark=""), "matrix", str)  # type: ignore[arg-type]
    assert len({*watched}) == 2


def test_nothing_to_do_is_said(office: Office) -> None:
    assert "Nothing waits for you" in office.browser.get("/admin/tasks").text


def test_a_post_to_be_made_by_hand_has_its_text_and_is_answered(office: Office) -> None:
    office.house.bring(video=FakeHandoff(), mail=FakeCarrier())
    office.house.run()
    assert office.house.standing("video").state is State.HELD
    html = office.browser.get("/admin/tasks").text
    assert "To be posted by hand" in html
    assert "handed to ann@example.org" in html
    assert re.search(r"<textarea[^>]* readonly>All that happened.</textarea>", html)
    assert 'href="https://video.example/new"' in html
    url = "https://video.example/7"
    answer = office.do("settle", ISSUE, "video", lang="en", answer="delivered", url=url)
    assert answer.status_code == 303
    assert office.house.standing("video").url == url
    assert "Nothing waits for you" in office.browser.get("/admin/tasks").text


@dataclass
class FakeCarrier(FakeMailing):
    """A fake that writes to one person."""

    def write(self, note: Note) -> Receipt:
        return Receipt(id="1", note="250 taken")


def test_what_is_held_is_to_be_done(office: Office) -> None:
    office.house.bring(x=FakeChannel(fails_with=[Disconnected("no credits")]))
    office.house.run()
    html = office.browser.get("/admin/tasks").text
    assert "no credits" in html
    assert f"/admin/do/retry?issue={ISSUE}&amp;channel=x&amp;lang=en" in html


def test_a_preview_shows_each_channel_and_the_source_with_its_lint(
    office: Office, tmp_path: Path
) -> None:
    source = tmp_path / "2026-11.md"
    source.write_text("---\ntitle: November\n---\n\nAll <b>that</b> happened.\n")
    odd = Finding(kind="dead-link", detail="leads nowhere", line=5, remedy="mend it")
    office.house.there = [edition(path=str(source), warnings=(odd,))]
    html = office.browser.get(f"/admin/preview/{ISSUE}").text
    assert html.count('class="card post"') == 2
    assert "leads nowhere — mend it" in html
    assert re.search(r'<div class="odd" id="en-5"><span class="number">5</span>', html)
    assert "All &lt;b&gt;that&lt;/b&gt; happened." in html
    assert office.house.done() == []


def test_a_preview_leads_on_to_publishing(office: Office) -> None:
    found = office.browser.get("/admin/preview", params={"key": f" {ISSUE} "})
    assert found.headers["location"] == f"/admin/preview/{ISSUE}"
    assert f"/admin/do/publish?issue={ISSUE}" in office.browser.get(f"/admin/preview/{ISSUE}").text
    assert office.do("publish", ISSUE).status_code == 303
    work(office.house.me)
    assert office.house.standing("lemmy").state is State.DELIVERED


@pytest.mark.parametrize("key", ["1999-01", "..%2f..%2fetc%2fpasswd", "https:%2f%2fevil.example"])
def test_a_preview_of_what_there_is_not_says_so(office: Office, key: str) -> None:
    answer = office.browser.get(f"/admin/preview/{key}")
    assert answer.status_code == 404
    assert "the source has no issue" in answer.text
    assert (
        office.browser.get("/admin/preview?key=//evil.example")
        .headers["location"]
        .startswith("/admin/preview/")
    )


def test_a_source_that_cannot_be_read_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> list[Edition]:
        raise BadSource("2026-11.md", "the head does not end", line=3)

    object.__setattr__(office.house.desk, "editions", broken)
    assert (
        "2026-11.md:3: the head does not end" in office.browser.get(f"/admin/preview/{ISSUE}").text
    )


class FakePaper(FakeMailing):
    """A fake whose mails have an HTML part."""

    def render(self, edition: Edition) -> Post:
        picture = '<img src="https://t.example/p.gif" alt="A boat">'
        html = f"<html><body><script>alert(1)</script>{picture}</body></html>"
        return Post(key="k", lang="en", title="T", text="plain", url=edition.url, html=html)


def test_a_mail_is_shown_apart_and_can_run_and_fetch_nothing(office: Office) -> None:
    office.house.bring(mail=FakePaper())
    html = office.browser.get(f"/admin/preview/{ISSUE}").text
    [place] = re.findall(r'<iframe[^>]* sandbox src="([^"]+)"', html)
    answer = office.browser.get(place)
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "t.example" not in answer.text
    assert "<em>A boat</em>" in answer.text
    assert office.browser.get(place.replace("/mail/", "/zebra/")).status_code == 404
    office.browser.cookies.clear()
    assert office.browser.get(place).status_code == 303


def test_no_picture_is_left_in_a_previewed_mail() -> None:
    html = (
        '<html><body background="https://t.example/b.png"><p>a<img src="https://t.example/1.gif">b</p>'
        '<img srcset="https://t.example/2.gif 2x" alt="two"></body></html>'
    )
    shown = without_pictures(html)
    assert "t.example" not in shown
    assert "a<em></em>b" in shown


def test_who_did_what_is_listed(office: Office) -> None:
    office.house.run()
    assert "Nothing was done here yet" in office.browser.get("/admin/journal").text
    office.do("pause-channel", channel="lemmy")
    office.sign_in("adam")
    office.do("resume-channel", channel="lemmy")
    html = office.browser.get("/admin/journal").text
    assert re.search(r"<b>adam</b>: resume lemmy.*<b>ines</b>: pause lemmy", html, re.DOTALL)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/channels",
        "/admin/tasks",
        "/admin/journal",
        f"/admin/preview/{ISSUE}",
        "/admin/preview",
    ],
)
def test_nothing_is_reachable_without_signing_in(office: Office, path: str) -> None:
    office.browser.cookies.clear()
    assert office.browser.get(path).status_code == 303


@pytest.mark.parametrize("path", ["", "/tasks", "/channels", "/readers", "/figures", "/journal"])
def test_every_page_speaks_to_either_database(
    engine: Engine, tmp_path: Path, channels: dict[str, FakeChannel], path: str
) -> None:
    refusing = FakeChannel(fails_with=[Disconnected("401")])
    with office_over(engine, tmp_path, {**channels, "x": refusing}) as office:
        office.sign_in()
        subscribing.add(["ann@example.org"], engine=engine, at=NOW)
        office.house.bring(mail=FakeMailing(refuses={"ann@example.org": Refused("550")}))
        office.house.run()
        for place in (f"/admin{path}", f"/admin/issues/{ISSUE}", "/admin/readers/1"):
            assert office.browser.get(place).status_code == 200
        mark = office.fields("/admin")["mark"]
        found = office.browser.post("/admin/readers", data={"mark": mark, "part": "ANN"})
        assert "ann@example.org" in found.text
        assert office.do("retry", ISSUE, "x").status_code == 303
        for odd in (
            "issues/%00",
            "issues/%F0%9F%98%80",
            "readers/2147483648",
            "do/retry?issue=%00",
        ):
            assert office.browser.get(f"/admin/{odd}").status_code in (200, 404)
        sent = {"name": "in\0es", "password": "x" * 12}
        assert office.browser.post("/admin/sign-in", data=sent).status_code == 403
