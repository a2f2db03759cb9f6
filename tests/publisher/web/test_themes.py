"""Themes: an operator's style sheet and templates in the place of ours, or a clear word why not."""

import re
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from publisher import config
from publisher.config import BadConfig
from publisher.sandbox.serving import serving
from publisher.web.app import build
from tests.docs.pages import DOCS
from tests.publisher.fakes import edition
from tests.publisher.web.conftest import CONFIG, settings_of
from tests.publisher.web.test_archive import publish

THEMED = CONFIG.replace("[web]\n", '[web]\ntheme = "theme"\n')
CSS = (files("publisher.web") / "pages" / "page.css").read_text(encoding="utf-8")


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = folder / "theme" / (f"templates/{name}.html" if name != "style" else "theme.css")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def shown(folder: Path, engine: Engine, *addresses: str) -> list[httpx.Response]:
    publish(engine, edition())
    with (
        serving(build(settings_of(THEMED, folder), engine)) as address,
        httpx.Client(base_url=address, trust_env=False) as web,
    ):
        return [web.get(one) for one in addresses]


def test_a_style_sheet_comes_after_ours_under_an_address_of_its_own(
    file_store: Engine, tmp_path: Path
) -> None:
    write(tmp_path, style=":root { --accent: #7a1f4b; }")
    archive, css = shown(tmp_path, file_store, "/", "/theme.css")
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]*)">', archive.text)
    assert [sheet.partition("?")[0] for sheet in sheets] == ["/page.css", "/theme.css"]
    assert css.text == ":root { --accent: #7a1f4b; }"
    assert css.headers["content-type"].startswith("text/css")
    assert "immutable" in css.headers["cache-control"]
    before = sheets[1]
    write(tmp_path, style=":root { --accent: #123456; }")
    [archive] = shown(tmp_path, file_store, "/")
    assert before not in archive.text


def test_a_template_stands_for_ours_and_may_extend_it(file_store: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        edition='{% extends "ours/edition.html" %}{% block foot %}<p>By us: {{ edition.title }}'
        "</p>{{ super() }}{% endblock %}",
    )
    archive, page = shown(tmp_path, file_store, "/", "/issues/2026-11/en")
    assert "<p>By us: November</p>" in page.text
    assert "On the newsletter" in page.text
    assert "By us" not in archive.text
    assert "theme.css" not in archive.text


def test_a_frame_of_ones_own_is_around_all_pages(file_store: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        frame='{% extends "ours/frame.html" %}{% block foot %}<p>Mine {{ "<" }}</p>{% endblock %}',
    )
    for page in shown(tmp_path, file_store, "/", "/nothing", "/search"):
        assert "<p>Mine &lt;</p>" in page.text


def test_the_example_of_the_docs_works(file_store: Engine, tmp_path: Path) -> None:
    said = (DOCS / "themes.md").read_text(encoding="utf-8")
    style, template = (
        re.findall(rf"```{kind}\n(.*?)```", said, re.DOTALL) for kind in ("css", "html")
    )
    write(tmp_path, style=style[0], edition=template[0])
    [page] = shown(tmp_path, file_store, "/issues/2026-11/en")
    assert "Printed on nothing" in page.text


def test_a_template_that_is_none_is_named_with_its_line(file_store: Engine, tmp_path: Path) -> None:
    write(tmp_path, edition="\n\n{% if %}", archive="{% endblock %}", failure="fine")
    with pytest.raises(BadConfig) as caught:
        build(settings_of(THEMED, tmp_path), file_store)
    said = str(caught.value)
    assert f"[web] theme: {tmp_path}/theme/templates/edition.html:3: " in said
    assert f"{tmp_path}/theme/templates/archive.html:1: " in said
    assert "failure" not in said


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "there is no folder"),
        (["theme"], "expected theme.css or a folder templates in"),
        (["theme/Templates"], "expected theme.css or a folder templates in"),
    ],
)
def test_a_theme_that_is_not_there_is_a_mistake(
    tmp_path: Path, made: list[str], words: str
) -> None:
    for place in made:
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "publisher.toml").write_text(THEMED)
    _, mistakes = config.load(tmp_path / "publisher.toml")
    [mistake] = mistakes
    assert (mistake.table, mistake.key) == ("web", "theme")
    assert words in mistake.expected
    assert str(tmp_path / "theme") in mistake.expected


def test_without_a_theme_nothing_is_served_for_one(web: httpx.Client) -> None:
    assert web.get("/theme.css").status_code == 404


def test_every_variable_is_described_and_there_are_no_others() -> None:
    said = (DOCS / "themes.md").read_text(encoding="utf-8")
    table = "".join(line for line in said.splitlines(keepends=True) if line.startswith("| `--"))
    assert {*re.findall(r"`(--[\w-]+)`", table)} == {*re.findall(r"(--[\w-]+):", CSS)}


def test_colours_and_fonts_are_variables_wherever_they_are_used() -> None:
    rules = CSS.partition("* { box-sizing")[2].partition("@media print")[0]
    assert rules
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", rules)
    families = re.findall(r"font(?:-family)?:[^;]*", rules)
    named = [one for one in families if not re.search(r"var\(--[\w-]+\)|inherit", one)]
    assert families
    assert named == []
    assert {*re.findall(r"var\((--[\w-]+)\)", CSS)} <= {*re.findall(r"(--[\w-]+):", CSS)}
