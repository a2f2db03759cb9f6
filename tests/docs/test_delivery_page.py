"""Whether the page about delivery says what the state machine does."""

import re
from datetime import timedelta

from publisher.domain.delivery import BACKOFF, LEASE, SETTLING, TRANSITIONS, State
from publisher.domain.oddity import INVARIANTS
from tests.docs.pages import DOCS, snippets

PAGE = (DOCS / "delivery.md").read_text(encoding="utf-8")
UNITS = {"s": "seconds", "min": "minutes", "h": "hours"}


def test_the_state_diagram_has_every_way_and_no_other() -> None:
    [diagram] = [s.text for s in snippets("mermaid") if s.page == "docs/delivery.md"]
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", diagram, re.MULTILINE))
    assert drawn == {(str(was), str(now)) for was, ways in TRANSITIONS.items() for now in ways}


def test_the_diagram_ends_where_nothing_leads_on() -> None:
    [diagram] = [s.text for s in snippets("mermaid") if s.page == "docs/delivery.md"]
    final = set(re.findall(r"^ +(\w+) --> \[\*\]", diagram, re.MULTILINE))
    assert final == {str(state) for state, ways in TRANSITIONS.items() if not ways}


def test_every_state_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert set(State) <= set(explained)


def test_the_back_off_is_the_programs() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) (s|min|h) \|$", PAGE, re.MULTILINE)
    said = [timedelta(**{UNITS[unit]: int(number)}) for _, number, unit in rows]
    assert [int(attempt) for attempt, *_ in rows] == list(range(1, len(BACKOFF) + 1))
    assert tuple(said) == BACKOFF


def test_the_times_in_words_are_the_programs() -> None:
    assert (LEASE, "**lease** of ten minutes" in PAGE) == (timedelta(minutes=10), True)
    assert (SETTLING, "less than thirty seconds" in PAGE) == (timedelta(seconds=30), True)


def test_the_invariants_are_the_programs() -> None:
    section = PAGE.partition("## The invariants")[2].partition("\n## ")[0]
    said = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    known = [(rule.name, rule.statement, rule.remedy) for rule in INVARIANTS.values()]
    assert sorted(said) == sorted(known)
