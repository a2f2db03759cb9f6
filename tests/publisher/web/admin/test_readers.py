"""Readers: found, added, their whole story, taken off, forgotten; and taken over from a file."""

import html
import os
import re
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from publisher import subscribing
from publisher.domain.channel import Refused
from publisher.domain.subscriber import Standing
from publisher.sandbox.serving import serving
from publisher.storage import subscribers
from publisher.storage.engine import reading
from publisher.web.admin.shelf import Case, Shelf, Wanted
from tests.publisher.fakes import NOW
from tests.publisher.web.admin.conftest import COOKIE, Office
from tests.publisher.web.admin.test_looking import FakeCarrier

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def office(office: Office) -> Office:
    office.house.bring(readers=FakeCarrier())
    office.sign_in()
    return office


def add(office: Office, *addresses: str) -> None:
    subscribing.add(addresses, engine=office.house.desk.engine, at=NOW)


def post(office: Office, path: str, **sent: str) -> httpx.Response:
    mark = office.fields("/admin")["mark"]
    return office.browser.post(path, data={"mark": mark, **sent})


def reader(office: Office, key: str) -> Any:
    with reading(office.house.desk.engine) as db:
        return subscribers.by_key(db, key)


def number(office: Office, key: str = "ann@example.org") -> int:
    return int(reader(office, key).id)


def test_a_reader_is_found_by_part_of_the_address_and_no_address_is_in_a_link(
    office: Office,
) -> None:
    add(office, "ann@example.org", "Bob.Anning@example.net", "eve@example.org")
    page = post(office, "/admin/readers", part="ANN").text
    assert re.findall(r"<bdi>([^\s<]+@[^\s<]+)</bdi>", page) == [
        "ann@example.org",
        "Bob.Anning@example.net",
    ]
    assert not re.search(r'href="[^"]*@', page)
    assert "Nobody with that" in post(office, "/admin/readers", part="zebra").text
    assert "Nobody with that" in post(office, "/admin/readers", part="100%").text


def test_numbers_by_state_and_language(office: Office) -> None:
    add(office, "ann@example.org", "bob@example.org")
    german = subscribing.Choices(languages=("de",))
    subscribing.add(["eve@example.org"], engine=office.house.desk.engine, choices=german, at=NOW)
    subscribing.remove("bob@example.org", engine=office.house.desk.engine)
    page = office.browser.get("/admin/readers").text
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th><td class="number">(\d+)</td>', page))
    assert rows["on the list"] == "2"
    assert rows["left the list"] == "1"
    assert rows["de"] == "1"
    assert rows["the site's"] == "1"


def test_a_reader_is_added_or_asked_first(office: Office) -> None:
    assert post(office, "/admin/readers", do="add", address="ann@example.org").status_code == 200
    assert reader(office, "ann@example.org").state == Standing.CONFIRMED
    asked = post(office, "/admin/readers", do="add", address="bob@example.org", ask="yes")
    assert asked.status_code == 200
    assert reader(office, "bob@example.org").state == Standing.UNCONFIRMED
    again = post(office, "/admin/readers", do="add", address="ann@example.org")
    assert (again.status_code, "on the list already" in again.text) == (409, True)
    bad = post(office, "/admin/readers", do="add", address=EVIL)
    assert bad.status_code == 409
    assert EVIL not in bad.text
    assert [line[1] for line in office.house.done()] == ["add a reader", "ask a reader"]


def test_the_whole_story_of_one_reader(office: Office) -> None:
    add(office, "ann@example.org")
    mail = office.house.me.channels["readers"].channel
    mail.refuses = {"ann@example.org": Refused(f"550 {EVIL}")}  # type: ignore[attr-defined]
    office.house.run()
    page = office.browser.get(f"/admin/readers/{number(office)}").text
    assert "550 &lt;script&gt;" in page
    assert EVIL not in page
    assert "<b>joined</b> operator" in page


