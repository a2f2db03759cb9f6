"""Signing in to the operators' pages: nothing is reachable without, and nothing is given away."""

import re
from datetime import timedelta

import httpx
import pytest

from publisher import accounts
from publisher.storage.engine import reading
from publisher.storage.schema import metadata
from tests.publisher.web.admin.conftest import COOKIE, PASSWORDS, Office

PATHS = (
    "/admin",
    "/admin/issues/2026-11",
    "/admin/do/retry?issue=2026-11",
    "/admin/do/settle?issue=2026-11&channel=lemmy",
)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_shown_to_who_is_not_signed_in(office: Office, path: str) -> None:
    office.house.run()
    answer = office.browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/sign-in?back=/admin")
    assert "2026-11" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_live_page_is_nothing_without_signing_in(office: Office) -> None:
    assert office.browser.get("/admin/live/matrix").status_code == 204
    assert office.browser.get("/admin/live/issue?key=2026-11").status_code == 204


@pytest.mark.parametrize("path", ["/admin/sign-out", "/admin/do/retry"])
def test_nothing_is_done_for_who_is_not_signed_in(office: Office, path: str) -> None:
    office.house.run()
    answer = office.browser.post(path, data={"issue": "2026-11", "mark": "x"})
    assert answer.status_code == 303
    assert office.house.done() == []


def test_signing_in_leads_back_to_where_one_was(office: Office) -> None:
    office.house.run()
    asked = office.browser.get("/admin/issues/2026-11?done=1")
    back = office.fields(asked.headers["location"])["back"]
    answer = office.sign_in(back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/issues/2026-11?done=1")
    assert office.browser.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/admin\r\nSet-Cookie: x=1",
        "/admin/../../evil",
        "/adminevil.example",
        "javascript:alert(1)",
        "/unsubscribe/x",
    ],
)
def test_signing_in_leads_nowhere_else(office: Office, back: str) -> None:
    answer = office.sign_in(back=back)
    assert answer.headers["location"] == "/admin"
    assert "evil" not in str(answer.headers)


def test_the_cookie_is_for_this_host_tls_and_no_script(office: Office) -> None:
    said = office.sign_in().headers["set-cookie"]
    assert said.startswith(f"{COOKIE}=")
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert word in said
    assert "Domain" not in said


@pytest.mark.parametrize(
    ("name", "password"), [("ines", "wrong horse battery"), ("nobody", "wrong horse battery")]
)
def test_what_is_wrong_gives_nothing_away(office: Office, name: str, password: str) -> None:
    known = office.sign_in("ines", "wrong")
    answer = office.sign_in(name, password)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert answer.text.replace(name, "ines") == known.text
    assert password not in answer.text


def test_many_guesses_are_refused_whatever_the_name(office: Office) -> None:
    for name in ("ines", "nobody"):
        for _ in range(accounts.GUESSES):
            assert office.sign_in(name, "wrong horse battery").status_code == 403
        answer = office.sign_in(name, PASSWORDS["ines"][1])
        assert answer.status_code == 429
        assert "quarter of an hour" in answer.text
    office.house.clock.time += timedelta(minutes=16)
    assert office.sign_in().status_code == 303


def test_a_session_is_over_after_half_a_day(office: Office) -> None:
    office.sign_in()
    office.house.clock.forward(hours=11, minutes=59)
    assert office.browser.get("/admin").status_code == 200
    office.house.clock.forward(minutes=2)
    assert office.browser.get("/admin").status_code == 303


def test_signing_out_ends_every_session(office: Office) -> None:
    office.sign_in()
    stolen = office.browser.cookies[COOKIE]
    mark = office.fields("/admin")["mark"]
    answer = office.browser.post("/admin/sign-out", data={"mark": mark})
    assert answer.headers["location"] == "/admin/sign-in"
    office.browser.cookies.clear()
    office.browser.cookies.set(COOKIE, stolen, domain="letters.example")
    assert office.browser.get("/admin").status_code == 303


