"""Joining: the form tells nothing of anybody, and only its owner's click puts an address on."""

import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from publisher import subscribing
from publisher.asking import VALID
from publisher.domain.subscriber import Standing
from publisher.storage import asks, suppressions
from publisher.storage.engine import reading
from publisher.storage.schema import metadata
from publisher.storage.waiting import Hint
from publisher.web import forms, texts
from tests.publisher.fakes import NOW
from tests.publisher.web.conftest import LETTERS, Desk, desk_of

ADDRESS = "ann@example.org"


def test_the_form_leads_to_a_question_and_a_worker_is_told(desk: Desk) -> None:
    answer = desk.subscribe(ADDRESS)
    assert answer.status_code == 200
    [question] = desk.asked()
    assert (question.address, question.channel, question.languages) == (ADDRESS, "readers", ("en",))
    assert desk.hints == [Hint(ask=question.id)]
    assert desk.reader().state == Standing.UNCONFIRMED
    assert desk.told() == [("asked", "form", "203.0.113.0/24")]


@pytest.mark.parametrize("path", ["/subscribe", "/subscribe?lang=de"])
def test_looking_at_the_form_writes_nothing_to_a_browser_or_a_list(desk: Desk, path: str) -> None:
    for look in (desk.browser.get, desk.browser.head):
        answer = look(path)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    assert desk.asked() == []


def _on_the_list(desk: Desk) -> None:
    subscribing.add([ADDRESS], engine=desk.engine)


def _left(desk: Desk) -> None:
    _on_the_list(desk)
    subscribing.remove(ADDRESS, engine=desk.engine)


def _suppressed(desk: Desk) -> None:
    with desk.engine.begin() as db:
        suppressions.suppress(db, ADDRESS, "complaint", at=NOW)


def _asked_just_now(desk: Desk) -> None:
    desk.subscribe(ADDRESS)


@pytest.mark.parametrize("known", [_on_the_list, _left, _suppressed, _asked_just_now])
def test_the_answer_is_the_same_whatever_is_known(
    desk: Desk, known: Callable[[Desk], None]
) -> None:
    expected = desk.subscribe("ann@example.com")
    known(desk)
    answer = desk.subscribe(ADDRESS)
    assert answer.status_code == expected.status_code
    assert answer.text == expected.text.replace("ann@example.com", ADDRESS)
    assert set(answer.headers) == set(expected.headers)


def test_nobody_who_is_suppressed_is_written_to(desk: Desk) -> None:
    _suppressed(desk)
    desk.subscribe(ADDRESS)
    assert desk.asked() == []
    assert desk.hints == []


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "ann@",
        "ann@example.org, ben@example.org",
        "a" * 300 + "@example.org",
        "ann@example.org\r\nBcc: everybody@example.org",
        "ann@exa\0mple.org",
        '"><script>alert(1)</script>@example.org',
        "ann@[127.0.0.1]",
        "\ud800@example.org".encode("utf-8", "surrogatepass"),
    ],
    ids=["empty", "no domain", "half", "two", "long", "crlf", "nul", "html", "literal", "no utf-8"],
)
def test_what_is_no_address_comes_back_to_be_mended(desk: Desk, typed: Any) -> None:
    answer = desk.subscribe(typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="address-wrong" autofocus' in answer.text
    assert 'id="address-wrong"' in answer.text
    assert "<script>" not in answer.text
    assert desk.asked() == []


def test_what_was_typed_and_ticked_is_still_there_to_be_mended(desk: Desk) -> None:
    answer = desk.subscribe("ann@", languages=["de", "pt-br"])
    assert 'value="ann@"' in answer.text
    assert re.findall(r'value="([\w-]+)" checked', answer.text) == ["de", "pt-br"]


def test_a_domain_that_only_looks_alike_is_another(desk: Desk) -> None:
    """The first letter is Cyrillic: what is written to is what stands in the address."""
    desk.subscribe("ann@\u0430pple.com")
    desk.subscribe("ann@apple.com")
    assert desk.reader("ann@xn--pple-43d.com").id != desk.reader("ann@apple.com").id


def test_repeated_fields_are_no_way_to_name_several(desk: Desk) -> None:
    answer = desk.subscribe([ADDRESS, "ben@example.org"])
    assert answer.status_code == 422
    assert desk.asked() == []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"content": b"\xff\x00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b'{"address": "a@b.org"}', "headers": {"Content-Type": "application/json"}},
        {"content": b"--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"files": {"address": ("address", b"ann@example.org")}},
        {"data": {f"field{n}": "x" for n in range(2000)}},
    ],
    ids=["nothing", "bytes", "json", "broken multipart", "a file", "many fields"],
)  # fmt: skip
def test_what_is_no_form_of_ours_is_answered_with_the_form(
    desk: Desk, sent: dict[str, Any]
) -> None:
    answer = desk.browser.post("/subscribe", **sent)
    assert answer.status_code == 422
    assert "<form" in answer.text
    assert desk.asked() == []


