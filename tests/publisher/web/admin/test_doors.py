"""Every address below /admin, as the application itself lists them: who gets in, and what acts."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from publisher import subscribing
from publisher.domain.channel import Disconnected, Refused
from publisher.storage import actions
from publisher.web.admin.deeds import DEEDS
from tests.publisher.fakes import NOW, FakeChannel, FakeMailing
from tests.publisher.web.admin.conftest import Office

KNOWN = {
    "{key:path}": "2026-11",
    "{number:int}": "1",
    "{number}": "1",
    "{channel}": "fosstodon",
    "{lang}": "en",
}
OPEN = ("/admin/sign-in", "/admin/openid", "/admin/openid/back")
STREAMS = ("/admin/live/matrix", "/admin/live/issue", "/admin/live/tasks")
FOR_RELEASERS = ("/admin/readers", "/admin/copies", "/admin/do/")


def addresses(office: Office, method: str) -> list[str]:
    """Every address below /admin that takes a method, with something known in its places."""
    found = []
    for path in _paths(office.app.routes, method):
        for mark, value in KNOWN.items():
            path = path.replace(mark, value)  # noqa: PLW2901
        found += [path.replace("{name}", deed) for deed in DEEDS] if "{name}" in path else [path]
    below = [path for path in found if path.startswith("/admin") and path not in OPEN]
    assert not [path for path in below if "{" in path]
    return [path for path in below if not path.endswith((".css", ".js"))]


def _paths(routes: Iterable[Any], method: str, prefix: str = "") -> Iterator[str]:
    for route in routes:
        if inner := getattr(route, "original_router", None):
            yield from _paths(inner.routes, method, prefix + route.include_context.prefix)
        elif method in (getattr(route, "methods", None) or ()):
            yield prefix + route.path


@pytest.fixture
def office(office: Office) -> Office:
    """Something is out, so that every address leads to something."""
    office.house.run()
    return office


def test_the_list_of_addresses_is_whole(office: Office) -> None:
    looked, acted = addresses(office, "GET"), addresses(office, "POST")
    assert {"/admin", "/admin/issues/2026-11", "/admin/journal", "/admin/do/retry"} <= {*looked}
    assert {"/admin/sign-out", "/admin/readers/1", "/admin/do/believe"} <= {*acted}
    assert {*STREAMS} <= {*looked}


def test_nothing_is_reachable_without_signing_in(office: Office) -> None:
    for path in addresses(office, "GET"):
        answer = office.browser.get(path)
        if path in STREAMS:
            assert (answer.status_code, answer.text) == (204, ""), path
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/admin/sign-in?back=/admin"), path
    for path in addresses(office, "POST"):
        answer = office.browser.post(path, data={"issue": "2026-11", "channel": "fosstodon"})
        assert answer.status_code in (303, 403), path
        assert answer.headers.get("location", "/admin/sign-in").startswith("/admin/sign-in"), path
    assert office.house.done() == []


def test_no_form_acts_without_its_mark_or_from_elsewhere(office: Office) -> None:
    office.sign_in("adam")
    mark = office.fields("/admin")["mark"]
    about = {"issue": "2026-11", "channel": "fosstodon", "answer": "skip", "to": "a@b.example"}
    forms: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({"mark": mark[:-1] + ("0" if mark[-1] != "0" else "1")}, {}),
        ({"mark": mark}, {"Sec-Fetch-Site": "cross-site"}),
        ({"mark": mark}, {"Sec-Fetch-Site": "same-site"}),
    ]
    for path in addresses(office, "POST"):
        for fields, headers in forms:
            answer = office.browser.post(path, data=about | fields, headers=headers)
            assert answer.status_code == 403, (path, fields, headers)
    assert office.browser.get("/admin").status_code == 200  # nor was anybody signed out
    assert office.house.done() == []


def test_who_may_only_look_acts_nowhere_and_sees_no_reader(office: Office) -> None:
    office.sign_in("rosa")
    about = {"mark": office.fields("/admin")["mark"], "issue": "2026-11", "channel": "fosstodon"}
    for path in addresses(office, "POST"):
        if path != "/admin/sign-out":
            assert office.browser.post(path, data=about).status_code == 403, path
    for path in addresses(office, "GET"):
        if path.startswith(FOR_RELEASERS):
            assert office.browser.get(path).status_code == 403, path
        elif path not in STREAMS:
            assert office.browser.get(path, follow_redirects=True).status_code < 500, path
    assert office.house.done() == []


def test_who_may_only_look_sees_no_reader_in_anybodys_words(office: Office) -> None:
    engine, gone = office.house.desk.engine, "550 <ann@example.org> unknown"
    subscribing.add(["ann@example.org"], engine=engine, at=NOW)
    mail = FakeMailing(refuses={"ann@example.org": Refused(gone)})
    office.house.bring(readers=mail, news=FakeChannel(fails_with=[Disconnected(gone)]))
    office.house.run()
    with engine.begin() as db:
        actions.note(db, "ines", "corrected", at=NOW, issue="2026-11", words=gone)
    named = {path for path in addresses(office, "GET") if path not in STREAMS}
    for name, at_least in (("rosa", 0), ("ines", 4)):
        office.sign_in(name)
        pages = [office.browser.get(path).text for path in named]
        assert sum("ann@" in page for page in pages) >= at_least
        assert name == "ines" or not any("ann@" in page for page in pages)
        assert any("unknown" in page for page in pages)
