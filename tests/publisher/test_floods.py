"""Floods: whatever strangers try, nobody gets more than one question a day."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from publisher import asking, floods
from publisher.floods import TooMany
from publisher.storage import tallies
from publisher.storage.engine import reading
from publisher.storage.schema import asks
from publisher.storage.schema import tallies as table
from tests.publisher.fakes import NOW, Clock


def admitted(engine: Engine, key: str, network: str = "192.0.2.0/24", **more: Any) -> bool:
    with engine.begin() as db:
        return floods.admit(db, key, **{"network": network, "everybody": 1000, "at": NOW, **more})


def test_a_thousand_requests_from_everywhere_make_one_mail(engine: Engine) -> None:
    with engine.begin() as db:
        for n in range(1000):
            asking.ask_stranger(
                db,
                f"victim+{n}@example.org",
                f"victim+{n}@example.org",
                network=f"198.{n % 500 // 250}.{n % 250}.0/24",
                everybody=1000,
                at=NOW + timedelta(seconds=n),
                channel="mail",
                lang="en",
            )
        assert db.scalar(select(func.count()).select_from(asks)) == 1


def test_an_attack_on_one_leaves_room_for_the_others(engine: Engine) -> None:
    for n in range(50):
        admitted(engine, "victim@example.org", f"198.51.{n}.0/24", everybody=3)
    assert admitted(engine, "ann@example.org", everybody=3)


def test_a_network_has_its_fill_for_an_hour(engine: Engine) -> None:
    for n in range(10):
        assert admitted(engine, f"reader{n}@example{n}.org")
    with pytest.raises(TooMany):
        admitted(engine, "late@example.org")
    assert admitted(engine, "late@example.org", at=NOW + timedelta(hours=1))


def test_a_domain_has_its_fill_unless_half_the_world_is_there(engine: Engine) -> None:
    def flood(domain: str) -> None:
        for n in range(101):
            admitted(engine, f"reader{n}@{domain}", f"198.51.{n}.0/24")

    flood("gmail.com")
    with pytest.raises(TooMany):
        flood("example.org")


def test_who_is_told_to_wait_learns_nothing_of_an_address(engine: Engine) -> None:
    """Over a wide limit everybody is refused, known or not."""
    admitted(engine, "ann@example.org", everybody=1)
    for key in ("ann@example.org", "ben@example.org"):
        with pytest.raises(TooMany):
            admitted(engine, key, everybody=1)


@pytest.mark.parametrize(
    "one, other, shared",
    [
        ("ann+a@example.org", "ann@example.org", True),
        ("a.n.n@gmail.com", "ann+x@googlemail.com", True),
        ("a.n.n@example.org", "ann@example.org", False),
        ("+ann@example.org", "ann@example.org", False),
        ("+ann@example.org", "+ben@example.org", False),
    ],
)
def test_what_ends_in_one_inbox_is_counted_as_one(one: str, other: str, shared: bool) -> None:
    assert (floods.inbox(one) == floods.inbox(other)) is shared


def test_tallies_are_dropped_when_they_no_longer_matter(engine: Engine) -> None:
    clock = Clock()
    admitted(engine, "ann@example.org", at=clock())
    clock.forward(hours=25)
    admitted(engine, "ben@example.net", "198.51.100.0/24", at=clock())
    with reading(engine) as db:
        assert db.scalars(select(table.c.since)).all() == [clock()] * 4


def test_a_window_begins_with_the_first_time_and_not_with_each(engine: Engine) -> None:
    with engine.begin() as db:
        counts = [
            tallies.count(db, "x", window=timedelta(hours=1), at=NOW + timedelta(minutes=n))
            for n in (0, 30, 59, 60, 61)
        ]
    assert counts == [1, 2, 3, 1, 2]