def test_a_huge_form_is_not_taken_in(desk: Desk) -> None:
    answer = desk.browser.post("/subscribe", data={"address": "a" * 100_000})
    assert answer.status_code == 413


# --- programs that fill in forms


def test_the_field_that_nobody_sees_catches_who_fills_in_everything(desk: Desk) -> None:
    assert 'class="trap" aria-hidden="true"' in desk.browser.get("/subscribe").text
    answer = desk.subscribe(ADDRESS, website="https://spam.example/")
    assert answer.status_code == 200
    assert desk.asked() == []


@pytest.mark.parametrize("pause", [0, 1, 60 * 60 * 13])
def test_a_form_that_comes_back_at_once_or_a_day_late_is_shown_again(
    desk: Desk, pause: int
) -> None:
    shown = desk.form()
    desk.clock.forward(seconds=pause)
    answer = desk.browser.post("/subscribe", data={"address": ADDRESS, "mark": shown["mark"]})
    assert answer.status_code == 422
    assert texts.KNOWN["en"].once_more in answer.text
    assert desk.asked() == []


def test_pressing_once_more_is_enough(desk: Desk) -> None:
    shown = desk.form()
    desk.clock.forward(seconds=1)
    sent = {"address": ADDRESS, "mark": shown["mark"]}
    again = desk.browser.post("/subscribe", data=sent).text
    desk.clock.forward(seconds=1)
    [mark] = re.findall(r'name="mark" value="([^"]+)"', again)
    assert desk.browser.post("/subscribe", data=sent | {"mark": mark}).status_code == 200
    assert len(desk.asked()) == 1


@pytest.mark.parametrize(
    "mark", ["", "x", "6730a1c0.", "6730a1c0." + "0" * 32, ".", "\N{SNOWMAN}." + "0" * 32]
)
def test_a_mark_that_is_not_ours_is_of_no_use(desk: Desk, mark: str) -> None:
    answer = desk.browser.post("/subscribe", data={"address": ADDRESS, "mark": mark})
    assert answer.status_code == 422
    assert desk.asked() == []


# --- the link in the mail


def _token(desk: Desk, **more: Any) -> str:
    desk.subscribe(ADDRESS, **more)
    return str(desk.asked()[-1].token)


def test_looking_at_the_link_asks_with_one_button_and_changes_nothing(desk: Desk) -> None:
    token = _token(desk)
    for look in (desk.browser.get, desk.browser.head, desk.browser.options):
        look(f"/confirm/{token}")
    html = desk.browser.get(f"/confirm/{token}").text
    assert html.count("<button") == 1
    assert "a•••@e•••.org" in html
    assert "Ships &amp; &lt;Harbours&gt;" in html
    assert desk.reader().state == Standing.UNCONFIRMED


