"""Real issues against the list of what is known to be wrong in them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.domain.issue import Edition, Finding, Site
from publisher.rendering.findings.neighbours import beside, neighbours
from publisher.rendering.reading import read_edition

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
SITE = Site(name="The XMPP Newsletter", base_url="https://xmpp.org/")
FOLDERS = ("xmpp", "other/lwkd", "other/rust-osdev", "other/this-week-in-rust")
Row = tuple[str, str, str]  # file, kind, detail

pytestmark = pytest.mark.skipif(
    not (CORPUS / "xmpp").is_dir(), reason="the corpus of real issues is not on this machine"
)


def known() -> list[Row]:
    lines = (CORPUS / "xmpp-oddities.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return [
        (Path(file).name, kind, detail)
        for file, kind, detail in rows
        if (CORPUS / "xmpp" / Path(file).name).is_file()
    ]


def editions(folder: str) -> Iterator[Edition]:
    for path in sorted((CORPUS / folder).glob("*.md")):
        yield read_edition(path, root=path.parent, site=SITE, static=CORPUS / "static")


@pytest.fixture(scope="module")
def findings() -> dict[str, tuple[Finding, ...]]:
    """All findings by file: those of the file itself, and those of the files beside it."""
    around = neighbours(CORPUS / "xmpp", root=CORPUS / "xmpp", default_language="en")
    return {
        Path(edition.path).name: beside(edition, around).warnings for edition in editions("xmpp")
    }


def lines_of(row: Row) -> list[int]:
    """Where a person would look for it in the raw file."""
    file, kind, detail = row
    lines = (CORPUS / "xmpp" / file).read_text(encoding="utf-8").split("\n")
    wanted = {
        "h1-in-body": rf"# +{re.escape(detail)}\s*$",
        "date-differs-from-filename": rf"date: +{re.escape(detail)}",
        "filename-pattern-breaks-translation-pairing": "---",
    }.get(kind, ".*" + re.escape(detail.removeprefix(". ")))
    found = [number for number, line in enumerate(lines, start=1) if re.match(wanted, line)]
    return found[:1] if kind.startswith("filename") else found


def test_every_known_oddity_is_found_on_its_line(
    findings: dict[str, tuple[Finding, ...]],
) -> None:
    missed = []
    for row in known():
        lines = lines_of(row)
        assert lines, row
        found = [finding.line for finding in findings[row[0]] if finding.kind == row[1]]
        if not set(lines) & set(found):
            missed.append((row, lines, found))
    assert missed == []


def test_each_line_is_told_once_for_each_time_it_is_listed(
    findings: dict[str, tuple[Finding, ...]],
) -> None:
    """So two oddities on different lines are not both told on the first."""
    listed = sorted((row[0], row[1], line) for row in known() for line in lines_of(row)[:1])
    kinds = {kind for _, kind, _ in known()}
    told = sorted((f, w.kind, w.line) for f, ws in findings.items() for w in ws if w.kind in kinds)
    assert told == listed


def test_nothing_unlisted_is_told_in_more_than_one_of_ten_files(
    findings: dict[str, tuple[Finding, ...]],
) -> None:
    rows = known()
    kinds = {kind for _, kind, _ in rows}
    listed = {(file, kind) for file, kind, _ in rows}
    alarms = {
        (file, finding.kind)
        for file, found in findings.items()
        for finding in found
        if finding.kind in kinds and (file, finding.kind) not in listed
    }
    assert len(alarms) * 10 <= len(findings)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_published_issue_would_have_been_stopped(folder: str) -> None:
    around = neighbours(CORPUS / folder, root=CORPUS / folder, default_language="en")
    stopped = [
        (Path(edition.path).name, finding.kind)
        for edition in editions(folder)
        for finding in beside(edition, around).warnings
        if finding.severity == "error"
    ]
    assert stopped == []