def test_no_session_is_taken_over_from_before_signing_in(office: Office) -> None:
    """Fixation: a cookie that somebody planted is worth nothing, and is replaced."""
    office.browser.cookies.set(COOKIE, "planted.value", domain="letters.example", path="/")
    office.sign_in()
    assert "planted" not in str(office.browser.cookies.get(COOKIE, path="/"))
    first = office.browser.cookies.get(COOKIE, path="/")
    office.house.clock.forward(seconds=1)
    office.sign_in()
    assert office.browser.cookies.get(COOKIE, path="/") != first


def test_a_cookie_that_was_changed_is_no_cookie(office: Office) -> None:
    office.sign_in("rosa")
    value = office.browser.cookies[COOKIE]
    body, _, signature = value.rpartition(".")
    for forged in (
        f"{body}A.{signature}",
        f"{body}.{'0' * len(signature)}",
        body,
        f".{signature}",
        ".",
        "",
    ):
        office.browser.cookies.clear()
        assert (
            office.browser.get("/admin", headers={"Cookie": f"{COOKIE}={forged}"}).status_code
            == 303
        )


def test_the_mark_of_a_form_is_no_part_of_the_cookie(office: Office) -> None:
    """A page tells the mark: who reads one must not come by a signature for a cookie."""
    office.sign_in()
    mark = office.fields("/admin")["mark"]
    assert len(mark) == 64
    assert mark not in office.browser.cookies[COOKIE]


def test_who_is_removed_is_out_at_once(office: Office) -> None:
    office.sign_in()
    with office.house.desk.engine.begin() as db:
        accounts.remove(db, "ines")
    assert office.browser.get("/admin").status_code == 303


def test_readers_get_no_cookie(office: Office) -> None:
    for path in ("/", "/subscribe", "/admin", "/admin/sign-in"):
        assert "set-cookie" not in office.browser.get(path).headers


def test_without_any_account_the_page_says_what_to_do(office: Office) -> None:
    assert "publisher user add" not in office.browser.get("/admin/sign-in").text
    with office.house.desk.engine.begin() as db:
        db.execute(metadata.tables["users"].delete())
    assert "publisher user add NAME" in office.browser.get("/admin/sign-in").text


def test_a_page_of_another_site_signs_nobody_in(office: Office) -> None:
    sent = {"name": "ines", "password": PASSWORDS["ines"][1]}
    answer = office.browser.post(
        "/admin/sign-in", data=sent, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("field", ["name", "password", "back"])
def test_long_and_odd_input_is_taken_calmly(office: Office, field: str) -> None:
    for odd in ("x" * 50_000, "\0", "\N{ZERO WIDTH JOINER}'; drop table users"):
        sent = {"name": "ines", "password": "wrong horse battery", field: odd}
        assert office.browser.post("/admin/sign-in", data=sent).status_code == 403
    raw = f"name=ines&password=x&{field}=%ff%fe%00%ed%a0%80"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert office.browser.post("/admin/sign-in", content=raw, headers=headers).status_code == 403
    assert office.browser.post("/admin/sign-in", data={field: "x" * 70_000}).status_code == 413


def test_the_page_lets_in_nothing_from_elsewhere(office: Office) -> None:
    office.sign_in()
    answer = office.browser.get("/admin")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "https:" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=|style=", answer.text)


@pytest.mark.parametrize("path", ["/admin", "/admin/readers", "/admin/journal", "/admin/nothing"])
def test_no_page_is_kept_by_a_browser_or_on_the_way(office: Office, path: str) -> None:
    office.sign_in()
    answer = office.browser.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert "Cookie" in answer.headers["vary"] or answer.status_code == 404


def test_the_answer_does_not_depend_on_the_host(office: Office) -> None:
    office.house.run()
    office.sign_in()
    plain = office.browser.get("/admin").text
    odd = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = office.browser.get("/admin", headers=odd)
    assert "evil" not in answer.text + str(answer.headers)
    assert isinstance(answer, httpx.Response)
    assert plain == answer.text


def test_what_was_typed_is_stored_nowhere(office: Office) -> None:
    office.sign_in("ines", "a-secret-typed-wrong")
    with reading(office.house.desk.engine) as db:
        for table in metadata.sorted_tables:
            assert "a-secret-typed-wrong" not in str(db.execute(table.select()).all())