def test_a_reader_is_taken_off_lifted_and_forgotten(office: Office) -> None:
    add(office, "ann@example.org")
    path = f"/admin/readers/{number(office)}"
    assert post(office, path, do="remove").status_code == 200
    assert reader(office, "ann@example.org").state == Standing.LEFT
    assert post(office, path, do="remove").status_code == 409
    assert post(office, path, do="forget", sure="yes").status_code == 403  # not hers to do
    office.sign_in("adam")
    assert post(office, path, do="forget").status_code == 409
    assert reader(office, "ann@example.org") is not None
    assert post(office, path, do="forget", sure="yes").status_code == 303
    assert reader(office, "ann@example.org") is None
    assert "ann@" not in office.browser.get("/admin/journal").text


def test_who_may_only_look_sees_no_reader(office: Office) -> None:
    add(office, "ann@example.org")
    path = f"/admin/readers/{number(office)}"
    office.sign_in("rosa")
    for place in ("/admin/readers", path, "/admin/readers/import"):
        assert office.browser.get(place).status_code == 403
        assert post(office, place, do="remove", part="ann").status_code == 403
    assert "/admin/readers" not in office.browser.get("/admin").text


@pytest.mark.parametrize("path", ["999999", "0", "99999999999999999999", "-1", "x", "1%00"])
def test_a_reader_that_there_is_not(office: Office, path: str) -> None:
    assert office.browser.get(f"/admin/readers/{path}").status_code == 404
    assert post(office, f"/admin/readers/{path}", do="remove").status_code in (404, 405)


# --- from a file


def upload(office: Office, text: bytes, name: str = "readers.csv", **more: str) -> httpx.Response:
    mark = office.fields("/admin")["mark"]
    return office.browser.post(
        "/admin/readers/import",
        data={"mark": mark, **more},
        files={"file": (name, text, "text/csv")},
    )


