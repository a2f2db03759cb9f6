"""Elements that would take the rest of a page along, when left open or only spoken of."""

from pathlib import Path

import pytest

from publisher.domain.issue import BadSource
from tests.publisher.rendering.sources import assert_safe, issue


@pytest.mark.parametrize("name", ["script", "style", "iframe", "template"])
def test_what_would_hide_the_rest_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    body = f"See `<{name}>`.\n\n<{name}>x</{name}>\n\nThe new <{name}> tag.\n\n## The rest\n"
    with pytest.raises(BadSource, match=f"<{name}> is not closed") as refusal:
        issue(tmp_path, body)
    assert refusal.value.line == 9


@pytest.mark.parametrize("name", ["textarea", "xmp", "plaintext", "Card"])
def test_an_element_spoken_of_hides_nothing_and_shows_no_markup(tmp_path: Path, name: str) -> None:
    edition = issue(tmp_path, f"The <{name}> tag.\n\nThe *rest*.\n\nIn <{name}>a **b**</{name}>\n")
    assert_safe(edition)
    assert "The tag." in " ".join(edition.html.split())
    assert "<p>The <em>rest</em>.</p>" in edition.html
    assert "a <strong>b</strong>" in edition.html
    assert "&lt;" not in edition.html
    assert "<" not in edition.text


@pytest.mark.parametrize("name", ["title", "noscript", "noembed", "noframes"])
def test_what_no_page_shows_is_left_out_and_hides_nothing(tmp_path: Path, name: str) -> None:
    edition = issue(tmp_path, f"In <{name}>a</{name}>, the <{name}> tag.\n\nThe *rest*.\n")
    assert edition.html == "<p>In , the  tag.</p>\n<p>The <em>rest</em>.</p>\n"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<!-- <script> -->\n\nThe rest.", "The rest."),
        ("`<script>` and the rest.", "<script> and the rest."),
        ("```\n<style>\n```\n\nThe rest.", "The rest."),
        ('<script src="/a.js" />\n\nThe rest.', "The rest."),
        ('<iframe src="https://www.youtube.com/embed/a1" />\n\nThe rest.', "watch?v=a1"),
    ],
)
def test_what_hides_nothing_is_let_through(tmp_path: Path, body: str, shown: str) -> None:
    edition = issue(tmp_path, body)
    assert shown in edition.text
    assert "rest" in edition.text
