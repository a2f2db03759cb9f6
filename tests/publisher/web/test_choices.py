"""Preferences: a reader's own, by the token in their mails, and by no other."""

import re
import secrets
from html import escape
from pathlib import Path

import pytest
from sqlalchemy import Engine

from publisher import subscribing
from publisher.subscribing import Choices
from publisher.web import texts
from tests.publisher.web.conftest import LETTERS, SECOND, Desk, desk_of

ADDRESS = "ann@example.org"


def join(desk: Desk, languages: tuple[str, ...] = (), lists: tuple[str, ...] = ()) -> str:
    choices = Choices(languages=languages, lists=lists)
    subscribing.add([ADDRESS], engine=desk.engine, choices=choices)
    return str(desk.reader().token)


def ticked(html: str) -> list[str]:
    return re.findall(r'value="([\w-]+)" checked', html)


def test_the_page_shows_what_the_reader_has(wide_desk: Desk) -> None:
    token = join(wide_desk, ("de", "pt-br"), ("weekly",))
    html = wide_desk.browser.get(f"/preferences/{token}").text
    assert ticked(html) == ["weekly", "de", "pt-br"]
    assert "a•••@e•••.org" in html


def test_who_chose_nothing_has_all_lists_in_the_sites_language(wide_desk: Desk) -> None:
    html = wide_desk.browser.get(f"/preferences/{join(wide_desk)}").text
    assert ticked(html) == ["readers", "weekly", "en"]


def test_looking_changes_nothing(desk: Desk) -> None:
    token = join(desk)
    before = desk.reader()
    desk.browser.get(f"/preferences/{token}?languages=de")
    desk.browser.head(f"/preferences/{token}")
    assert desk.reader() == before


def test_what_was_ticked_is_kept_and_logged(wide_desk: Desk) -> None:
    token = join(wide_desk)
    sent = {"languages": ["de", "xx"], "lists": ["weekly", "feed"]}
    answer = wide_desk.browser.post(f"/preferences/{token}", data=sent)
    assert f'role="status">{texts.KNOWN["de"].chosen}' in answer.text
    assert ticked(answer.text) == ["weekly", "de"]
    reader = wide_desk.reader()
    assert (reader.languages, reader.lists) == (("de",), ("weekly",))
    assert wide_desk.told()[-1] == ("changed", "page", "203.0.113.0/24")


def test_what_did_not_change_is_not_logged(desk: Desk) -> None:
    token = join(desk, ("de",))
    desk.browser.post(f"/preferences/{token}", data={"languages": "de"})
    assert [event for event, *_ in desk.told()] == ["joined"]


def test_none_of_the_lists_is_no_choice_but_leaving(wide_desk: Desk) -> None:
    token = join(wide_desk, lists=("weekly",))
    answer = wide_desk.browser.post(f"/preferences/{token}", data={"languages": "de"})
    assert answer.status_code == 422
    assert texts.KNOWN["en"].lists_none in answer.text
    assert wide_desk.reader().lists == ("weekly",)
    assert f'action="/unsubscribe/{token}"' in answer.text


def test_the_page_leads_out(desk: Desk) -> None:
    token = join(desk)
    desk.browser.post(f"/unsubscribe/{token}")
    assert desk.told()[-1] == ("left", "page", "203.0.113.0/24")
    assert desk.browser.get(f"/preferences/{token}").status_code == 404


def test_a_token_that_is_nobodys_or_of_who_left_opens_nothing(desk: Desk) -> None:
    token = join(desk)
    wrong = (token[:-1], token.swapcase(), token + "A", "x", "%00", secrets.token_urlsafe(24))
    shown = [desk.browser.get(f"/preferences/{guess}") for guess in wrong]
    shown += [
        desk.browser.post(f"/preferences/{guess}", data={"languages": "de"}) for guess in wrong
    ]
    subscribing.remove(ADDRESS, engine=desk.engine)
    shown += [desk.browser.post(f"/preferences/{token}", data={"languages": "de"})]
    assert {(answer.status_code, answer.text) for answer in shown} == {(404, shown[0].text)}
    assert desk.reader().languages == ()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_page_is_neither_kept_nor_told_of(desk: Desk, method: str) -> None:
    answer = desk.browser.request(method, f"/preferences/{join(desk)}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex">' in answer.text


def days_asked(html: str) -> str:
    [value] = re.findall(r'name="else_after"[^>]* value="([^"]*)"', html)
    return str(value)


def test_a_reader_says_after_how_many_days_the_sites_language_will_do(wide_desk: Desk) -> None:
    token = join(wide_desk, ("de",))
    sent = {"languages": "de", "lists": "readers", "else_after": " 14 "}
    answer = wide_desk.browser.post(f"/preferences/{token}", data=sent)
    assert (wide_desk.reader().else_after, days_asked(answer.text)) == (14, "14")
    wide_desk.browser.post(f"/preferences/{token}", data=sent | {"else_after": ""})
    assert wide_desk.reader().else_after is None


@pytest.mark.parametrize("days", ["0", "-1", "61", "abc", "1.5", "٥", '"><b>'])
def test_days_that_nobody_can_wait_are_asked_for_again(wide_desk: Desk, days: str) -> None:
    token = join(wide_desk, ("de",))
    sent = {"languages": "pt-br", "lists": "readers", "else_after": days}
    answer = wide_desk.browser.post(f"/preferences/{token}", data=sent)
    assert (answer.status_code, wide_desk.reader().languages) == (422, ("de",))
    assert texts.KNOWN["de"].else_wrong in answer.text
    assert days_asked(answer.text) == escape(days).replace("&quot;", "&#34;")


def test_the_page_says_so_where_the_days_mean_nothing(wide_desk: Desk) -> None:
    token = join(wide_desk, ("de",))
    sent = {"languages": ["en", "de"], "lists": "readers", "else_after": "5"}
    answer = wide_desk.browser.post(f"/preferences/{token}", data=sent)
    assert texts.KNOWN["en"].else_idle.format(language="English") in answer.text
    assert wide_desk.reader().else_after is None


def test_days_are_not_asked_for_where_no_list_takes_the_sites_language_and_others(
    file_store: Engine, tmp_path: Path
) -> None:
    apart = LETTERS.replace('"de", "en", ', '"de", ') + SECOND
    with desk_of(apart, file_store, tmp_path) as desk:
        assert "else_after" not in desk.browser.get(f"/preferences/{join(desk)}").text
