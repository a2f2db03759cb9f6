"""The plan of a release: when an edition goes to which channel, and why."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from publisher.domain.plan import Facts, Place, Rules, Step, slot, steps

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)  # a Thursday
BERLIN = ZoneInfo("Europe/Berlin")
FEED = Place(channel="feed", kind="atom")
MAIL = Place(channel="readers", kind="email")
TOOT = Place(channel="fosstodon", kind="mastodon")
LEMMY = Place(channel="lemmy", kind="lemmy")
LIVE = Facts(seen_at=NOON, live_at=NOON + timedelta(minutes=5))
HELD_UNTIL = NOON + timedelta(minutes=20)
SOON = timedelta(seconds=1)


def planned(place: Place, *, at: datetime = NOON, finished: bool = True) -> Place:
    return replace(place, planned_at=at, finished=finished)


def only(facts: Facts, rules: Rules | None = None, now: datetime = NOON) -> Step:
    [found] = steps([FEED], facts, rules or Rules(), now=now)
    return found


def test_without_its_page_nothing_has_a_time() -> None:
    found = only(Facts(seen_at=NOON, trouble="404 Not Found"))
    assert (found.at, found.why) == (None, "waits for its page: 404 Not Found")


def test_after_its_page_was_live_it_is_held_for_a_quarter_of_an_hour() -> None:
    assert only(LIVE).at == HELD_UNTIL
    assert only(LIVE).why == "15 min after its page was live"


def test_a_site_without_pages_counts_from_when_it_was_seen() -> None:
    found = only(Facts(seen_at=NOON), Rules(proof=False))
    assert (found.at, found.why) == (NOON + timedelta(minutes=15), "15 min after it was seen")


@pytest.mark.parametrize(
    ("facts", "rules", "why"),
    [
        (replace(LIVE, held_at=NOON), Rules(), "held by a person"),
        (replace(LIVE, cancelled_at=NOON), Rules(), "cancelled by a person"),
        (replace(LIVE, cancelled_at=NOON, released_at=NOON), Rules(), "cancelled by a person"),
        (LIVE, Rules(approval=True), "waits for a person"),
        (LIVE, Rules(approval=True, two_people=True), "waits for two people"),
    ],
)
def test_a_persons_word_stops_it(facts: Facts, rules: Rules, why: str) -> None:
    found = only(facts, rules)
    assert found.at is None
    assert why in found.why


@pytest.mark.parametrize("rules", [Rules(), Rules(approval=True)])
def test_a_persons_word_releases_it_whatever_it_waited_for(rules: Rules) -> None:
    facts = Facts(seen_at=NOON, held_at=NOON, released_at=NOON + SOON)
    found = only(facts, replace(rules, earliest=time(18), quiet_days=frozenset({3})))
    assert (found.at, found.why) == (NOON + SOON, "released by a person")


def test_the_feed_goes_first_then_mail_then_all_others_together() -> None:
    found = steps([TOOT, LEMMY, MAIL, FEED], LIVE, Rules(), now=HELD_UNTIL)
    assert [(step.channel, step.at) for step in found] == [
        ("feed", HELD_UNTIL),
        ("readers", None),
        ("fosstodon", None),
        ("lemmy", None),
    ]
    assert found[2].why == "after feed, readers; 15 min after its page was live"


def test_who_waits_for_another_goes_once_that_is_done() -> None:
    found = steps([TOOT, planned(FEED), planned(MAIL)], LIVE, Rules(), now=HELD_UNTIL)
    assert [step.done for step in found] == [True, True, False]
    assert found[2].at == HELD_UNTIL


def test_who_waits_for_another_does_not_wait_for_ever() -> None:
    stuck = planned(MAIL, finished=False)
    places = [TOOT, planned(FEED), stuck]
    early, late = (
        steps(places, LIVE, Rules(), now=NOON + timedelta(minutes=minutes))[2].at
        for minutes in (59, 60)
    )
    assert (early, late) == (None, HELD_UNTIL)


def test_an_order_may_name_channels_instead_of_kinds() -> None:
    rules = Rules(order=("fosstodon",))
    found = steps([FEED, TOOT], LIVE, rules, now=NOON)
    assert [step.channel for step in found] == ["fosstodon", "feed"]


def test_too_many_posts_of_a_day_wait_for_a_person() -> None:
    found = steps([replace(TOOT, today=5)], LIVE, Rules(), now=NOON)
    assert found[0].at is None
    assert "5 posts went there within a day" in found[0].why


@pytest.mark.parametrize(
    ("wanted", "begins"),
    [
        ("2026-11-05T05:00", "2026-11-05T08:00"),  # 9 in Berlin, in winter
        ("2026-07-02T05:00", "2026-07-02T07:00"),  # and in summer
        ("2026-11-05T12:00", "2026-11-05T12:00"),
        ("2026-11-05T23:30", "2026-11-06T08:00"),  # the next day there
        ("2026-11-07T12:00", "2026-11-09T08:00"),  # a Saturday
        ("2026-11-06T23:30", "2026-11-09T08:00"),  # a Saturday there
    ],
)
def test_it_waits_for_the_morning_and_for_a_day_that_is_not_quiet(wanted: str, begins: str) -> None:
    rules = Rules(zone=BERLIN, earliest=time(9), quiet_days=frozenset({5, 6}))
    assert slot(_utc(wanted), rules) == _utc(begins)


@pytest.mark.parametrize(
    ("wanted", "begins"),
    [
        ("2026-03-29T00:10", "2026-03-29T01:30"),  # 02:30 is skipped: 03:30 in summer time
        ("2026-10-25T00:10", "2026-10-25T00:30"),  # 02:30 comes twice: the first
        ("2026-10-25T01:40", "2026-10-25T01:40"),  # the second is past it
    ],
)
def test_half_past_two_is_one_moment_in_both_nights_of_the_clocks(wanted: str, begins: str) -> None:
    assert slot(_utc(wanted), Rules(zone=BERLIN, earliest=time(2, 30))) == _utc(begins)


def test_what_is_put_off_says_until_when() -> None:
    found = only(LIVE, Rules(zone=BERLIN, earliest=time(18)))
    assert found.why == "15 min after its page was live, and not before Thu 18:00 (Europe/Berlin)"


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_an_issue_that_comes_much_too_late_asks_a_person() -> None:
    old = replace(LIVE, dated=NOON - timedelta(days=91))
    assert only(old).at is None
    assert only(old).why.startswith("it was 91 days old when it was seen; `publisher release`")
    assert only(replace(old, released_at=NOON)).at == NOON
    assert only(replace(LIVE, dated=NOON - timedelta(days=89))).at == HELD_UNTIL


def test_a_channel_can_have_rules_of_its_own() -> None:
    rules = Rules(order=(), own={"feed": Rules(hold=timedelta(0)), "readers": Rules(approval=True)})
    found = {step.channel: step for step in steps([FEED, MAIL, TOOT], LIVE, rules, now=NOON)}
    assert found["feed"].at == LIVE.live_at
    assert (found["readers"].at, found["fosstodon"].at) == (None, HELD_UNTIL)
