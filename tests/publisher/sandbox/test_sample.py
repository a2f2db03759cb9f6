"""The sample newsletter is whole: what it names is there, and it stays small."""

import re
from pathlib import Path

import pytest
import yaml

from publisher.sandbox.running import sample_folder

ISSUES = sorted((sample_folder() / "content" / "newsletter").glob("*.md"))
FIGURE = re.compile(r"\{\{<\s*figure\s+(.*?)\s*>\}\}", re.DOTALL)
ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


def parts(issue: Path) -> tuple[dict[str, object], str]:
    _, front, body = issue.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def figures(issue: Path) -> list[dict[str, str]]:
    return [dict(ATTRIBUTE.findall(inside)) for inside in FIGURE.findall(parts(issue)[1])]


def test_there_are_three_issues_and_a_translation() -> None:
    assert [issue.name for issue in ISSUES] == [
        "2026-09-05-newsletter.md",
        "2026-10-05-newsletter.md",
        "2026-11-05-newsletter.de.md",
        "2026-11-05-newsletter.md",
    ]


@pytest.mark.parametrize("issue", ISSUES, ids=lambda issue: issue.name)
def test_every_picture_of_the_sample_exists_and_has_alt_text(issue: Path) -> None:
    found = figures(issue)
    assert len(found) >= 2
    for figure in found:
        assert len(figure["alt"]) > 20
        picture = sample_folder() / "static" / figure["src"].removeprefix("/")
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("issue", ISSUES, ids=lambda issue: issue.name)
def test_every_issue_has_what_a_newsletter_has(issue: Path) -> None:
    front, body = parts(issue)
    assert {"title", "date", "authors", "categories", "tags", "summary"} <= set(front)
    assert str(front["date"]) == issue.name[:10]
    assert "{{< newsletter-subscribe >}}" in body
    assert "](xmpp:" in body
    assert re.search(r"\]\(/\w", body)
    assert "creativecommons.org/licenses/by-sa/4.0/" in body
    assert 200 <= len(body.split()) <= 450


def test_the_translation_has_the_shape_of_its_original() -> None:
    german, english = (issue for issue in ISSUES if issue.name.startswith("2026-11-05"))
    assert [f["src"] for f in figures(german)] == [f["src"] for f in figures(english)]
    assert parts(german)[1].count("\n## ") == parts(english)[1].count("\n## ")
    assert parts(german)[0]["title"] != parts(english)[0]["title"]


def test_the_pictures_are_small_and_all_used() -> None:
    static = sample_folder() / "static"
    pictures = {"/" + str(p.relative_to(static)) for p in static.rglob("*.png")}
    assert pictures == {figure["src"] for issue in ISSUES for figure in figures(issue)}
    assert all(p.stat().st_size < 60_000 for p in static.rglob("*.png"))
