"""Leaving: one click is enough, a look is not, and nothing is said about anybody."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from publisher import subscribing
from publisher.domain.subscriber import Standing
from publisher.web.showing import masked
from tests.publisher.web.conftest import Desk

ADDRESS = "ann.smith@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def token(engine: Engine) -> str:
    """The token of a reader who is on the list."""
    return subscribe(engine, ADDRESS)


def subscribe(engine: Engine, address: str, language: str | None = None) -> str:
    choices = subscribing.Choices(languages=(language,) if language else ())
    subscribing.add([address], engine=engine, choices=choices)
    return str(_reader(engine, address).token)


def standing(engine: Engine, address: str = ADDRESS) -> str:
    return str(_reader(engine, address).state)


def _reader(engine: Engine, address: str) -> Any:
    return next(row for row in subscribing.everyone(engine=engine) if row.address == address)


def test_looking_at_the_page_changes_nothing(web: httpx.Client, engine: Engine, token: str) -> None:
    before = subscribing.everyone(engine=engine)
    for look in (web.get, web.head, web.options):
        look(f"/unsubscribe/{token}")
    web.get(f"/unsubscribe/{token}?List-Unsubscribe=One-Click")
    assert subscribing.everyone(engine=engine) == before


def test_the_page_asks_with_one_button_that_posts_to_itself(web: httpx.Client, token: str) -> None:
    html = web.get(f"/unsubscribe/{token}").text
    assert html.count("<button") == 1
    assert '<form method="post">' in html
    assert "Ships &amp; &lt;Harbours&gt;" in html


def test_the_page_does_not_give_the_address_away(web: httpx.Client, token: str) -> None:
    html = web.get(f"/unsubscribe/{token}").text
    assert "a•••@e•••.org" in html
    assert not any(word in html for word in ("smith", "example.org", "ann."))


@pytest.mark.parametrize(
    "sent",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
        {"content": b"\xff\x00 nothing of the kind", "headers": {"Content-Type": "text/plain"}},
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ],
    ids=["urlencoded", "multipart", "no body", "bytes", "broken json", "broken multipart"],
)
def test_one_click_is_enough(
    web: httpx.Client, engine: Engine, token: str, sent: dict[str, Any]
) -> None:
    answer = web.post(f"/unsubscribe/{token}", **sent)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert standing(engine) == Standing.LEFT


@pytest.mark.parametrize(
    "sent, how",
    [
        ({"data": ONE_CLICK}, "one click"),
        ({"files": {"List-Unsubscribe": (None, "One-Click")}}, "one click"),
        ({}, "page"),
        ({"data": {"List-Unsubscribe": "Two-Clicks"}}, "page"),
    ],
)
def test_the_log_tells_how_and_from_where_a_reader_left(
    desk: Desk, sent: dict[str, Any], how: str
) -> None:
    token = subscribe(desk.engine, ADDRESS)
    desk.browser.post(f"/unsubscribe/{token}", **sent)
    assert desk.told(ADDRESS)[-1] == ("left", how, "203.0.113.0/24")


def test_the_page_offers_to_choose_instead_where_there_is_a_choice(desk: Desk) -> None:
    token = subscribe(desk.engine, ADDRESS)
    assert f'href="/preferences/{token}"' in desk.browser.get(f"/unsubscribe/{token}").text
    desk.browser.post(f"/unsubscribe/{token}")
    assert "/preferences/" not in desk.browser.get(f"/unsubscribe/{token}").text


def test_who_left_by_mistake_finds_the_way_back(desk: Desk) -> None:
    token = subscribe(desk.engine, ADDRESS)
    assert 'href="/subscribe?lang=en"' in desk.browser.post(f"/unsubscribe/{token}").text


def test_leaving_takes_nobody_else_along(web: httpx.Client, engine: Engine, token: str) -> None:
    subscribe(engine, "ben@example.org")
    web.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert standing(engine, "ben@example.org") == Standing.CONFIRMED


def test_leaving_twice_is_as_good_as_once(web: httpx.Client, engine: Engine, token: str) -> None:
    first = web.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    left = subscribing.everyone(engine=engine)
    again = web.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert subscribing.everyone(engine=engine) == left


@pytest.mark.parametrize(
    "unknown",
    [
        "x",
        "%00",
        "%ff%fe",
        "a" * 20_000,
        "' or 1=1 --",
        secrets.token_urlsafe(),
    ],
    ids=["short", "nul", "bytes", "long", "sql", "plausible"],
)
def test_an_unknown_token_gets_the_same_answer_and_takes_nobody_off(
    web: httpx.Client, engine: Engine, token: str, unknown: str
) -> None:
    wrong = web.post(f"/unsubscribe/{unknown}", data=ONE_CLICK)
    right = web.post(f"/unsubscribe/{subscribe(engine, 'ben@example.org')}", data=ONE_CLICK)
    assert (wrong.status_code, wrong.text) == (right.status_code, right.text)
    assert standing(engine) == Standing.CONFIRMED


def test_a_token_with_one_letter_changed_is_nobodys(
    web: httpx.Client, engine: Engine, token: str
) -> None:
    for changed in (token.swapcase(), token[:-1], token + "A", token[::-1]):
        web.post(f"/unsubscribe/{changed}", data=ONE_CLICK)
    assert standing(engine) == Standing.CONFIRMED


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_pages_with_a_token_are_neither_kept_nor_told_of(
    web: httpx.Client, token: str, method: str
) -> None:
    answer = web.request(method, f"/unsubscribe/{token}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert token not in answer.text


@pytest.mark.parametrize(
    "reader, browser, said",
    [
        ("fr", "de", "Se désabonner"),
        ("de-at", "fr", "Newsletter abbestellen"),
        ("pt", "es;q=0.5, it", "Annulla l’iscrizione"),
        (None, "xx, de;q=0.8, fr;q=0.9", "Se désabonner"),
        (None, "de;q=0, es", "Darse de baja"),
        (None, "de;q=0, xx", "Leave the newsletter"),
        (None, "de;q=nonsense, *", "Leave the newsletter"),
        (None, "", "Leave the newsletter"),
    ],
)
def test_the_page_speaks_the_readers_language(
    web: httpx.Client, engine: Engine, reader: str | None, browser: str, said: str
) -> None:
    token = subscribe(engine, ADDRESS, reader)
    html = web.get(f"/unsubscribe/{token}", headers={"Accept-Language": browser}).text
    assert f"<h1>{said}</h1>" in html


def test_many_clicks_at_once_are_all_answered(
    web: httpx.Client, engine: Engine, token: str
) -> None:
    async def click_all() -> list[int]:
        async with httpx.AsyncClient(base_url=web.base_url, trust_env=False) as client:
            clicks = [client.post(f"/unsubscribe/{token}", data=ONE_CLICK) for _ in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*clicks)]

    assert set(asyncio.run(click_all())) == {200}
    assert standing(engine) == Standing.LEFT


@pytest.mark.parametrize(
    "address, shown",
    [
        ("ann@example.org", "a•••@e•••.org"),
        ("a@mail.example.co.uk", "a•••@m•••.uk"),
        ("root@localhost", "r•••@l•••"),
        ("no address at all", "•••@n•••"),
    ],
)
def test_a_masked_address_has_its_first_letters_and_no_length(address: str, shown: str) -> None:
    assert masked(address) == shown
