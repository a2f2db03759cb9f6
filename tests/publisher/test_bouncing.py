"""What becomes of reports: nothing, a note, a reader who is stopped, a channel that is paused."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from publisher import bouncing, publishing, subscribing
from publisher.bouncing import Fate, Taken
from publisher.domain import bounce
from publisher.domain.bounce import Kind
from publisher.domain.delivery import State
from publisher.domain.subscriber import Event, Standing
from publisher.returns.report import Report, Said
from publisher.storage import pacing, reader_log, subscribers, suppressions
from publisher.storage.schema import bounces, channels, deliveries, posts
from tests.publisher.fakes import NOW, FakeMailing, configured, edition
from tests.publisher.returns.letters import LEAVING, ORIGINAL, QMAIL, SECRET, arf, dsn, group

MAIL = {"mail": configured("mail", FakeMailing())}


def send(engine: Engine, *issues: str) -> None:
    """Plan issues for all readers, and have every copy delivered."""
    with engine.begin() as db:
        publishing.plan([edition(key=issue) for issue in issues], db=db, channels=MAIL, at=NOW)
        db.execute(deliveries.update().values(state=State.DELIVERED, marked_at=NOW))


def readers(engine: Engine, number: int) -> list[str]:
    names = ["ann@example.org", *(f"reader{n}@example.org" for n in range(1, number))]
    subscribing.add(names, engine=engine, at=NOW)
    return names


def delivery(engine: Engine, issue: str, reader: str = "ann@example.org") -> int:
    query = select(deliveries.c.id).join(posts)
    with engine.begin() as db:
        query = query.where(posts.c.issue == issue, deliveries.c.recipient == reader)
        return int(db.scalars(query).one())


def verp(number: int, secret: bytes = SECRET) -> str:
    return f"bounces+{bounce.token(number, secret)}@news.example"


def take(engine: Engine, raw: bytes) -> Taken:
    return bouncing.take(raw, engine=engine, secret=SECRET, at=NOW)


def comes_back(
    engine: Engine, issue: str, status: str = "5.1.1", reader: str = "ann@example.org"
) -> Taken:
    """A report about an issue comes in, and is weighed when its time has come."""
    about = {"Original_Recipient": f"rfc822;{reader}", "Final_Recipient": f"rfc822;{reader}"}
    to = verp(delivery(engine, issue, reader))
    found = take(engine, dsn(group(status=status, said=f"smtp; 550 {status} no", **about), to=to))
    bouncing.weigh(engine, at=NOW + timedelta(hours=2))
    return found


def standing(engine: Engine, reader: str = "ann@example.org") -> str:
    with engine.begin() as db:
        return str({row.address_key: row.state for row in subscribers.everyone(db)}[reader])


def events(engine: Engine) -> list[str]:
    with engine.begin() as db:
        return [row.event for row in reader_log.of(db, 1)]


def kept(engine: Engine) -> int:
    with engine.begin() as db:
        return db.scalar(select(func.count()).select_from(bounces)) or 0


@pytest.fixture
def ann(engine: Engine) -> Engine:
    """A store in which ann@example.org alone has been sent six issues."""
    readers(engine, 1)
    send(engine, *(f"2026-{number}" for number in range(1, 7)))
    return engine


def test_one_hard_bounce_stops_nobody(ann: Engine) -> None:
    taken = comes_back(ann, "2026-1")
    assert (taken.fate, taken.kind, taken.reader) == (Fate.NOTED, Kind.HARD, "ann@example.org")
    assert standing(ann) == Standing.CONFIRMED


def test_hard_bounces_of_two_issues_stop_a_reader_for_good(ann: Engine) -> None:
    comes_back(ann, "2026-1")
    comes_back(ann, "2026-2")
    assert standing(ann) == Standing.STOPPED
    assert events(ann)[-3:] == [Event.BOUNCED, Event.BOUNCED, Event.STOPPED]
    with ann.begin() as db:
        assert suppressions.reason(db, "ann@example.org") == "bounced"
        assert "550 5.1.1 no" in reader_log.of(db, 1)[-1].words


def test_a_bounce_waits_an_hour_before_it_counts(ann: Engine) -> None:
    comes_back(ann, "2026-1")
    take(ann, dsn(to=verp(delivery(ann, "2026-2"))))
    bouncing.weigh(ann, at=NOW + timedelta(minutes=59))
    assert standing(ann) == Standing.CONFIRMED


def test_the_same_report_a_thousand_times_is_one_bounce(ann: Engine) -> None:
    raw = dsn(to=verp(delivery(ann, "2026-1")))
    fates = [take(ann, raw).fate for _ in range(100)]
    bouncing.weigh(ann, at=NOW + timedelta(hours=2))
    assert (fates.count(Fate.NOTED), fates.count(Fate.KNOWN)) == (1, 99)
    assert (kept(ann), standing(ann)) == (1, Standing.CONFIRMED)


def test_five_soft_bounces_in_a_row_stop_a_reader(ann: Engine) -> None:
    for number in range(1, 6):
        assert standing(ann) == Standing.CONFIRMED
        comes_back(ann, f"2026-{number}", "4.2.2")
    assert standing(ann) == Standing.STOPPED


def test_soft_bounces_are_forgotten_as_issues_arrive(ann: Engine) -> None:
    for number in (1, 2, 3, 6):
        comes_back(ann, f"2026-{number}", "4.2.2")
    assert standing(ann) == Standing.CONFIRMED


def test_what_blames_us_is_never_held_against_a_reader(ann: Engine) -> None:
    for number in range(1, 7):
        comes_back(ann, f"2026-{number}", "5.7.1")
    assert (kept(ann), standing(ann)) == (6, Standing.CONFIRMED)


def test_a_delay_is_no_bounce(ann: Engine) -> None:
    for number in range(1, 7):
        to = verp(delivery(ann, f"2026-{number}"))
        assert take(ann, dsn(group("delayed", "4.4.1"), to=to)).kind is Kind.DELAYED
    bouncing.weigh(ann, at=NOW + timedelta(hours=2))
    assert standing(ann) == Standing.CONFIRMED


def test_who_comes_back_begins_afresh(ann: Engine) -> None:
    comes_back(ann, "2026-1")
    with ann.begin() as db:
        reader_log.note(db, 1, Event.JOINED, at=NOW + timedelta(hours=3), how="form")
    comes_back(ann, "2026-2")
    assert standing(ann) == Standing.CONFIRMED


def test_a_complaint_stops_the_reader_at_once(ann: Engine) -> None:
    original = ORIGINAL.replace(
        bounce.token(1, SECRET), bounce.token(delivery(ann, "2026-3"), SECRET)
    )
    assert take(ann, arf(original=original)).kind is Kind.COMPLAINT
    assert (standing(ann), events(ann)[-2:]) == (Standing.STOPPED, ["complained", "stopped"])
    with ann.begin() as db:
        assert suppressions.reason(db, "ann@example.org") == "complained"


def test_a_complaint_is_known_by_the_readers_leave_link(ann: Engine) -> None:
    with ann.begin() as db:
        token = subscribers.everyone(db)[0].token
    original = ORIGINAL.replace("Return-Path: ", "X-Was: ").replace(LEAVING, token)
    fates = [take(ann, arf(original=original)).fate for _ in range(3)]
    assert fates == [Fate.NOTED, Fate.KNOWN, Fate.KNOWN]
    assert (standing(ann), events(ann)[-1]) == (Standing.STOPPED, "complained")


def test_a_complaint_about_somebody_elses_mail_is_left_alone(ann: Engine) -> None:
    original = ORIGINAL.replace("bounces+", "x").replace(bounce.token(1, SECRET), "")
    assert take(ann, arf(original=original)).fate is Fate.LEFT_ALONE
    assert standing(ann) == Standing.CONFIRMED


def forged(number: int) -> dict[str, bytes]:
    token = bounce.token(number, SECRET)
    return {
        "another key": dsn(to=verp(number, b"another")),
        "cut short": dsn(to=f"bounces+{token[:-1]}@news.example"),
        "made longer": dsn(to=f"bounces+{token}0@news.example"),
        "of another delivery": dsn(to=f"bounces+{number + 1:x}{token[1:]}@news.example"),
        "none at all": dsn(to="bounces@news.example"),
        "a delivery that is not there": dsn(to=verp(10_000)),
    }


def test_a_forged_token_changes_nothing(ann: Engine) -> None:
    taken = {how: take(ann, raw) for how, raw in forged(delivery(ann, "2026-1")).items()}
    assert {how: one.fate for how, one in taken.items()} == dict.fromkeys(taken, Fate.LEFT_ALONE)
    assert all(one.why for one in taken.values())
    assert kept(ann) == 0


def test_a_bounce_of_a_mail_that_was_never_sent_is_left_alone(ann: Engine) -> None:
    with ann.begin() as db:
        publishing.plan([edition(key="2026-7")], db=db, channels=MAIL, at=NOW)
    taken = comes_back(ann, "2026-7")
    assert (taken.fate, taken.why) == (Fate.LEFT_ALONE, "it is about a mail that was never sent")


def test_a_bounce_of_an_address_that_mail_is_passed_on_to_is_soft(ann: Engine) -> None:
    elsewhere = group(Original_Recipient="", Final_Recipient="rfc822;ann@home.example")
    assert take(ann, dsn(elsewhere, to=verp(delivery(ann, "2026-1")))).kind is Kind.SOFT


def test_an_old_bounce_that_names_somebody_else_is_left_alone(ann: Engine) -> None:
    to = bounce.token(delivery(ann, "2026-1"), SECRET).encode()
    ours = QMAIL.replace(bounce.token(1, SECRET).encode(), to)
    assert take(ann, ours.replace(b"<ann@", b"<bob@")).fate is Fate.LEFT_ALONE
    assert take(ann, ours).kind is Kind.SOFT


def test_of_several_others_the_mildest_word_is_taken() -> None:
    bob = Said(kind=Kind.HARD, recipients=("bob@example.org",))
    eve = Said(kind=Kind.DELAYED, recipients=("eve@example.org",))
    assert bouncing.about(Report(said=(bob, eve)), "ann@example.org") == eve


def paused(engine: Engine) -> str:
    with engine.begin() as db:
        return str(db.scalar(select(channels.c.reason).where(channels.c.name == "mail")) or "")


def wave(engine: Engine, issue: str, number: int) -> None:
    """Hard bounces of the first so many readers; every one of them is noted before any counts."""
    for reader in ["ann@example.org", *(f"reader{n}@example.org" for n in range(1, number))]:
        to = verp(delivery(engine, issue, reader))
        about = {"Original_Recipient": f"rfc822;{reader}", "Final_Recipient": f"rfc822;{reader}"}
        take(engine, dsn(group(**about), to=to))


@pytest.fixture
def crowd(engine: Engine) -> Engine:
    """A store in which 60 readers have been sent two issues."""
    readers(engine, 60)
    send(engine, "2026-1", "2026-2")
    return engine


def test_where_everybody_bounces_the_channel_is_paused_and_nobody_stopped(crowd: Engine) -> None:
    comes_back(crowd, "2026-1")
    wave(crowd, "2026-2", 20)
    found = bouncing.weigh(crowd, at=NOW + timedelta(hours=2))
    assert (found.paused, found.aside, found.stopped) == (("mail",), 20, 0)
    assert paused(crowd).startswith("20 of 60 copies of 2026-2 came back")
    assert standing(crowd) == Standing.CONFIRMED


def test_nineteen_bounces_are_no_wave(crowd: Engine) -> None:
    wave(crowd, "2026-2", 19)
    assert bouncing.weigh(crowd, at=NOW + timedelta(hours=2)).paused == ()
    assert paused(crowd) == ""


def test_who_was_stopped_before_the_wave_showed_is_back(crowd: Engine) -> None:
    comes_back(crowd, "2026-1")
    comes_back(crowd, "2026-2")
    assert standing(crowd) == Standing.STOPPED
    wave(crowd, "2026-2", 20)
    bouncing.weigh(crowd, at=NOW + timedelta(hours=2))
    assert standing(crowd) == Standing.CONFIRMED
    with crowd.begin() as db:
        assert suppressions.reason(db, "ann@example.org") == ""


def test_who_complained_after_they_were_stopped_stays_stopped(crowd: Engine) -> None:
    comes_back(crowd, "2026-1")
    comes_back(crowd, "2026-2")
    with crowd.begin() as db:
        token = {row.address_key: row.token for row in subscribers.everyone(db)}["ann@example.org"]
    original = ORIGINAL.replace("Return-Path: ", "X-Was: ").replace(LEAVING, token)
    assert take(crowd, arf(original=original)).kind is Kind.COMPLAINT
    wave(crowd, "2026-2", 20)
    bouncing.weigh(crowd, at=NOW + timedelta(hours=2))
    assert standing(crowd) == Standing.STOPPED


def test_a_channel_that_a_person_resumed_is_not_paused_again_by_the_same_wave(
    crowd: Engine,
) -> None:
    wave(crowd, "2026-2", 20)
    bouncing.weigh(crowd, at=NOW + timedelta(hours=2))
    with crowd.begin() as db:
        pacing.resume(db, "mail")
    wave(crowd, "2026-2", 25)
    found = bouncing.weigh(crowd, at=NOW + timedelta(hours=4))
    assert (found.paused, found.aside, paused(crowd)) == ((), 5, "")


def test_a_person_may_believe_a_wave(crowd: Engine) -> None:
    wave(crowd, "2026-2", 20)
    bouncing.weigh(crowd, at=NOW + timedelta(hours=2))
    assert bouncing.believe("2026-2", "mail", engine=crowd, at=NOW) == (20, 20)
    assert standing(crowd) == Standing.STOPPED
    wave(crowd, "2026-2", 25)
    assert bouncing.weigh(crowd, at=NOW + timedelta(hours=4)).aside == 0
    assert standing(crowd) == Standing.STOPPED