def settled(office: Office, path: str) -> str:
    """The page of an import once nothing of it is under way."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        page = office.browser.get(path).text
        if 'http-equiv="refresh"' not in page:
            return page
        time.sleep(0.02)
    raise TimeoutError(path)


SHEET = b"email,name\nann@example.org,Ann\nbob@example.org,Bob\nno address,X\n"


def test_a_file_is_looked_through_first_and_taken_over_once(office: Office) -> None:
    path = upload(office, SHEET).headers["location"]
    page = settled(office, path)
    assert "Nothing was done yet" in page
    assert "line 4" in page
    assert reader(office, "ann@example.org") is None
    for _ in range(2):  # a button pressed twice
        assert post(office, path).status_code == 303
    page = settled(office, path)
    assert "Taken over." in page
    assert reader(office, "ann@example.org").name == "Ann"
    assert post(office, path).status_code == 303
    assert [line[1] for line in office.house.done()] == ["import readers"]
    folder = office.state / "imports"
    assert not [*folder.glob("*.csv")]


def test_what_waits_is_for_this_user_alone_and_not_for_long(office: Office) -> None:
    path = upload(office, SHEET).headers["location"]
    settled(office, path)
    folder = office.state / "imports"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    for file in folder.iterdir():
        os.utime(file, (time.time() - 90_000,) * 2)
    Shelf(folder=folder).open()
    assert not [*folder.iterdir()]
    assert office.browser.get(path).status_code == 404


def test_readers_of_a_file_can_be_asked_first(office: Office) -> None:
    path = upload(office, b"email\nann@example.org\n", ask="yes", languages="de").headers[
        "location"
    ]
    settled(office, path)
    post(office, path)
    settled(office, path)
    found = reader(office, "ann@example.org")
    assert (found.state, found.languages) == (Standing.UNCONFIRMED, ("de",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04x", "is an Excel workbook or a ZIP archive"),
        (b"a,b\n1,2\n", "names no column for the address"),
        (b"email\n\xff\xfe\xff\n", "utf-8"),
    ],
)
def test_what_is_no_file_of_readers_is_said(office: Office, text: bytes, words: str) -> None:
    page = settled(office, upload(office, text).headers["location"])
    assert words.lower() in html.unescape(page).lower()
    assert "Nothing was taken over" in page


def test_no_file_no_mark_and_no_session_take_nothing_in(office: Office) -> None:
    mark = office.fields("/admin")["mark"]
    nothing = office.browser.post("/admin/readers/import", data={"mark": mark})
    assert (nothing.status_code, "choose a file" in nothing.text) == (409, True)
    files = {"file": ("a.csv", SHEET, "text/csv")}
    wrong = office.browser.post("/admin/readers/import", data={"mark": "x"}, files=files)
    assert wrong.status_code == 403
    office.browser.cookies.clear()
    assert office.browser.post("/admin/readers/import", files=files).status_code == 303
    assert not (office.state / "imports").exists()


def test_nothing_is_read_of_a_file_from_who_may_not_send_one(office: Office) -> None:
    """Who it is comes first: a body that cannot be read at all is not even found out."""
    sent: dict[str, Any] = {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}
    assert office.browser.post("/admin/readers/import", **sent).status_code == 400
    office.sign_in("rosa")
    assert office.browser.post("/admin/readers/import", **sent).status_code == 403
    office.browser.cookies.clear()
    assert office.browser.post("/admin/readers/import", **sent).status_code == 303


def test_who_may_only_look_neither_sees_an_import_nor_begins_it(office: Office) -> None:
    path = upload(office, SHEET).headers["location"]
    settled(office, path)
    office.sign_in("rosa")
    assert office.browser.get(path).status_code == 403
    assert post(office, path).status_code == 403
    office.sign_in()
    assert "Nothing was done yet" in settled(office, path)


def test_an_import_is_in_the_name_of_who_began_it(office: Office) -> None:
    path = upload(office, SHEET).headers["location"]
    settled(office, path)
    office.sign_in("adam")
    post(office, path)
    assert "Taken over." in settled(office, path)
    assert [line[:2] for line in office.house.done()] == [("adam", "import readers")]


def test_a_name_of_a_file_is_only_words(office: Office) -> None:
    page = settled(office, upload(office, SHEET, name=f"../../{EVIL}.csv").headers["location"])
    assert EVIL not in page
    assert "script&gt;.csv" in page


def test_an_import_whose_process_is_gone_is_told_and_can_be_begun_again(office: Office) -> None:
    path = upload(office, SHEET).headers["location"]
    settled(office, path)
    shelf, number = Shelf(folder=office.state / "imports"), path.rpartition("/")[2]
    case = shelf.read(number)
    case.state = "taking"
    assert shelf.begin(case)
    shelf.write(case)
    assert "is taken over" in office.browser.get(path).text
    case.worker = re.sub(r"/\d+/(\d+)$", r"/1/\1", case.worker)  # of a process that is no more
    shelf.write(case)
    assert "it was interrupted, and nothing was taken over" in office.browser.get(path).text
    post(office, path)
    assert "Taken over." in settled(office, path)
    assert reader(office, "bob@example.org") is not None


def test_only_one_goes_to_work_on_a_case(tmp_path: Path) -> None:
    shelf = Shelf(folder=tmp_path)
    case = Case(number="x" * 22, name="a", by="ines", wanted=Wanted())
    assert [shelf.begin(case), shelf.begin(case)] == [True, False]


@pytest.mark.parametrize("number", ["x" * 22, "..%2f..%2fetc", "%00", "é" * 22])
def test_an_import_that_there_is_not(office: Office, number: str) -> None:
    assert office.browser.get(f"/admin/readers/imports/{number}").status_code == 404


def test_a_connection_that_is_lost_in_the_middle_leaves_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    cookie = f"{COOKIE}={office.browser.cookies[COOKIE]}"
    head = [
        "POST /admin/readers/import HTTP/1.1",
        "Host: letters.example",
        f"Cookie: {cookie}",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 900000",
    ]
    part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\n'
    with serving(office.app) as address:
        place = urlsplit(address)
        assert place.hostname
        assert place.port
        with socket.create_connection((place.hostname, place.port)) as line:
            line.sendall("\r\n".join([*head, "", part]).encode())
            time.sleep(0.3)
        time.sleep(0.3)
        with httpx.Client(base_url=address, headers={"Cookie": cookie}) as client:
            assert client.get("/admin/readers").status_code == 200
    assert not (office.state / "imports").exists()
    assert not [line for line in caplog.records if line.exc_info]
