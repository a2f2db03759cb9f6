"""What the files beside an edition tell of it."""

from pathlib import Path

from publisher.rendering.findings.neighbours import beside, folder_of, neighbours
from publisher.rendering.reading import read_edition
from tests.publisher.rendering.sources import SITE, written

HEAD = "---\ntitle: {title}\ndate: {date}\nsummary: All.\n---\n\nText.\n"


def write(folder: Path, name: str, title: str = "", date: str = "") -> None:
    text = HEAD.format(title=title or f"Issue {name}", date=date or name[:10])
    written(folder, text, name=name)


def found(folder: Path, name: str) -> list[tuple[str, int]]:
    path = folder / name
    edition = read_edition(path, root=folder, site=SITE, static=None)
    around = neighbours(folder_of(path), root=folder, default_language="en")
    return [(finding.kind, finding.line) for finding in beside(edition, around).warnings]


def test_a_translation_named_as_its_original_pairs(tmp_path: Path) -> None:
    write(tmp_path, "2026-06-05-letter.md")
    write(tmp_path, "2026-06-05-letter.de.md")
    assert found(tmp_path, "2026-06-05-letter.md") == []
    assert found(tmp_path, "2026-06-05-letter.de.md") == []


def test_a_translation_with_another_mark_in_its_name_does_not_pair(tmp_path: Path) -> None:
    for name in ("2026-05-05-letter.md", "2026-06-05-letter.md", "2026-06-05_letter.de.md"):
        write(tmp_path, name)
    broken = [("filename-pattern-breaks-translation-pairing", 1)]
    assert found(tmp_path, "2026-06-05_letter.de.md") == broken
    assert found(tmp_path, "2026-06-05-letter.md") == []


def test_a_translation_of_another_day_has_no_original(tmp_path: Path) -> None:
    write(tmp_path, "2026-06-05-letter.md")
    write(tmp_path, "2026-06-07-letter.it.md")
    assert found(tmp_path, "2026-06-07-letter.it.md") == [("unpaired-translation", 1)]


def test_translations_alone_in_their_folder_are_no_finding(tmp_path: Path) -> None:
    write(tmp_path, "2026-05-05-letter.fr.md")
    write(tmp_path, "2026-06-05-letter.fr.md")
    assert found(tmp_path, "2026-06-05-letter.fr.md") == []


def test_bundles_pair_by_their_folder(tmp_path: Path) -> None:
    write(tmp_path, "2026-06/index.md", date="2026-06-05")
    write(tmp_path, "2026-06/index.de.md", date="2026-06-05")
    write(tmp_path, "2026_06/index.fr.md", date="2026-06-05")
    assert found(tmp_path, "2026-06/index.de.md") == []
    broken = [("filename-pattern-breaks-translation-pairing", 1)]
    assert found(tmp_path, "2026_06/index.fr.md") == broken


def test_a_title_that_another_issue_has_is_found_on_its_line(tmp_path: Path) -> None:
    write(tmp_path, "2026-05-05-letter.md", title="The Letter")
    write(tmp_path, "2026-06-05-letter.md", title="'The Letter'")
    assert found(tmp_path, "2026-06-05-letter.md") == [("duplicate-title", 2)]


def test_a_translation_may_keep_the_title_of_its_original(tmp_path: Path) -> None:
    write(tmp_path, "2026-06-05-letter.md", title="The Letter")
    write(tmp_path, "2026-06-05-letter.de.md", title="The Letter")
    assert found(tmp_path, "2026-06-05-letter.de.md") == []


def test_a_folder_that_dates_all_issues_later_has_a_habit(tmp_path: Path) -> None:
    for day in (7, 14, 21, 28):
        write(tmp_path, f"2026-06-{day:02}-week.md", date=f"2026-06-{day + 1:02}")
    write(tmp_path, "2026-06-01-week.md", date="2026-06-02")
    assert found(tmp_path, "2026-06-01-week.md") == []


def test_one_date_that_differs_where_others_agree_is_found(tmp_path: Path) -> None:
    for day in (7, 14, 21, 28):
        write(tmp_path, f"2026-06-{day:02}-week.md")
    write(tmp_path, "2026-06-01-week.md", date="2026-06-02")
    assert found(tmp_path, "2026-06-01-week.md") == [("date-differs-from-filename", 3)]


def test_what_cannot_be_read_beside_an_issue_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "2026-06-05-letter.md")
    written(tmp_path, b"---\ntitle: \xff\n", name="2026-05-05-letter.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path, "2026-06-05-letter.md") == []
