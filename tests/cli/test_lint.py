"""What is odd about an issue: shown in three forms, and a gate before anything goes out."""

import json
import re
from pathlib import Path

import pytest

from publisher.cli import show
from publisher.domain.issue import Finding
from tests.cli.home import Home

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"
HEAD = "---\ntitle: The Test Post\ndate: 2026-11-05\nsummary: All.\n---\n\n"  # six lines


def write(home: Home, body: str, name: str = FILE, head: str = HEAD) -> Path:
    path = home.write(name)
    path.write_text(head + body, encoding="utf-8")
    return path


def nothing_was_planned(home: Home) -> bool:
    planned: list[object] = home.run("status", "--json").json()
    return planned == []


def test_findings_are_told_with_place_severity_and_remedy(home: Home) -> None:
    path = write(home, "Hello.\n\n# One\n")
    done = home.run("show", str(path))
    assert done.code == 0
    remedy = "use ##: the title is the only heading of the first level"
    assert done.err == f"{path}:9: warning: h1-in-body: One — {remedy}\n"


def test_a_part_that_names_no_channel_is_told(home: Home) -> None:
    known = "<!-- publisher: not archive, email -->\nA\n<!-- publisher: end -->\n"
    path = write(
        home, known + "\n<!-- publisher: only email, emial -->\nB\n<!-- publisher: end -->\n"
    )
    done = home.run("show", str(path))
    remedy = "name a channel or a kind of channels as it is spelt"
    told = f"{path}:11: warning: fence-names-no-channel: publisher: … emial — {remedy}\n"
    assert (done.code, done.err) == (0, told)


def test_errors_come_before_warnings_and_make_the_exit_code(home: Home) -> None:
    path = write(home, "# One\n\n[x](TODO)\n")
    done = home.run("show", str(path))
    assert done.code == 2
    assert re.findall(r":(\d+): (\w+):", done.err) == [("9", "error"), ("7", "warning")]


@pytest.mark.parametrize("words", [("--json",), ("--format", "json")])
def test_in_json_each_warning_has_severity_and_remedy(home: Home, words: tuple[str, ...]) -> None:
    path = write(home, "[x](TODO)\n")
    done = home.run("show", str(path), *words)
    [found] = done.json()["warnings"]
    assert (done.code, found["kind"], found["line"]) == (2, "placeholder-link", 7)
    assert (found["severity"], found["detail"]) == ("error", "TODO")
    assert found["remedy"]


def test_for_github_each_finding_is_a_workflow_command(home: Home) -> None:
    path = write(home, "# 100 %\n")
    done = home.run("show", str(path), "--format", "github")
    assert done.code == 0
    place = f"file=content/{FILE},line=7,title=h1-in-body"
    remedy = "use ##: the title is the only heading of the first level"
    assert done.out == f"::warning {place}::100 %25 — {remedy}\n"


def test_properties_of_a_workflow_command_are_escaped() -> None:
    found = Finding(kind="a:b", detail="one: 5 %,\r\ntwo", line=0, severity="error")
    command = "::error file=no,line=1,title=a%3Ab::one: 5 %25,%0D%0Atwo"
    assert show.annotation("no", found) == command
    assert "file=a%2C b%3A%25.md," in show.annotation("a, b:%.md", found)


@pytest.mark.parametrize(
    ("form", "words"),
    [("text", "bad.md:4: "), ("json", "bad.md:4: "), ("github", "content/bad.md,line=4,")],
)
def test_one_file_that_cannot_be_read_hides_no_other(home: Home, form: str, words: str) -> None:
    good = write(home, "# One\n")
    bad = write(home, "Text.\n", name="bad.md", head="---\ntitle: x\ndate: [\n---\n")
    last = write(home, "# Two\n", name="2026-12-05-newsletter.md")
    done = home.run("show", str(good), str(bad), str(last), "--format", form)
    assert done.code == 2
    assert words in done.out + done.err
    told = done.out + done.err
    assert told.index("One") < told.index("Two")


def test_a_preview_tells_what_is_odd_in_the_issue_and_in_each_post(home: Home) -> None:
    long = "Very " * 60 + "long"
    head = HEAD.replace("The Test Post", long)
    path = write(home, "# One\n", head=head)
    done = home.run("preview", str(path), "--channel", "lemmy")
    assert f"{path}:7: warning: h1-in-body: One" in done.err
    assert "title-too-long: on lemmy: Very" in done.err
    [post] = home.run("preview", str(path), "--channel", "lemmy", "--json").json()
    kinds = {found["kind"] for found in post["warnings"]}
    assert {"title-too-long", "h1-in-body"} <= kinds
    notes = home.run("preview", str(path), "--channel", "lemmy", "--format", "github").out
    assert notes.count("title=h1-in-body") == 1
    assert "title=title-too-long::on lemmy: Very" in notes


def test_an_error_stops_a_publication_before_anything_is_planned(home: Home) -> None:
    good = write(home, "Hello.\n")
    bad = write(home, "[x](TODO)\n", name="2026-12-05-newsletter.md")
    done = home.run("publish", str(good), str(bad))
    assert (done.code, done.out) == (2, "")
    assert f"{bad}:7: error: placeholder-link: TODO — put the address in" in done.err
    assert "--despite-errors" in done.err
    assert nothing_was_planned(home)


def test_what_has_errors_is_published_when_a_person_says_so(home: Home) -> None:
    path = write(home, "[x](TODO)\n")
    done = home.run("publish", str(path), "--channel", "feed", "--despite-errors")
    assert done.code == 0, done.err
    assert home.states(KEY) == {"feed": "delivered"}


def test_a_warning_stops_nothing_until_it_is_made_an_error(home: Home) -> None:
    path = write(home, "# One\n")
    assert home.run("publish", str(path), "--channel", "feed").code == 0
    config = home.folder / "publisher.toml"
    config.write_text(config.read_text() + '\n[lint]\nerrors = ["h1-in-body"]\n')
    done = home.run("publish", str(path), "--channel", "lemmy")
    assert done.code == 2
    assert "error: h1-in-body" in done.err
    assert home.states(KEY) == {"feed": "delivered"}


def test_what_a_post_tells_can_stop_it_too(home: Home) -> None:
    config = home.folder / "publisher.toml"
    config.write_text(config.read_text() + '\n[lint]\nerrors = ["title-too-long"]\n')
    path = write(home, "Hello.\n", head=HEAD.replace("The Test Post", "Very " * 60))
    assert home.run("publish", str(path), "--channel", "lemmy").code == 2
    assert nothing_was_planned(home)


def test_what_is_ignored_is_not_told(home: Home) -> None:
    config = home.folder / "publisher.toml"
    config.write_text(config.read_text() + '\n[lint]\nignore = ["h1-in-body"]\n')
    path = write(home, "# One\n")
    assert json.loads(home.run("show", str(path), "--json").out)["warnings"] == []


def test_an_issue_that_expired_is_not_published_by_accident(home: Home) -> None:
    head = HEAD.replace("summary", "expiryDate: 2026-11-10\nsummary")
    path = write(home, "Hello.\n", head=head)
    done = home.run("publish", str(path))
    assert done.code == 2
    assert f"{path}:4: error: expired: 2026-11-10" in done.err