def test_the_button_puts_the_reader_on_the_list(desk: Desk) -> None:
    token = _token(desk, languages=["de", "pt-br", "xx"])
    answer = desk.browser.post(f"/confirm/{token}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    reader = desk.reader()
    assert (reader.state, reader.languages, reader.lists) == ("confirmed", ("de", "pt-br"), ())
    assert desk.told()[-1] == ("joined", "link", "203.0.113.0/24")


def test_pressing_twice_says_the_same(desk: Desk) -> None:
    token = _token(desk)
    first = desk.browser.post(f"/confirm/{token}")
    assert desk.browser.post(f"/confirm/{token}").text == first.text
    assert desk.browser.get(f"/confirm/{token}").text == first.text
    assert [event for event, *_ in desk.told()] == ["asked", "joined"]


def _unknown(desk: Desk) -> str:
    return secrets.token_urlsafe(24)


def _cut_short(desk: Desk) -> str:
    return _token(desk)[:-1]


def _forged(desk: Desk) -> str:
    return _token(desk).swapcase()


def _too_old(desk: Desk) -> str:
    token = _token(desk)
    desk.clock.time += VALID
    return token


def _used_before_they_left(desk: Desk) -> str:
    token = _token(desk)
    desk.browser.post(f"/confirm/{token}")
    subscribing.remove(ADDRESS, engine=desk.engine)
    return token


def _to_leave(desk: Desk) -> str:
    _on_the_list(desk)
    return str(desk.reader().token)


@pytest.mark.parametrize(
    "make", [_unknown, _cut_short, _forged, _too_old, _used_before_they_left, _to_leave]
)
def test_a_link_without_effect_leads_back_to_the_form(
    desk: Desk, make: Callable[[Desk], str]
) -> None:
    token = make(desk)
    nonsense = desk.browser.get("/confirm/x")
    assert nonsense.status_code == 404
    assert 'href="/subscribe?lang=en"' in nonsense.text
    for answer in (desk.browser.get(f"/confirm/{token}"), desk.browser.post(f"/confirm/{token}")):
        assert (answer.status_code, answer.text) == (nonsense.status_code, nonsense.text)


def test_a_question_to_confirm_does_not_open_the_other_pages(desk: Desk) -> None:
    _on_the_list(desk)
    token = _token(desk)
    desk.browser.post(f"/unsubscribe/{token}")
    assert desk.browser.get(f"/preferences/{token}").status_code == 404
    assert desk.reader().state == Standing.CONFIRMED


def test_ten_thousand_guesses_open_nothing(desk: Desk) -> None:
    _token(desk)
    with reading(desk.engine) as db:
        for _ in range(10_000):
            guess = secrets.token_urlsafe(24)
            assert forms.TOKEN.fullmatch(guess)
            assert asks.by_token(db, guess) is None


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_pages_with_a_token_are_neither_kept_nor_told_of(desk: Desk, method: str) -> None:
    token = _token(desk)
    answer = desk.browser.request(method, f"/confirm/{token}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex">' in answer.text
    assert token not in answer.text


# --- choices and languages


def test_with_one_list_and_one_language_there_is_nothing_to_choose(
    desk: Desk, wide_desk: Desk
) -> None:
    assert desk.browser.get("/subscribe").text.count("<fieldset") == 1
    assert wide_desk.browser.get("/subscribe").text.count("<fieldset") == 2


def test_the_lists_that_were_ticked_are_the_readers(wide_desk: Desk) -> None:
    token = _token(wide_desk, lists=["weekly", "feed"])
    assert wide_desk.asked()[-1].channel == "weekly"
    wide_desk.browser.post(f"/confirm/{token}")
    assert wide_desk.reader().lists == ("weekly",)


def test_none_of_the_lists_is_no_choice(wide_desk: Desk) -> None:
    answer = wide_desk.subscribe(ADDRESS)
    assert answer.status_code == 422
    assert texts.KNOWN["en"].lists_none in answer.text
    assert wide_desk.asked() == []


@pytest.mark.parametrize("lang", sorted(texts.KNOWN))
def test_the_form_speaks_the_language_of_the_browser_or_the_address(desk: Desk, lang: str) -> None:
    button = f">{texts.KNOWN[lang].join_button}</button>"
    by_browser = desk.browser.get("/subscribe", headers={"Accept-Language": lang}).text
    by_address = desk.browser.get(f"/subscribe?lang={lang}").text
    assert button in by_browser
    assert button in by_address
    assert f'<html lang="{lang}">' in by_address


@pytest.mark.parametrize("browser, ticked", [("de", "de"), ("pt", "en"), ("fr", "en"), ("", "en")])
def test_the_language_of_the_page_is_ticked_where_there_is_mail_in_it(
    desk: Desk, browser: str, ticked: str
) -> None:
    html = desk.browser.get("/subscribe", headers={"Accept-Language": browser}).text
    assert re.findall(r'value="([\w-]+)" checked', html) == [ticked]


def test_the_archive_leads_to_the_form(desk: Desk) -> None:
    assert 'href="/subscribe?lang=en"' in desk.browser.get("/").text


# --- limits


def test_an_address_is_written_to_once_a_day_however_it_is_spelled(desk: Desk) -> None:
    for address in ("ann@gmail.com", "Ann+news@gmail.com", "a.n.n@googlemail.com"):
        assert desk.subscribe(address).status_code == 200
    assert [row.address for row in desk.asked()] == ["ann@gmail.com"]
    desk.clock.forward(hours=24)
    desk.subscribe("ann@gmail.com")
    assert len(desk.asked()) == 2


def test_a_network_is_told_when_it_asks_too_often(desk: Desk) -> None:
    codes = [desk.subscribe(f"reader{n}@example{n}.org").status_code for n in range(11)]
    assert codes == [200] * 10 + [429]
    assert len(desk.asked()) == 10
    desk.clock.forward(hours=1)
    assert desk.subscribe("late@example.org").status_code == 200


def test_too_many_is_said_in_the_language_of_the_form(desk: Desk) -> None:
    for n in range(10):
        desk.subscribe(f"reader{n}@example.org")
    answer = desk.subscribe("late@example.org", "/subscribe?lang=it")
    assert "Troppo in una volta" in answer.text
    assert answer.headers["retry-after"] == "3600"


def test_everybody_together_has_a_limit_which_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    codes = []
    for n in range(31):
        desk.come_from(f"198.51.{n}.1")
        codes.append(desk.subscribe(f"reader{n}@example{n}.org").status_code)
    assert codes == [200] * 30 + [429]
    assert caplog.text.count("[web] confirmations_an_hour") == 1


def test_the_store_does_not_list_whom_strangers_named(desk: Desk) -> None:
    _suppressed(desk)
    desk.subscribe(ADDRESS)
    with desk.engine.begin() as db:
        rows = [str(row) for table in metadata.sorted_tables for row in db.execute(select(table))]
    assert rows
    assert not [row for row in rows if "example.org" in row or "203.0.113" in row]


def test_time_to_confirm_is_a_week(desk: Desk) -> None:
    token = _token(desk)
    desk.clock.time += VALID - timedelta(minutes=1)
    assert desk.browser.post(f"/confirm/{token}").status_code == 200


MESSAGES = """
[channels.messages]
kind = "xmpp_message"
jid = "news@news.example"
password = "env:A_SECRET_THAT_IS_NOT_SET"
"""


def test_who_gives_an_xmpp_address_is_asked_by_a_message(
    file_store: Engine, tmp_path: Path
) -> None:
    with desk_of(LETTERS + MESSAGES, file_store, tmp_path) as desk:
        assert "xmpp:ann@example.org" in desk.browser.get("/subscribe").text
        answer = desk.subscribe("xmpp:Ann@example.org")
        [question] = desk.asked()
    assert (question.address, question.channel) == ("xmpp:ann@example.org", "messages")
    assert "Now look at your messages" in answer.text


def test_an_xmpp_address_is_wrong_where_nobody_writes_to_those(desk: Desk) -> None:
    answer = desk.subscribe("xmpp:ann@example.org")
    assert (answer.status_code, desk.asked()) == (422, [])
    assert "xmpp:" not in desk.browser.get("/subscribe").text
