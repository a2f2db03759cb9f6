"""Why a reader did or did not get an issue, in sentences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.domain.story import Copy, Facts, Happened, Returned, Tried, editions_for, told

FROZEN = datetime(2026, 11, 5, 12, tzinfo=UTC)
JOINED = Happened(at=FROZEN - timedelta(days=9), event="joined", how="form")
EN = Copy(list="readers", lang="en", frozen_at=FROZEN)
TRIED = Tried(at=FROZEN + timedelta(minutes=1), outcome="delivered", words="250 queued as A1")
GOT = replace(EN, state="delivered", tried=(TRIED,))
ANN = Facts(
    address="ann@example.org",
    issue="2026-11",
    default="en",
    taken={"readers": ("en", "de")},
    standing="confirmed",
    events=(JOINED,),
    copies=(EN,),
)
LATER = FROZEN + timedelta(days=1)
BEFORE = FROZEN - timedelta(days=1)


def story(**changes: object) -> str:
    return "\n".join(told(replace(ANN, **changes)))  # type: ignore[arg-type]


def came_back(kind: str, *, aside: bool = False) -> Copy:
    returned = Returned(at=LATER, kind=kind, words="550 5.1.1 no such user", aside=aside)
    return replace(GOT, returned=(returned,))


STORIES: dict[str, tuple[dict[str, object], list[str]]] = {
    "who got it": (
        {"copies": (GOT,)},
        [
            "ann@example.org, 2026-11: got it.",
            "Standing now: confirmed; languages: the site's (en); lists: all.",
            "2026-10-27 12:00  joined the list (form)",
            "On readers, the en edition:",
            "2026-11-05 12:01  delivered: 250 queued as A1",
        ],
    ),
    "nobody of that address": (
        {"standing": None, "events": ()},
        ["ann@example.org was not sent 2026-11: nobody of this address is on the list."],
    ),
    "who was forgotten": (
        {"standing": None, "events": (), "suppressed": "bounced, since 2026-11-01"},
        ["Nothing may be sent to the address: bounced, since 2026-11-01."],
    ),
    "who has not confirmed": (
        {"standing": "unconfirmed", "events": (replace(JOINED, event="asked"),)},
        [
            "was not sent 2026-11: they were asked and have not confirmed.",
            "settled 2026-11-05 12:00, when they had not confirmed.",
        ],
    ),
    "who joined too late": (
        {"events": (replace(JOINED, at=LATER),)},
        ["before they joined; `publisher publish 2026-11` sends them their copy."],
    ),
    "who left before": (
        {
            "standing": "left",
            "events": (JOINED, Happened(at=BEFORE, event="left", how="one click")),
        },
        [
            "was not sent 2026-11: they have left the list.",
            "settled 2026-11-05 12:00, after they had left (2026-11-04 12:00).",
        ],
    ),
    "who was stopped before": (
        {"standing": "stopped", "events": (JOINED, Happened(at=BEFORE, event="stopped"))},
        ["after they were stopped (2026-11-04 12:00)."],
    ),
    "who left later": (
        {
            "standing": "left",
            "copies": (GOT,),
            "events": (JOINED, Happened(at=LATER, event="left")),
        },
        ["ann@example.org, 2026-11: got it.", "Standing now: left;"],
    ),
    "whose edition is not there": (
        {"languages": ("de",)},
        ["On readers: their edition is de, and the issue has not gone out in that."],
    ),
    "who reads another edition": (
        {"languages": ("de",), "copies": (EN, replace(GOT, lang="de"))},
        ["got it.", "languages: de;", "On readers, the de edition:"],
    ),
    "whose list it was not on": (
        {"lists": ("other",)},
        [
            "was not sent 2026-11: it went out on no list that they chose.",
            "On readers: not for them; they chose other.",
        ],
    ),
    "whose choice was another": (
        {},
        ["settled 2026-11-05 12:00, when their choice was another one."],
    ),
    "whose mail came back": (
        {"copies": (came_back("hard"),)},
        [
            "ann@example.org was sent 2026-11, and it came back.",
            "2026-11-06 12:00  it came back, for good: 550 5.1.1 no such user",
        ],
    ),
    "whose mail came back with everybody's": (
        {"copies": (came_back("hard", aside=True),)},
        ["no such user; held against nobody, since much of the issue came back"],
    ),
    "whose mail is late": (
        {"copies": (came_back("delayed"),)},
        ["2026-11: got it.", "their server said that it is late"],
    ),
    "who complained": ({"copies": (came_back("complaint"),)}, ["got it.", "they complained of it"]),
    "whose server refused": (
        {"copies": (replace(GOT, state="refused", tried=(replace(TRIED, outcome="refused"),)),)},
        ["did not get it: their server refused it.", "refused: 250 queued as A1"],
    ),
    "who waits": (
        {"copies": (replace(EN, state="pending"),)},
        ["has not got it yet.", "  pending, not tried yet"],
    ),
    "who left before their copy was sent": (
        {"copies": (replace(EN, state="skipped", reason="the reader has left the list"),)},
        ["did not get it: it was skipped.", "  skipped: the reader has left the list"],
    ),
}


@pytest.mark.parametrize("who", STORIES)
def test_the_story_tells(who: str) -> None:
    changes, lines = STORIES[who]
    found = story(**changes)
    assert [line for line in lines if line not in found] == [], found


@pytest.mark.parametrize(
    ("languages", "editions"),
    [((), ("en",)), (("de",), ("de",)), (("pl",), ("en",)), (("de", "en"), ("en", "de"))],
)
def test_a_readers_editions_follow_from_their_languages(
    languages: tuple[str, ...], editions: tuple[str, ...]
) -> None:
    assert editions_for(languages, taken=("en", "de"), default="en") == editions
