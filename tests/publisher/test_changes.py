"""What changes at the source after its release is carried in silence, or a person is asked."""

import os
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from publisher import content, correcting, publishing, releasing, subscribing, watching
from publisher.auditing import audit, broken
from publisher.config import Settings, Source
from publisher.domain.channel import Post, Receipt, TryLater
from publisher.domain.correction import Change
from publisher.domain.correction import Rules as Corrections
from publisher.domain.lint import Rules as LintRules
from publisher.domain.plan import AT_ONCE, Rules
from publisher.publishing import Worker
from publisher.registry import Configured
from publisher.releasing import Site
from publisher.storage import changes
from publisher.storage.engine import reading
from tests.publisher.fakes import (
    NOW,
    SITE,
    Clock,
    FakeChannel,
    FakeMailing,
    configured,
    work,
    worker,
)

TEXT = "All that happened in the community, told at some length by those who saw it.\n"


@dataclass
class Wall(FakeChannel):
    """A network whose posts can be edited; `busy` is how often it fails before."""

    edits: list[str] = field(default_factory=list)
    busy: int = 0

    def render(self, edition: object) -> Post:
        post = super().render(edition)  # type: ignore[arg-type]
        return replace(post, url="https://fake.example/" + post.key)

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        if self.busy:
            self.busy -= 1
            raise TryLater("busy")
        self.edits.append(post.title)
        return receipt


@dataclass
class Desk:
    """A folder of issues, and the service that looks after it, at a clock of its own."""

    engine: Engine
    folder: Path
    clock: Clock = field(default_factory=Clock)
    wall: Wall = field(default_factory=Wall)
    corrections: Corrections = field(default_factory=Corrections)
    rules: Rules = AT_ONCE
    page: str = ""
    lenient: frozenset[str] = frozenset()
    more: dict[str, Configured] = field(default_factory=dict)

    def write(self, name: str, title: str, more: str = "", text: str = TEXT) -> None:
        path = self.folder / f"{name}.md"
        path.write_text(f"---\ntitle: {title}\ndate: 2026-11-01\n{more}---\n\n{text}\n{name}\n")
        os.utime(path, (time.time() - 60,) * 2)

    @property
    def settings(self) -> Settings:
        return Settings(
            file=self.folder.parent / "publisher.toml",
            site=SITE,
            source=Source(kind="folder", path=self.folder),
            database=URL.create("sqlite"),
            broker="",
            state=self.folder.parent / "state",
            bind=("127.0.0.1", 0),
            public_url="",
            channels={},
            corrections=self.corrections,
            lint=LintRules(warnings=self.lenient),
        )

    @property
    def worker(self) -> Worker:
        channels = {"wall": configured("wall", self.wall), **self.more}
        return replace(worker(self.engine, self.clock), channels=channels)

    @property
    def site(self) -> Site:
        return Site(
            engine=self.engine,
            channels=self.worker.channels,
            rules=self.rules,
            edition=lambda issue, lang: content.edition(self.settings, issue, lang),
            errors=lambda found: content.stopped_by(self.settings, found, self.worker.channels),
            unproven=lambda _: self.page,
            now=self.clock,
        )

    def turn(self, **length: float) -> None:
        """Let time go by, then look, send and correct."""
        self.clock.forward(**length)
        known = {"channels": self.worker.channels, "now": self.clock}
        watching.look(self.settings, engine=self.engine, **known)  # type: ignore[arg-type]
        releasing.go_on(self.site)
        work(self.worker)
        correcting.go_on(self.site)

    def asked(self) -> list[str]:
        with reading(self.engine) as db:
            return [f"{noted.issue} {noted.asks or noted.trouble}" for noted in changes.open_(db)]


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    """A desk at which one issue went out, titled "Novembre"."""
    folder = tmp_path / "content"
    folder.mkdir()
    made = Desk(engine=engine, folder=folder)
    made.write("old", "Old")
    made.turn()
    made.write("new", "Novembre")
    made.turn()
    assert [post.title for post in made.wall.out_there] == ["Novembre"]
    return made


