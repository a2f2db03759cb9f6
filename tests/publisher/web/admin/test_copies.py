"""Readers' own copies: who got theirs, who did not, and one of them settled."""

import html
import re

import pytest

from publisher import forgetting, subscribing
from publisher.domain.channel import Refused
from publisher.web.admin import copies
from tests.publisher.fakes import NOW, FakeMailing
from tests.publisher.web.admin.conftest import Office

ISSUE = "2026-11"
READERS = [f"reader-{number}@example.org" for number in range(5)]
PAGE = f"/admin/copies?issue={ISSUE}&channel=readers&lang=en"


@pytest.fixture
def office(office: Office) -> Office:
    """Five readers, of whom one's mail was refused and another's is held."""
    subscribing.add(READERS, engine=office.house.desk.engine, at=NOW)
    said = "550 <i>no such user</i>"
    mail = FakeMailing(refuses={READERS[1]: Refused(said), READERS[3]: Refused("552 too big")})
    office.house.bring(readers=mail)
    office.house.run()
    office.sign_in()
    return office


def shown(page: str) -> list[str]:
    return re.findall(r"<bdi>(reader-\d)@example.org</bdi>", page)


def test_every_copy_is_shown_with_its_servers_words(office: Office) -> None:
    link = html.escape(PAGE)
    assert f'href="{link}"' in office.browser.get(f"/admin/issues/{ISSUE}").text
    page = office.browser.get(PAGE).text
    assert shown(page) == [f"reader-{number}" for number in range(5)]
    assert "550 &lt;i&gt;no such user&lt;/i&gt;" in page
    assert re.search(r"refused.*?<span class=\"count\">2</span>", page, re.DOTALL)


def test_those_of_one_state_are_found(office: Office) -> None:
    page = office.browser.get(f"{PAGE}&state=refused").text
    assert shown(page) == ["reader-1", "reader-3"]
    link = html.escape(f"{PAGE}&state=refused")
    assert f'href="{link}"' in office.browser.get(f"/admin/issues/{ISSUE}").text
    assert "There is none like that." in office.browser.get(f"{PAGE}&state=held").text


def test_they_come_page_by_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST", 2)
    found, path = [], PAGE
    while path:
        page = office.browser.get(path).text
        found += shown(page)
        links = re.findall(r'rel="next" href="([^"]*)"', page)
        path = html.unescape(links[0]) if links else ""
    assert found == [f"reader-{number}" for number in range(5)]


def test_one_readers_copy_is_settled_and_no_other(office: Office) -> None:
    page = office.browser.get(PAGE).text
    [first, _] = re.findall(r'href="(/admin/do/settle\?[^"]*)"', page)
    path = html.unescape(first)
    assert "@" not in path
    asking = office.browser.get(path).text
    assert "Only the mail to reader-1@example.org is meant." in asking
    fields = office.fields(path) | {"answer": "skip"}
    assert office.browser.post("/admin/do/settle", data=fields).status_code == 303
    assert office.house.standing("readers").readers == {"delivered": 3, "refused": 1, "skipped": 1}
    assert "reader-1" not in str(office.house.done())
    again = office.browser.post("/admin/do/settle", data=fields)
    assert (again.status_code, "waits for an answer" in again.text) == (409, True)


def test_who_was_forgotten_is_not_named(office: Office) -> None:
    path = html.unescape(
        re.findall(r'href="(/admin/do/settle\?[^"]*)"', office.browser.get(PAGE).text)[0]
    )
    fields = office.fields(path) | {"answer": "skip"}
    forgetting.forget(READERS[1], engine=office.house.desk.engine, at=NOW)
    page = office.browser.get(PAGE).text
    assert shown(page) == ["reader-0", "reader-2", "reader-3", "reader-4"]
    assert "forgotten" in page
    assert office.browser.get(path).status_code == 404
    assert office.browser.post("/admin/do/settle", data=fields).status_code == 404
    assert office.house.standing("readers").readers == {"delivered": 3, "refused": 2}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/copies",
        "/admin/copies?issue=nothing&channel=readers&lang=en",
        f"/admin/copies?issue={ISSUE}&channel=fosstodon&lang=en",
        f"/admin/copies?issue={ISSUE}&channel=readers&lang=de",
        "/admin/copies?issue=%00&channel=readers&lang=en",
        f"{PAGE}&state=%00",
        f"/admin/do/settle?issue={ISSUE}&channel=readers&reader=999",
        f"/admin/do/settle?issue={ISSUE}&channel=readers&reader={'9' * 40}",
        f"/admin/do/settle?issue={ISSUE}&channel=readers&reader=x",
    ],
)
def test_what_there_is_not_is_a_plain_page(office: Office, path: str) -> None:
    assert office.browser.get(path).status_code == 404


def test_odd_numbers_begin_at_the_beginning(office: Office) -> None:
    for after in ("x", "-1", "9" * 40, "²", ""):
        assert len(shown(office.browser.get(f"{PAGE}&after={after}").text)) == 5
