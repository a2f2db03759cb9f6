"""Looking at a source: old news stays old, news is released once, trouble is named."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from publisher import fencing, novelty, publishing, watching
from publisher.config import Settings, Source
from publisher.storage import reports, sightings
from tests.publisher.fakes import NOW, SITE, Clock, FakeChannel, configured, edition

TEXT = "---\ntitle: {title}\ndate: {date}\n{more}---\n\nAll that happened in {name}.\n"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    folder.mkdir()
    return folder


def write(
    path: Path, title: str = "News", date: str = "2026-11-01", more: str = "", age: float = 60
) -> None:
    text = TEXT.format(title=title, date=date, more=more, name=path.stem)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time.time() - age, time.time() - age))


@pytest.fixture
def look(engine: Engine, content: Path, tmp_path: Path) -> Callable[..., int]:
    def looking(
        folder: Path = content, clock: Clock | None = None, source: Source | None = None
    ) -> int:
        settings = Settings(
            file=tmp_path / "publisher.toml",
            site=SITE,
            source=source or Source(kind="folder", path=folder),
            database=URL.create("sqlite"),
            broker="",
            state=tmp_path / "state",
            bind=("127.0.0.1", 0),
            public_url="",
            channels={},
        )
        channels = {"fake": configured("fake", FakeChannel(), "en", "de")}
        return watching.look(settings, engine=engine, channels=channels, now=clock or Clock(NOW))

    return looking


Look = Callable[..., int]


def planned(engine: Engine) -> list[tuple[str, str]]:
    with engine.begin() as db:
        return [(s.issue, s.lang) for s in reports.standings(db)]


def problems(engine: Engine) -> list[str]:
    with engine.begin() as db:
        return [problem for _, problem in reports.troubles(db)]


def test_the_first_look_takes_all_as_old_news(engine: Engine, content: Path, look: Look) -> None:
    for number in range(164):
        write(content / f"issue-{number:03}.md")
    assert look() == 0
    assert look() == 0
    assert planned(engine) == []


def test_a_new_file_is_released_once(engine: Engine, content: Path, look: Look) -> None:
    write(content / "old.md")
    look()
    write(content / "new.md")
    write(content / "new.de.md")
    assert look() == 2
    assert look() == 0
    assert planned(engine) == [("new", "de"), ("new", "en")]


def test_many_looks_at_once_release_it_once(engine: Engine, content: Path, look: Look) -> None:
    look()
    write(content / "new.md")
    with ThreadPoolExecutor(max_workers=6) as pool:
        assert sum(pool.map(lambda _: look(), range(6))) == 1


def test_a_changed_old_file_is_not_news(engine: Engine, content: Path, look: Look) -> None:
    write(content / "old.md")
    look()
    write(content / "old.md", title="Mended")
    assert look() == 0


def test_a_late_translation_goes_out_alone(engine: Engine, content: Path, look: Look) -> None:
    write(content / "issue.md")
    look()
    write(content / "issue.de.md", date="2026-10-01")
    assert look() == 1
    assert planned(engine) == [("issue", "de")]


def test_a_folder_that_moved_is_a_first_contact(engine: Engine, content: Path, look: Look) -> None:
    write(content / "old.md")
    look()
    elsewhere = content.rename(content.with_name("elsewhere"))
    write(elsewhere / "another.md")
    assert look(elsewhere) == 0
    assert look(elsewhere) == 0
    assert planned(engine) == []


def test_what_comes_with_a_folder_that_moved_is_named_and_not_sent(
    engine: Engine, content: Path, look: Look
) -> None:
    write(content / "old.md")
    look()
    elsewhere = content.rename(content.with_name("elsewhere"))
    write(elsewhere / "another.md")
    look(elsewhere)
    assert held_back(engine) == [("another", novelty.MOVED)]
    write(elsewhere / "next.md")
    assert look(elsewhere) == 1


def test_an_archive_of_164_issues_that_moved_is_neither_sent_nor_named(
    engine: Engine, content: Path, look: Look
) -> None:
    deep = content / "blog"
    deep.mkdir()
    for number in range(164):
        write(deep / f"issue-{number:03}.md")
    assert [look(), look(deep), look(), look(deep)] == [0, 0, 0, 0]  # the keys change, too
    assert planned(engine) == []
    assert held_back(engine) == []


def test_another_archive_beside_an_issue_that_is_known_is_not_named(
    engine: Engine, content: Path, look: Look
) -> None:
    write(content / "old.md")
    look()
    elsewhere = content.rename(content.with_name("elsewhere"))
    for number in range(novelty.AT_MOST + 1):
        write(elsewhere / f"another-{number}.md")
    assert look(elsewhere) == 0
    assert held_back(engine) == []


def test_an_issue_that_was_seen_before_its_folder_moved_is_no_news_after_it_was_a_draft(
    engine: Engine, content: Path, look: Look
) -> None:
    write(content / "old.md")
    look()
    elsewhere = content.rename(content.with_name("elsewhere"))
    write(elsewhere / "old.md", more="draft: true\n")
    look(elsewhere)
    write(elsewhere / "old.md", title="Mended")
    assert look(elsewhere) == 0
    assert held_back(engine) == [("old", novelty.MOVED)]


def test_a_file_that_is_still_being_written_waits(content: Path, look: Look) -> None:
    look()
    write(content / "new.md", age=0)
    assert look() == 0
    write(content / "new.md", age=5)
    assert look() == 1


def test_a_file_of_a_repository_is_whole_and_does_not_wait(content: Path, look: Look) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *who, *words], cwd=content, check=True, capture_output=True)  # noqa: S607

    def commit(name: str) -> None:
        write(content / name)
        git("add", ".")
        git("commit", "--quiet", "-m", name)

    git("init", "--quiet")
    commit("old.md")
    repository = Source(kind="git", url=str(content), path=Path())
    now = Clock(datetime.now(UTC))  # the checkout's files are of this moment
    look(source=repository, clock=now)
    commit("new.md")
    assert look(source=repository, clock=now) == 1


def test_a_file_from_the_future_is_named_and_waits(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write(content / "new.md", age=-3600)
    assert look() == 0
    assert "this machine's future; set the clock" in problems(engine)[0]
    write(content / "new.md")
    assert look() == 1


def test_a_translation_without_its_original_is_named_and_waits(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write(content / "2026-11_news.de.md")
    write(content / "2026-11-news.md")
    assert look() == 1
    assert "is the de edition of 2026-11_news, which has no en one" in problems(engine)[0]
    (content / "2026-11_news.de.md").rename(content / "2026-11-news.de.md")
    assert look() == 1


@pytest.mark.parametrize("head", ["", "---\ntitle: News\ndate: 2026-11-01\n---\n\n"])
def test_a_merge_conflict_is_named_and_the_others_go_on(
    engine: Engine, content: Path, look: Look, head: str
) -> None:
    look()
    write(content / "good.md")
    both = "<<<<<<< HEAD\nOurs.\n=======\nTheirs.\n>>>>>>> theirs\n"
    (content / "new.md").write_text(head + both)
    os.utime(content / "new.md", (0, 0))
    assert look() == 1
    assert re.search(r"new.md:\d: .*merge conflict — decide", problems(engine)[0])
    write(content / "new.md")
    assert look() == 1


def test_a_draft_is_news_once_it_is_none(content: Path, look: Look) -> None:
    write(content / "new.md", more="draft: true\n")
    assert (look(), look()) == (0, 0)
    write(content / "new.md")
    assert look() == 1


def test_an_issue_of_tomorrow_waits_for_its_day(content: Path, look: Look) -> None:
    write(content / "new.md", date="2026-11-06")
    clock = Clock(NOW)
    assert (look(clock=clock), look(clock=clock)) == (0, 0)
    clock.forward(days=1)
    assert look(clock=clock) == 1


def test_the_page_of_a_section_is_neither_news_nor_trouble(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write(content / "_index.md")
    write(content / "_index.de.md")
    assert look() == 0
    assert problems(engine) == []


def test_a_release_of_its_own_holds_an_issue_whose_date_has_come(content: Path, look: Look) -> None:
    look()
    write(content / "new.md", more="publishDate: 2100-01-01\n")
    assert look() == 0
    write(content / "new.md", date="2100-01-01", more="publishDate: 2026-11-01\n")
    assert look() == 1


def test_an_issue_that_has_expired_is_held_back_and_a_person_is_told(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write(content / "new.md", more="expiryDate: 2026-11-02\n")
    assert look() == 0
    assert held_back(engine) == [("new", "it expired on 2026-11-02")]
    write(content / "later.md", more="expiryDate: 2100-01-01\n")
    assert look() == 1


def test_a_file_that_is_no_issue_is_named_and_the_others_go_on(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write(content / "good.md")
    (content / "bad.md").write_bytes(b"---\ntitle: \xff\n---\n")
    os.utime(content / "bad.md", (0, 0))
    assert look() == 1
    [problem] = problems(engine)
    assert "bad.md" in problem
    write(content / "bad.md")
    assert look() == 1
    assert problems(engine) == []


def held_back(engine: Engine) -> list[tuple[str, str]]:
    with engine.begin() as db:
        return [(issue, why) for _, issue, why in sightings.held_back(db, since=NOW)]


def test_a_flood_is_held_back_for_good_and_a_person_is_told(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    for number in range(novelty.AT_MOST + 1):
        write(content / f"issue-{number}.md")
    assert look() == 0
    (content / "issue-0.md").unlink()
    assert look() == 0  # fewer of them are no less of a flood
    assert held_back(engine)[1] == ("issue-1", "it was one of 6 new issues at once")
    write(content / "later.md")
    assert look() == 1


def test_a_renamed_file_is_no_news(engine: Engine, content: Path, look: Look) -> None:
    write(content / "old.md")
    look()
    (content / "old.md").rename(content / "renamed.md")
    assert look() == 0
    assert held_back(engine) == [("renamed", "it has the very text of old")]


def test_a_first_look_that_saw_nothing_is_none(engine: Engine, content: Path, look: Look) -> None:
    away = content.rename(content.with_name("away"))
    assert look() == 0  # not mounted yet
    write(away / "old.md")
    away.rename(content)
    assert (look(), look()) == (0, 0)
    write(content / "new.md")
    assert look() == 1


def test_a_head_without_a_body_waits_for_it(engine: Engine, content: Path, look: Look) -> None:
    look()
    path = content / "new.md"
    path.write_text("---\ntitle: News\ndate: 2026-11-01\n---\n")
    os.utime(path, (0, 0))
    assert look() == 0
    assert "has no text yet" in problems(engine)[0]
    write(path)
    assert look() == 1


def test_a_file_name_that_is_no_text_is_named_and_the_others_go_on(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write(content / "bad.md")
    (content / "bad.md").rename(content / os.fsdecode(b"\xffbad.md"))
    write(content / "good.md")
    assert look() == 1
    assert "bad.md" in problems(engine)[0]


def test_two_files_with_one_identity_are_named(engine: Engine, content: Path, look: Look) -> None:
    look()
    write(content / "issue.md")
    (content / "issue").mkdir()
    write(content / "issue" / "index.md")
    assert (look(), look()) == (0, 0)
    assert "is the same edition as" in problems(engine)[0]
    (content / "issue" / "index.md").unlink()
    assert look() == 1


def test_a_folder_that_vanished_is_trouble_and_no_news(
    engine: Engine, content: Path, look: Look
) -> None:
    write(content / "old.md")
    look()
    moved = content.rename(content.with_name("away"))
    assert look() == 0
    assert "there is no such folder" in problems(engine)[0]
    moved.rename(content)
    assert look() == 0
    assert planned(engine) == []


WRONG = "[all that happened](TODO)"


def write_wrong(path: Path) -> None:
    write(path)
    path.write_text(path.read_text() + WRONG + "\n")
    os.utime(path, (0, 0))


def test_an_issue_with_errors_waits_until_it_is_mended(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    write_wrong(content / "new.md")
    assert (look(), look()) == (0, 0)
    [problem] = problems(engine)
    assert "new.md:7: placeholder-link: TODO — put the address in" in problem
    assert "--despite-errors" in problem
    write(content / "new.md")
    assert look() == 1
    assert problems(engine) == []


def test_an_issue_with_errors_that_a_person_published_is_no_problem_any_more(
    engine: Engine, content: Path, look: Look, tmp_path: Path
) -> None:
    look()
    write_wrong(content / "new.md")
    look()
    with engine.begin() as db:
        channels = {"fake": configured("fake", FakeChannel())}
        publishing.plan([edition("new")], db=db, channels=channels, at=NOW)
    assert look() == 0
    assert problems(engine) == []
    write(content / "new.md")
    assert look() == 0


def test_an_issue_with_errors_keeps_no_other_from_going_out(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    for number in range(novelty.AT_MOST + 1):
        write_wrong(content / f"wrong-{number}.md")
    write(content / "new.md")
    assert look() == 1
    assert planned(engine) == [("new", "en")]


def test_in_a_flood_what_has_errors_is_held_back_with_the_others(
    engine: Engine, content: Path, look: Look
) -> None:
    look()
    for number in range(novelty.AT_MOST + 1):
        write(content / f"issue-{number}.md")
    write_wrong(content / "wrong.md")
    assert look() == 0
    assert problems(engine) == []
    write(content / "wrong.md")
    assert look() == 0


def test_what_an_adopted_store_finds_new_is_named_and_not_sent(
    engine: Engine, content: Path, look: Look, tmp_path: Path
) -> None:
    write(content / "old.md")
    look()
    write(content / "lost.md")
    witness = fencing.Witness(path=tmp_path / "witness")
    fencing.recognise(engine, witness, at=NOW)
    fencing.adopt(engine, witness, at=NOW)
    assert look() == 0
    with engine.begin() as db:
        held_back = sightings.held_back(db, since=NOW)
    assert [(issue, why) for _, issue, why in held_back] == [("lost", novelty.AWAY)]
    write(content / "next.md")
    assert look() > 0
    assert planned(engine) == [("next", "en")]