def test_a_change_is_carried_once_it_stays_for_a_while(desk: Desk) -> None:
    desk.write("new", "November")
    desk.turn(minutes=1)
    desk.turn(minutes=4)
    assert desk.wall.edits == []
    desk.turn(minutes=1)
    desk.turn(minutes=10)
    assert (desk.wall.edits, len(desk.wall.out_there), desk.asked()) == (["November"], 1, [])
    with reading(desk.engine) as db:
        assert broken(audit(db, at=desk.clock())) == []


def test_many_changes_in_a_row_are_one_edit(desk: Desk) -> None:
    for title in ("One", "Two", "Three"):
        desk.write("new", title)
        desk.turn(minutes=3)
    desk.turn(minutes=6)
    assert desk.wall.edits == ["Three"]


def test_a_change_that_is_taken_back_edits_nothing(desk: Desk) -> None:
    desk.write("new", "November")
    desk.turn(minutes=1)
    desk.write("new", "Novembre")
    desk.turn(minutes=10)
    assert (desk.wall.edits, desk.asked()) == ([], [])


def test_an_old_issue_may_change_as_it_likes(desk: Desk) -> None:
    desk.write("old", "Older")
    desk.turn(minutes=10)
    desk.clock.forward(days=31)
    desk.write("new", "November")
    desk.turn(minutes=10)
    assert (desk.wall.edits, desk.asked()) == ([], [])


def test_more_than_five_issues_at_once_ask_a_person(desk: Desk) -> None:
    names = [f"issue{number}" for number in range(6)]
    for name in names:
        desk.write(name, name)
        desk.turn()
    for name in names:
        desk.write(name, f"{name} tidied")
    desk.turn()
    desk.turn(minutes=10)
    assert desk.wall.edits == []
    remedy = "with 5 others; `publisher correct issue0` carries it all the same"
    assert desk.asked()[0] == f"issue0 was changed after it went out, {remedy}"


def test_another_text_altogether_asks_a_person(desk: Desk) -> None:
    desk.write("new", "Novembre", text="Here something else altogether is told to everybody. " * 3)
    desk.turn()
    desk.turn(minutes=10)
    assert "of its words are others" in desk.asked()[0]
    assert desk.wall.edits == []


def test_a_head_can_say_that_a_change_is_for_nobody(desk: Desk) -> None:
    desk.write("new", "November", more="correction: false\n")
    desk.turn()
    desk.turn(minutes=10)
    assert (desk.wall.edits, desk.asked()) == ([], [])


def test_a_site_can_have_a_person_asked_always(desk: Desk) -> None:
    desk.corrections = Corrections(automatic=False)
    desk.write("new", "November")
    desk.turn()
    desk.turn(minutes=10)
    assert desk.wall.edits == []
    assert "`publisher correct new` carries it" in desk.asked()[0]


def test_a_change_with_errors_is_not_carried(desk: Desk) -> None:
    desk.write("new", "November", text=TEXT + "{{< nobody-knows >}}\n")
    desk.turn()
    desk.turn(minutes=10)
    assert desk.wall.edits == []


def test_what_becomes_a_draft_is_named_and_stays(desk: Desk) -> None:
    desk.write("new", "Novembre", more="draft: true\n")
    desk.turn()
    desk.turn(minutes=10)
    assert "new is a draft again after it went out; nothing was taken down" in desk.asked()[0]
    assert (desk.wall.edits, len(desk.wall.out_there)) == ([], 1)


def test_what_is_deleted_is_named_and_stays_and_may_come_back(desk: Desk) -> None:
    (desk.folder / "new.md").unlink()
    desk.turn()
    assert "new was taken out of the source after it went out" in desk.asked()[0]
    desk.write("new", "Novembre")
    desk.turn(minutes=10)
    assert (desk.wall.edits, len(desk.wall.out_there), desk.asked()) == ([], 1, [])


def test_a_renamed_file_is_not_called_deleted(desk: Desk) -> None:
    (desk.folder / "new.md").rename(desk.folder / "newer.md")
    desk.turn(minutes=10)
    assert (desk.asked(), len(desk.wall.out_there)) == ([], 1)


def test_a_changed_page_is_waited_for(desk: Desk) -> None:
    desk.rules, desk.page = Rules(), "answers 404"
    desk.write("new", "November")
    desk.turn()
    desk.turn(minutes=6)
    assert (desk.wall.edits, desk.asked()) == ([], ["new answers 404"])
    desk.page = ""
    desk.turn(minutes=2)
    assert desk.wall.edits == ["November"]


