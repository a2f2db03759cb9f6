"""Charts: the numbers of each day, right on both databases, and told in words, too."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from publisher import subscribing
from publisher.domain.channel import Refused
from publisher.storage import figures
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, FakeChannel, edition
from tests.publisher.house import House
from tests.publisher.web.admin.conftest import Office


def test_what_was_delivered_counts_for_its_day(engine: Engine) -> None:
    house = House(engine, a=FakeChannel(), b=FakeChannel(fails_with=[Refused("no")]))
    house.clock.time = NOW - timedelta(days=40)
    house.there = [edition("2026-09")]
    house.run()
    house.clock.time = NOW.replace(hour=23, minute=59)
    house.there = [edition("2026-11")]
    house.run()
    house.clock.forward(minutes=2)
    house.there = [edition("2026-12")]
    house.run()
    with reading(engine) as db:
        found = figures.deliveries(db, since=NOW - timedelta(days=30))
        everything = figures.deliveries(db, since=NOW - timedelta(days=50))
    assert found == {("2026-11-05", "delivered"): 2, ("2026-11-06", "delivered"): 2}
    assert everything[("2026-09-26", "refused")] == 1


def test_who_joined_and_left_counts_for_its_day(engine: Engine) -> None:
    subscribing.add(["ann@example.org", "bob@example.org"], engine=engine, at=NOW)
    subscribing.remove("bob@example.org", engine=engine, at=NOW + timedelta(days=1))
    with reading(engine) as db:
        found = figures.readers(db, since=NOW - timedelta(days=3))
        later = figures.readers(db, since=NOW + timedelta(hours=1))
    assert found == {("2026-11-05", "joined"): 2, ("2026-11-06", "left"): 1}
    assert later == {("2026-11-06", "left"): 1}


@pytest.mark.parametrize("most", [1, 7])
def test_old_lines_are_passed_over_wherever_they_end(
    engine: Engine, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MARGIN", 0)
    house = House(engine, a=FakeChannel())
    house.clock.time = NOW - timedelta(days=20)
    for number in range(9):
        house.there = [edition(f"{number}")]
        house.run()
        house.clock.forward(days=1)
    since = NOW - timedelta(days=20 - most, minutes=1)
    with reading(engine) as db:
        found = figures.deliveries(db, since=since)
    assert sum(found.values()) == 9 - most


def test_the_page_has_bars_and_numbers(office: Office) -> None:
    office.sign_in()
    assert "Nothing in the last 30 days" in office.browser.get("/admin/figures").text
    office.house.run()
    page = office.browser.get("/admin/figures").text
    assert re.search(
        r'<rect class="delivered" [^>]*height="120.0"><title>2026-11-05: 2 delivered', page
    )
    assert re.search(r'<th scope="row">2026-11-05</th><td class="number">2</td>', page)
    office.browser.cookies.clear()
    assert office.browser.get("/admin/figures").status_code == 303
