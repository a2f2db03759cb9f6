"""Whether a newcomer who does what the README says comes to the end of it."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from publisher.sandbox.joining import FIRST
from publisher.sandbox.running import sandbox
from tests.cli.home import free_port
from tests.docs.pages import ROOT, snippets
from tests.testing import browser

ISSUE = "2026-11-05-newsletter"


def first(language: str) -> str:
    """The README's first snippet in a language."""
    return next(s.text for s in snippets(language) if s.page == "README.md")


def calls() -> list[list[str]]:
    """The calls of the first walk, from `connect` on, as words behind `publisher`."""
    ours = [s.text for s in snippets("console") if s.page == "README.md"]
    [walk] = [text for text in ours if "$ publisher check" in text]
    lines = re.findall(r"^\$ publisher (.*)$", walk, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_the_first_newsletter_is_published_as_the_readme_says(tmp_path: Path) -> None:
    issue = tmp_path / "content" / "newsletter" / f"{ISSUE}.md"
    issue.parent.mkdir(parents=True)
    issue.write_text(first("markdown"), encoding="utf-8")
    with sandbox(networks=FIRST) as outside:
        config = first("toml").replace("https://mastodon.example", outside.urls["mastodon"])
        (tmp_path / "publisher.toml").write_text(config, encoding="utf-8")
        for words in calls():
            port = ["--port", str(free_port())] if words[0] == "connect" else []
            done = subprocess.run(
                [sys.executable, "-m", "publisher.cli.main", *words, *port],
                cwd=tmp_path,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(tmp_path),
                    "BROWSER": f"{sys.executable} {browser.__file__} %s &",
                },
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        assert len(outside.outside.posts("mastodon")) == 1
    assert (tmp_path / "public" / "feeds" / "all.atom.xml").is_file()


def test_the_walk_tries_looks_sends_and_tells() -> None:
    assert [words[0] for words in calls()] == [
        "connect", "check", "show", "preview", "publish", "status", "log", "retry",
    ]  # fmt: skip


def test_the_readme_names_the_version_of_python_and_the_licence() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "Python 3.11" in text
    assert "MIT, see [LICENSE](LICENSE)" in text