def test_a_network_that_is_busy_is_tried_again(desk: Desk) -> None:
    desk.wall.busy = 2
    desk.write("new", "November")
    desk.turn()
    for _ in range(3):
        desk.turn(minutes=6)
    assert (desk.wall.edits, desk.asked()) == (["November"], [])


def test_a_network_that_stays_busy_is_left_to_a_person(desk: Desk) -> None:
    desk.wall.busy = 100
    desk.write("new", "November")
    for _ in range(20):
        desk.turn(hours=2)
    assert "that cannot be carried: wall: busy" in desk.asked()[0]
    assert desk.wall.busy > 80


def test_a_change_is_carried_by_one_of_many(desk: Desk) -> None:
    desk.write("new", "November")
    desk.turn()
    desk.clock.forward(minutes=6)
    with desk.engine.begin() as db:
        later = desk.clock()
        [noted] = changes.due(db, at=later)
        until = later + timedelta(minutes=1)
        assert changes.claim(db, noted, at=later, until=until)
        assert not changes.claim(db, noted, at=later, until=until)


def test_what_changed_between_two_channels_is_carried_to_the_first(desk: Desk) -> None:
    desk.write("new", "November")
    other = configured("other", Wall())
    found = content.editions(desk.settings, "new")
    with desk.engine.begin() as db:
        publishing.plan(found, db=db, channels={"other": other}, at=NOW)
    desk.turn(minutes=1)
    assert desk.wall.edits == ["November"]


def test_a_correction_for_readers_is_offered_and_not_sent(engine: Engine, desk: Desk) -> None:
    desk.corrections = Corrections()
    subscribing.add(["ann@one.example"], engine=engine)
    desk.more = {"mail": configured("mail", FakeMailing())}
    desk.write("letter", "Letter")
    desk.turn()
    desk.write("letter", "Letter", more="correction: The meeting is on the 12th.\n")
    desk.turn()
    desk.turn(minutes=6)
    assert "`publisher correct letter --tell` mails what was wrong" in desk.asked()[0]
    assert len(desk.more["mail"].channel.out_there) == 1  # type: ignore[attr-defined]


def test_what_is_changing_still_is_not_carried(desk: Desk) -> None:
    desk.write("new", "November")
    desk.turn()
    desk.clock.forward(minutes=6)
    desk.write("new", "November, half-way")  # which no look has seen
    correcting.go_on(desk.site)
    assert (desk.wall.edits, desk.asked()) == ([], ["new it is changing still"])


def test_who_sees_a_change_again_does_not_put_it_off(desk: Desk) -> None:
    change = Change(issue="new", lang="en", revision="2")
    with desk.engine.begin() as db:
        for minutes in (0, 3):
            at = NOW + timedelta(minutes=minutes)
            changes.see(db, change, at=at, due=at + timedelta(minutes=5))
        assert len(changes.due(db, at=NOW + timedelta(minutes=5))) == 1


def test_a_channel_that_was_taken_out_of_the_configuration_holds_no_change_up(desk: Desk) -> None:
    desk.more = {"other": configured("other", Wall())}
    desk.write("letter", "Letter")
    desk.turn()
    desk.more = {}
    desk.write("letter", "Letter, mended")
    desk.turn()
    desk.turn(minutes=6)
    assert (desk.wall.edits, desk.asked()) == (["Letter, mended"], [])


def test_a_correction_of_one_channel_leaves_the_others_to_be_carried(desk: Desk) -> None:
    desk.more = {"other": configured("other", Wall())}
    desk.write("letter", "Letter")
    desk.turn()
    desk.write("letter", "Letter, mended")
    desk.turn()
    found = content.editions(desk.settings, "letter")
    known = {"engine": desk.engine, "channels": desk.worker.channels, "now": desk.clock}
    list(correcting.correct(found, **known, only=["other"]))  # type: ignore[arg-type]
    desk.turn(minutes=6)
    assert desk.wall.edits == ["Letter, mended"]


def test_an_error_that_is_none_here_asks_nobody(desk: Desk) -> None:
    desk.lenient = frozenset({"title-year-differs-from-date"})
    desk.write("new", "November 2024")
    desk.turn()
    desk.turn(minutes=6)
    assert (desk.wall.edits, desk.asked()) == (["November 2024"], [])
