"""Who an edition is stays, whatever its file is called: by an id of its own, or by git."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from publisher import content, watching
from publisher.config import Settings, Source
from publisher.domain.issue import BadSource
from publisher.storage import changes, reports, sightings
from publisher.storage.engine import reading
from tests.publisher.fakes import NOW, SITE, Clock, FakeChannel, configured

TEXT = "---\ntitle: {title}\ndate: 2026-11-01\n{more}---\n\nAll that happened, {name}.\n" + 9 * (
    "It was told at length, and there is no end of it.\n"
)


def settings(tmp_path: Path, source: Source) -> Settings:
    return Settings(
        file=tmp_path / "publisher.toml",
        site=SITE,
        source=source,
        database=URL.create("sqlite"),
        broker="",
        state=tmp_path / "state",
        bind=("127.0.0.1", 0),
        public_url="",
        channels={},
    )


class Author:
    """Writes, renames and commits in a repository; `look` looks at it."""

    def __init__(self, engine: Engine, tmp_path: Path) -> None:
        self.engine, self.clock, self.work = engine, Clock(NOW), tmp_path / "site"
        self.work.mkdir()
        self.git("init", "--quiet")
        source = Source(kind="git", url=str(self.work), path=Path())
        self.settings = settings(tmp_path, source)
        self.write("old.md")
        self.look()

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", *who, *words], cwd=self.work, check=True, capture_output=True)  # noqa: S607

    def write(self, name: str, title: str = "News", more: str = "") -> None:
        text = TEXT.format(title=title, more=more, name=name.partition(".")[0])
        (self.work / name).write_text(text)
        self.commit()

    def rename(self, was: str, now: str) -> None:
        self.git("mv", was, now)
        self.commit()

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "words")

    def look(self) -> int:
        channels = {"fake": configured("fake", FakeChannel(), "en", "de")}
        return watching.look(self.settings, engine=self.engine, channels=channels, now=self.clock)

    @property
    def planned(self) -> list[tuple[str, str]]:
        with reading(self.engine) as db:
            return [(one.issue, one.lang) for one in reports.standings(db)]

    @property
    def problems(self) -> list[str]:
        with reading(self.engine) as db:
            return [problem for _, problem in reports.troubles(db)]


@pytest.fixture
def author(engine: Engine, tmp_path: Path) -> Author:
    return Author(engine, tmp_path)


def test_a_file_that_is_renamed_and_edited_at_once_is_no_news(author: Author) -> None:
    author.git("mv", "old.md", "older.md")
    author.write("older.md", title="Mended")
    assert (author.look(), author.planned, author.problems) == (0, [], [])


def test_a_file_may_be_renamed_again_and_again(author: Author) -> None:
    for number in range(3):
        was = "old.md" if not number else f"name{number - 1}.md"
        author.git("mv", was, f"name{number}.md")
        author.write(f"name{number}.md", title=f"Title {number}")
        assert author.look() == 0


def test_what_changes_in_a_renamed_file_is_a_change_of_the_issue_that_it_was(
    author: Author,
) -> None:
    author.write("new.md")
    assert author.look() == 1
    author.git("mv", "new.md", "newer.md")
    author.write("newer.md", title="Mended")
    assert author.look() == 0
    with reading(author.engine) as db:
        [noted] = changes.open_(db)
        known = sightings.renames(db)
    assert (noted.issue, noted.asks) == ("new", "")
    [found] = content.editions(author.settings, "new", known)
    assert (found.key, found.title) == ("new", "Mended")


def test_a_translation_that_did_not_pair_goes_out_once_its_name_is_mended(author: Author) -> None:
    author.write("new.md")
    author.look()
    author.write("new_.de.md")
    assert author.look() == 0
    assert "is the de edition of new_, which has no en one" in author.problems[0]
    author.rename("new_.de.md", "new.de.md")
    assert author.look() == 1
    assert author.planned == [("new", "de"), ("new", "en")]


def test_a_new_issue_that_takes_the_place_of_one_that_was_renamed_is_named(author: Author) -> None:
    author.rename("old.md", "older.md")
    author.look()
    author.write("old.md", title="Another")
    assert author.look() == 0
    assert "is the same edition as" in author.problems[0]


def test_a_file_that_takes_the_name_of_a_deleted_issue_stays_who_it_was(author: Author) -> None:
    author.write("new.md")
    author.look()
    (author.work / "new.md").unlink()
    author.commit()
    author.look()
    author.rename("old.md", "new.md")
    assert author.look() == 0
    with reading(author.engine) as db:
        [noted] = changes.open_(db)
    assert (noted.issue, noted.is_withdrawn) == ("new", True)


def test_an_id_in_the_head_wins_over_the_name(author: Author) -> None:
    author.write("new.md", more="publisher_id: letter-7\n")
    assert author.look() == 1
    assert author.planned == [("letter-7", "en")]
    (author.work / "new.md").unlink()
    author.write("other.md", title="Other", more="publisher_id: letter-7\n")
    assert author.look() == 0


def test_two_files_with_one_id_are_named(author: Author) -> None:
    for name in ("one", "two"):
        author.write(f"{name}.md", more="publisher_id: letter-7\n")
    assert author.look() == 0
    assert "is the same edition as" in author.problems[0]


def test_an_id_that_is_none_is_named_with_its_line(author: Author) -> None:
    path = author.work / "new.md"
    author.write("new.md", more="publisher_id: 'no id'\n")
    author.look()
    place = str(author.settings.state / "source" / "new.md")
    assert author.problems[0].startswith(f"{place}:4: publisher_id is no id: no id")
    with pytest.raises(BadSource, match="publisher_id is no id"):
        content.read(author.settings, path)


def test_a_forced_push_is_named_and_sends_nothing(author: Author) -> None:
    author.write("new.md")
    author.look()
    author.git("commit", "--quiet", "--amend", "-m", "other words")
    assert author.look() == 0
    assert "it was rewritten (a forced push)" in author.problems[0]


def test_another_machine_knows_what_was_renamed(author: Author, tmp_path: Path) -> None:
    author.git("mv", "old.md", "older.md")
    author.write("older.md", title="Mended")
    author.look()
    author.settings = replace(author.settings, state=tmp_path / "elsewhere")
    assert (author.look(), author.problems) == (0, [])
