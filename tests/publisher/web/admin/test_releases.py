"""The matrix, an issue, and what can be done: as the commands do it, asked for first, and once."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from publisher import subscribing
from publisher.domain.bounce import Kind, Verdict
from publisher.domain.channel import Post, Receipt, Refused, Unsure
from publisher.domain.correction import Change
from publisher.domain.delivery import State
from publisher.domain.issue import Edition
from publisher.domain.plan import AT_ONCE
from publisher.sources.folder import SourceTrouble
from publisher.storage import (
    bounces,
    changes,
    homes,
    identity,
    pacing,
    releases,
    reports,
    weighing,
)
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing, edition, work
from tests.publisher.web.admin.conftest import Office

ISSUE = "2026-11"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def lost() -> FakeChannel:
    """One that keeps a post and loses the answer, and cannot be asked."""
    return FakeChannel(fails_with=[Unsure("lost")], keeps_it_anyway=True, cannot_be_asked=True)


@pytest.fixture
def channels() -> dict[str, FakeChannel]:
    return {
        "fosstodon": FakeChannel(),
        "lemmy": FakeChannel(fails_with=[Refused("422 title too long")]),
        "reddit": lost(),
    }


@pytest.fixture
def office(office: Office) -> Office:
    """Somebody signed in, and an issue that did not arrive everywhere."""
    office.house.run()
    office.house.clock.forward(hours=1)
    work(office.house.me)
    office.sign_in()
    return office


def test_the_matrix_tells_what_is_where(office: Office) -> None:
    html = office.browser.get("/admin").text
    assert "November" in html
    for channel, state in (("fosstodon", "delivered"), ("lemmy", "refused"), ("reddit", "held")):
        assert re.search(rf'class="cell {state}" href="/admin/issues/{ISSUE}#{channel}-en"', html)
    assert re.search(
        r'<time datetime="2026-11-05T1\d:\d\d:\d\dZ">2026-11-05 1\d:\d\d UTC</time>', html
    )


def test_an_issue_tells_every_attempt_in_the_servers_words(office: Office) -> None:
    html = office.browser.get(f"/admin/issues/{ISSUE}").text
    assert "422 title too long" in html
    assert "https://fake.example/1" in html
    assert "What happened" in html
    first, *_ = re.findall(r'<li class="place (\w+)', html)
    assert first in ("refused", "held")  # what needs a person stands first


def test_a_refused_one_is_retried_and_turns(office: Office) -> None:
    page = office.browser.get(f"/admin/do/retry?issue={ISSUE}&channel=lemmy").text
    assert "is tried again" in page
    assert "422 title too long" in page
    assert office.house.standing("lemmy").state is State.REFUSED  # nothing was done yet
    answer = office.do("retry", ISSUE, "lemmy")
    assert answer.status_code == 303
    shown = office.browser.get(answer.headers["location"]).text
    assert "1 tried again" in shown
    work(office.house.me)
    assert office.house.standing("lemmy").state is State.DELIVERED
    assert office.house.done() == [("ines", "retry", ISSUE, "lemmy", "1 tried again")]


def test_a_held_one_is_settled_with_where_it_is(office: Office) -> None:
    answer = office.do(
        "settle", ISSUE, "reddit", answer="delivered", url="https://reddit.example/7"
    )
    assert answer.status_code == 303
    standing = office.house.standing("reddit")
    assert (standing.state, standing.url) == (State.DELIVERED, "https://reddit.example/7")


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "there"])
def test_an_address_that_is_none_is_asked_for_again(office: Office, url: str) -> None:
    answer = office.do("settle", ISSUE, "reddit", answer="delivered", url=url)
    assert answer.status_code == 409
    assert "an address that begins with https://" in answer.text
    assert office.house.standing("reddit").state is State.HELD


def test_who_goes_back_and_does_nothing_is_told_of_nothing(office: Office) -> None:
    office.do("retry", ISSUE, "lemmy")
    page = office.browser.get(f"/admin/do/settle?issue={ISSUE}&channel=reddit").text
    [back] = re.findall(r'href="([^"]*)">Back, and do nothing', page)
    assert back == f"/admin/issues/{ISSUE}"


def test_what_somebody_else_did_first_is_said_and_done_once(office: Office) -> None:
    fields = office.fields(f"/admin/do/retry?issue={ISSUE}&channel=lemmy")
    assert office.browser.post("/admin/do/retry", data=fields).status_code == 303
    work(office.house.me)
    again = office.browser.post("/admin/do/retry", data=fields)
    assert again.status_code == 409
    assert "Nothing was done" in again.text
    assert "delivered" in again.text  # how it stands by now
    assert len(office.house.done()) == 1


def test_a_form_from_elsewhere_does_nothing(office: Office) -> None:
    fields = office.fields(f"/admin/do/retry?issue={ISSUE}&channel=lemmy")
    for changed, headers in (
        ({"mark": ""}, {}),
        ({"mark": "0" * 64}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
    ):
        answer = office.browser.post("/admin/do/retry", data=fields | changed, headers=headers)
        assert answer.status_code == 403
    assert office.house.done() == []
    assert office.house.standing("lemmy").state is State.REFUSED


def test_the_mark_of_another_person_is_no_mark(office: Office) -> None:
    fields = office.fields(f"/admin/do/retry?issue={ISSUE}&channel=lemmy")
    office.sign_in("adam")
    assert office.browser.post("/admin/do/retry", data=fields).status_code == 403


def test_getting_a_page_changes_nothing(office: Office) -> None:
    for deed in ("retry", "settle", "cancel", "pause"):
        path = f"/admin/do/{deed}?issue={ISSUE}&channel=lemmy&answer=skip"
        assert office.browser.get(path).status_code == 200
        assert office.browser.head(path).status_code == 200
    assert office.house.done() == []


def test_who_may_only_look_can_do_nothing(office: Office) -> None:
    fields = office.fields(f"/admin/do/retry?issue={ISSUE}&channel=lemmy")
    office.sign_in("rosa")
    html = office.browser.get(f"/admin/issues/{ISSUE}").text
    assert "/admin/do/" not in html
    assert office.browser.get(f"/admin/do/retry?issue={ISSUE}").status_code == 403
    mark = office.fields("/admin")["mark"]
    assert office.browser.post("/admin/do/retry", data=fields | {"mark": mark}).status_code == 403
    assert office.house.done() == []


@pytest.mark.parametrize(
    "path",
    [
        "/admin/issues/1999-01",
        "/admin/issues/%00",
        "/admin/issues/..%2f..%2fetc",
        "/admin/do/burn?issue=2026-11",
        "/admin/do/retry",
        "/admin/do/settle?issue=2026-11",
        "/admin/elsewhere",
    ],
)
def test_what_there_is_not_is_a_plain_page(office: Office, path: str) -> None:
    answer = office.browser.get(path)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_an_unknown_place_is_said_in_words(office: Office) -> None:
    answer = office.do("retry", "1999-01")
    assert answer.status_code == 404
    assert "1999-01: nothing was ever planned for it" in answer.text


def test_a_pause_shows_and_goes_on(office: Office) -> None:
    assert office.do("pause-channel", channel="fosstodon").status_code == 303
    office.house.there = [edition("2026-12", title="December")]
    office.house.plan()
    assert "paused by ines" in office.browser.get("/admin/issues/2026-12").text
    office.do("resume-channel", channel="fosstodon")
    work(office.house.me)
    assert "paused" not in office.browser.get("/admin/issues/2026-12").text


def test_what_waits_for_its_release_is_held_and_let_go(office: Office) -> None:
    with office.house.desk.engine.begin() as db:
        releases.add(db, "2026-12", "en", dated=NOW, at=NOW)
    html = office.browser.get("/admin").text
    assert "Waiting for its release" in html
    assert office.do("hold", "2026-12").headers["location"].startswith("/admin/issues/2026-12")
    shown = office.browser.get("/admin/issues/2026-12").text
    assert "held" in shown
    assert "/admin/do/hold" not in shown
    assert office.do("release", "2026-12").status_code == 303
    assert office.house.calls == ["go on"]
    assert office.do("call-off", "2026-12").status_code == 303
    late = office.do("release", "2026-12")
    assert late.status_code == 409
    assert "waits for a release" in late.text


def test_a_stopped_channel_is_told_where_it_stands(office: Office) -> None:
    with office.house.desk.engine.begin() as db:
        pacing.pause(db, "fosstodon", "401 the token was revoked", at=NOW)
    office.house.there = [edition("2026-12")]
    office.house.plan()
    assert "401 the token was revoked" in office.browser.get("/admin/issues/2026-12").text


def test_mail_that_did_not_arrive_is_summed_up(office: Office) -> None:
    mail = FakeMailing(refuses={"ann@example.org": Refused("550 no such user")})
    subscribing.add(["ann@example.org", "bob@example.org"], engine=office.house.desk.engine, at=NOW)
    office.house.bring(mail=mail)
    office.house.run()
    html = office.browser.get(f"/admin/issues/{ISSUE}").text
    assert "Mail that did not arrive" in html
    assert "550 no such user" in html
    assert "1/2" in html
    assert "ann@example.org" not in html


@pytest.mark.parametrize("where", ["title", "reason", "url", "channel words", "lang"])
def test_no_words_from_elsewhere_become_markup(office: Office, where: str) -> None:
    house = office.house
    if where == "title":
        house.there = [edition("2026-12", title=EVIL)]
        house.run()
    elif where == "reason":
        house.me.channels["fosstodon"].channel.fails_with = [Refused(EVIL)]  # type: ignore[attr-defined]
        house.there = [edition("2026-12")]
        house.run()
    elif where == "url":
        house.there = [edition("2026-12", url="javascript:alert(1)")]
        house.run()
    elif where == "channel words":
        with house.desk.engine.begin() as db:
            pacing.pause(db, "fosstodon", EVIL, at=NOW)
        house.there = [edition("2026-12")]
        house.plan()
    else:
        house.there = [edition("2026-12", lang="en", summary=EVIL)]
        house.run()
    for path in ("/admin", "/admin/issues/2026-12", "/admin/do/retry?issue=2026-12"):
        html = office.browser.get(path).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert 'href="javascript:' not in html


def test_an_issue_of_one_newsletter_of_many_has_its_page(office: Office) -> None:
    office.house.there = [edition("weekly/2026 12", title="Slashes & spaces")]
    office.house.run()
    [link] = set(
        re.findall(r'href="(/admin/issues/weekly[^"#]*)"', office.browser.get("/admin").text)
    )
    assert "Slashes &amp; spaces" in office.browser.get(link).text


def test_a_store_that_is_fenced_sends_nothing(office: Office) -> None:
    with office.house.desk.engine.begin() as db:
        identity.make(db, homes.of(db), at=NOW)
        identity.fence(db, "it was copied", at=NOW)
    answer = office.do("retry", ISSUE, "lemmy")
    assert answer.status_code == 409
    assert "publisher adopt" in answer.text
    assert "it was copied" in office.browser.get("/admin").text


def test_the_newest_come_first_and_the_rest_page_by_page(office: Office) -> None:
    office.house.there = [
        edition(f"2025-{n:02}", title=f"Number {n}", date=NOW - timedelta(days=400 - n))
        for n in range(1, 8)
    ]
    office.house.plan()
    html = office.browser.get("/admin?most=3").text
    assert re.findall(r"Number (\d)", html) == ["7", "6"]
    assert "1 to 3 of 8 issues" in html
    older = office.browser.get("/admin?most=3&from=3").text
    assert re.findall(r"Number (\d)", older) == ["5", "4", "3"]
    for odd in ("from=-1", "from=x", "most=0", "most=99999999999", "from=%F0%9D%9F%99"):
        assert office.browser.get(f"/admin?{odd}").status_code == 200


def test_german_is_spoken_to_who_wants_it(office: Office) -> None:
    html = office.browser.get("/admin", headers={"Accept-Language": "fr, de;q=0.5"}).text
    assert '<html lang="de">' in html


def test_two_people_decide_where_they_have_to(office: Office) -> None:
    two = replace(AT_ONCE, two_people=True)
    office.house.rules = replace(AT_ONCE, own={"lemmy": two})
    asking = office.browser.get(f"/admin/do/retry?issue={ISSUE}&channel=lemmy").text
    assert "Two people decide about what goes to lemmy." in asking
    elsewhere = office.browser.get(f"/admin/do/settle?issue={ISSUE}&channel=reddit").text
    assert "Two people" not in elsewhere
    answer = office.do("retry", ISSUE, "lemmy", lang="en")
    shown = office.browser.get(answer.headers["location"]).text
    assert "ask to retry (lemmy): another person has to agree within 24 hours" in shown
    assert "Waiting for a second person" in shown
    for path in ("/admin", "/admin/tasks", f"/admin/issues/{ISSUE}"):
        page = office.browser.get(path).text
        assert "Waiting for a second person" in page
        assert re.search(r"<b>ines</b> asked for it\s+<time", page)
    again = office.browser.get(f"/admin/do/retry?issue={ISSUE}&channel=lemmy").text
    assert "That was you: another person has to agree." in again
    assert office.house.standing("lemmy").state is State.REFUSED
    office.sign_in("adam")
    page = office.browser.get("/admin").text
    [link] = re.findall(r'href="(/admin/do/retry\?[^"]*)">Look at it, and agree', page)
    fields = office.fields(html.unescape(link))
    assert office.browser.post("/admin/do/retry", data=fields).status_code == 303
    assert office.house.standing("lemmy").state is State.PENDING
    assert "Waiting for a second person" not in office.browser.get("/admin").text


def test_a_test_copy_is_asked_for_and_sent(office: Office) -> None:
    office.house.bring(readers=FakeMailing())
    assert "Send a test copy" in office.browser.get(f"/admin/preview/{ISSUE}").text
    answer = office.do("test", ISSUE, to="ines@news.example")
    assert answer.status_code == 409
    assert "readers (en): copies only" in answer.text  # as this fake would have it
    assert 'value="ines@news.example"' in answer.text
    page = office.browser.get(f"/admin/do/test?issue={ISSUE}").text
    assert "How it stands now" not in page
    answer = office.do("test", ISSUE, to="ines")
    assert (answer.status_code, "Nothing was done" in answer.text) == (409, True)
    assert "ines@" not in str(office.house.done())


def test_what_has_errors_is_published_by_who_insists(office: Office) -> None:
    office.house.there = [edition(key="2026-12", title="bad")]
    assert 'name="despite"' not in office.browser.get("/admin/do/publish?issue=2026-12").text
    answer = office.do("publish", "2026-12")
    assert (answer.status_code, "it is bad" in answer.text) == (409, True)
    assert 'name="despite"' in answer.text
    assert office.do("publish", "2026-12", despite="yes").status_code == 303
    assert ("ines", "publish", "2026-12", "", "3 planned, despite its errors") in (
        office.house.done()
    )


def test_a_change_to_what_is_out_is_told_or_left(office: Office) -> None:
    change = Change(issue=ISSUE, lang="en", revision="2")
    with office.house.desk.engine.begin() as db:
        changes.see(db, change, at=NOW, due=NOW, asks=f"was changed {EVIL}")
    for path in ("/admin/tasks", f"/admin/issues/{ISSUE}"):
        page = office.browser.get(path).text
        assert "Changed after it went out" in page
        assert EVIL not in page
        for deed in ("correct", "tell", "leave"):
            assert f"/admin/do/{deed}?issue={ISSUE}" in page
    answer = office.do("tell", ISSUE)
    assert (answer.status_code, "no `correction:`" in html.unescape(answer.text)) == (409, True)
    office.house.there = [edition(correction="On the 12th.", revision="2")]
    subscribing.add(["ann@example.org"], engine=office.house.desk.engine, at=NOW)
    office.house.bring(readers=FakeMailing())
    office.house.run()
    assert office.do("tell", ISSUE).status_code == 303
    done = [deed for _, deed, *_ in office.house.done()]
    assert done[-3:] == ["tell", "correct", "corrected"]
    with office.house.desk.engine.begin() as db:
        changes.see(db, replace(change, revision="3"), at=NOW, due=NOW, asks="was changed")
    assert office.do("leave", ISSUE).status_code == 303
    assert "Changed after it went out" not in office.browser.get(f"/admin/issues/{ISSUE}").text
    assert office.do("leave", ISSUE).status_code == 409


def test_a_wave_of_bounces_is_shown_and_may_be_believed(office: Office) -> None:
    engine = office.house.desk.engine
    subscribing.add(["ann@example.org"], engine=engine, at=NOW)
    office.house.bring(readers=FakeMailing())
    office.house.run()
    with reading(engine) as db:
        [copy] = reports.delivery_ids(db, ISSUE, names=["readers"])
    with engine.begin() as db:
        bounces.record(db, copy, kind=Kind.HARD, at=NOW, status="5.1.1", words="gone")
        weighing.judge(db, ISSUE, "readers", Verdict.ASIDE)
    assert "1 bounce is held against nobody" in office.browser.get(f"/admin/issues/{ISSUE}").text
    assert office.do("believe", ISSUE, "readers").status_code == 303
    assert "held against nobody" not in office.browser.get(f"/admin/issues/{ISSUE}").text
    assert office.do("believe", ISSUE, "readers").status_code == 409


def test_what_was_asked_of_a_second_person_is_withdrawn(office: Office) -> None:
    office.house.rules = replace(AT_ONCE, two_people=True)
    office.house.there = [edition(key="2026-12")]
    assert office.do("publish", "2026-12").status_code == 303
    page = office.browser.get("/admin/tasks").text
    assert "/admin/do/withdraw?issue=2026-12" in page
    answer = office.do("withdraw", "2026-12")
    shown = office.browser.get(answer.headers["location"])
    assert (shown.status_code, "withdraw: publish" in shown.text) == (200, True)
    assert "Waiting for a second person" not in office.browser.get("/admin/tasks").text
    assert office.do("withdraw", "2026-12").status_code == 409


def test_a_test_copy_of_what_is_not_planned_leads_back_to_its_preview(office: Office) -> None:
    class Letters(FakeMailing):
        def deliver(self, post: Post) -> Receipt:
            self.out_there.append(post)
            return Receipt(id="<1@fake>", note="250 queued")

    mail = Letters()
    office.house.bring(readers=mail)
    office.house.there = [edition(key="2026-12", draft=True)]
    answer = office.do("test", "2026-12", to="ines@news.example")
    assert answer.headers["location"].startswith("/admin/preview/2026-12?done=")
    shown = office.browser.get(answer.headers["location"])
    assert (shown.status_code, len(mail.out_there)) == (200, 1)
    assert "send a test: readers (en): sent" in shown.text
    office.sign_in("adam")
    assert "send a test" not in office.browser.get(answer.headers["location"]).text


@pytest.mark.parametrize("done", ["0", "999999", "x", "-1", "9" * 40, "²"])
def test_a_number_that_names_no_deed_shows_none(office: Office, done: str) -> None:
    for path in (f"/admin/issues/{ISSUE}", f"/admin/preview/{ISSUE}", "/admin/tasks"):
        answer = office.browser.get(path, params={"done": done})
        assert (answer.status_code, 'class="done"' in answer.text) == (200, path.count("preview"))


def test_readers_who_are_told_are_told_though_nothing_can_be_corrected(office: Office) -> None:
    house = office.house
    house.there = [edition(correction="On the 12th.", revision="2")]
    subscribing.add(["ann@example.org"], engine=house.desk.engine, at=NOW)
    house.bring(readers=FakeMailing())
    house.run()
    there = iter([house.there])  # and then the source cannot be read

    def editions(_: str) -> list[Edition]:
        try:
            return next(there)
        except StopIteration:
            raise SourceTrouble("the disk is gone") from None

    house.desk = replace(house.desk, editions=editions)
    assert office.do("tell", ISSUE).status_code == 303
    assert [deed for _, deed, *_ in house.done()][-1] == "tell"


def test_who_settles_is_led_to_where_the_network_would_have_it(office: Office) -> None:
    class Found(FakeChannel):
        place = "https://net.example/search?q=a&b"

        def search_url(self, post: Post) -> str:
            return f"{self.place}={post.title}"

    house, channel = office.house, Found(**vars(lost()))
    house.bring(reddit=channel)
    page = office.browser.get(f"/admin/do/settle?issue={ISSUE}&channel=reddit").text
    assert 'href="https://net.example/search?q=a&amp;b=November"' in page
    assert "Look for it there" in page
    assert "Look for it" not in office.browser.get(f"/admin/do/retry?issue={ISSUE}").text
    for bad in ("javascript:alert(1)", ""):
        channel.place = bad
        page = office.browser.get(f"/admin/do/settle?issue={ISSUE}&channel=reddit").text
        assert "Look for it" not in page or "javascript" not in page
        assert 'href="javascript' not in page
