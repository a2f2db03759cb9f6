"""A newsletter's year: each edition out once, corrections where they make no noise, no more."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.auditing import audit, broken
from publisher.storage.engine import connect, migrate, reading
from tests.e2e import year
from tests.e2e.year import Year

JANUARY, FEBRUARY = "2026-02-08-newsletter", "2026-03-05-newsletter"
MAY, JUNE = "2026-06-05-newsletter", "2026-07-05-newsletter"
TRANSLATED = [(JANUARY, "de"), (JANUARY, "it"), (JANUARY, "fr"), (FEBRUARY, "de")]


@pytest.fixture(scope="module")
def gone_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("year")
    engine = connect(f"sqlite:///{folder}/publisher.db")
    migrate(engine)
    found = year.play(engine, folder / "world")
    print("\n".join(found.said))
    yield found
    engine.dispose()


def test_every_edition_is_announced_once_on_each_channel_of_its_language(gone_by: Year) -> None:
    found = gone_by.announced()
    assert set(found.values()) == {1}
    networks = {(n, key) for (n, key) in found if n != "readers"}
    everywhere = {
        (n, f"{key}.en")
        for n in ("feed", "fosstodon", "reddit")
        for key in (JANUARY, FEBRUARY, MAY, JUNE)
    }
    assert networks == everywhere | {("fosstodon", f"{key}.{lang}") for key, lang in TRANSLATED}


def test_every_reader_has_each_issue_in_their_language_once(gone_by: Year) -> None:
    found = sorted(key for n, key in gone_by.announced() if n == "readers")
    originals = [f"{key}.en to ann@en.example" for key in (JANUARY, FEBRUARY, MAY, JUNE)]
    others = [(key, lang) for key, lang in TRANSLATED if lang != "it"]
    assert found == sorted([*originals, *(f"{k}.{n} to ann@{n}.example" for k, n in others)])


def test_translations_answer_the_original(gone_by: Year) -> None:
    answers = [words for words in gone_by.said if "as an answer to the original" in words]
    assert len(answers) == len(TRANSLATED)


def test_what_was_mended_is_edited_where_that_makes_no_noise(gone_by: Year) -> None:
    edited = [words.split()[:2] for words in gone_by.edits()]
    times = {JANUARY: 4, FEBRUARY: 2, MAY: 3}  # two mends of January within minutes are one
    assert sorted(edited) == sorted(
        [f"{n}:", f"{key}.en"]
        for n in ("feed", "fosstodon")
        for key, often in times.items()
        for _ in range(often)
    )


def test_the_wrong_year_went_out_and_the_moved_page_is_linked_to(gone_by: Year) -> None:
    assert any("says 2026-02-08-newsletter.en “Newsletter January 2025”" in w for w in gone_by.said)
    assert "Newsletter January 2026" in gone_by.edits()[0]
    assert gone_by.edits()[0].endswith("/2026/02/newsletter-january-2026/")


def test_what_was_deleted_is_named_and_nothing_else_is_asked(gone_by: Year) -> None:
    [asked] = gone_by.asked()
    assert asked.startswith(f"{JUNE} (en) was taken out of the source after it went out")
    assert gone_by.problems() == []


def test_the_log_of_the_year_breaks_no_invariant(gone_by: Year) -> None:
    with reading(gone_by.engine) as db:
        assert broken(audit(db, at=gone_by.clock())) == []


def test_without_leniency_the_wrong_year_does_not_even_go_out(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    strict = Year(engine=engine, folder=tmp_path / "world")
    year.february(strict)
    said = [words for words in strict.said if "says 2026-02-08" in words]
    assert said
    assert not any("2025" in words for words in said)
    engine.dispose()
