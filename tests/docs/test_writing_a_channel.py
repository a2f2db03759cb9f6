"""Whether the worked example works: another package brings a channel, and it is really used."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, snippets

PAGE = (DOCS / "writing-a-channel.md").read_text(encoding="utf-8")
ISSUE = "---\ntitle: The crane is back\ndate: 2026-11-05\n---\n\nLook up.\n"
KEY = "2026-11-05-newsletter"
SITE = '[site]\nname = "N"\nbase_url = "https://harbour.example/"\n\n'


def example(language: str, beginning: str) -> str:
    """The one snippet of the page that begins so."""
    found = [s.text for s in snippets(language) if s.page == "docs/writing-a-channel.md"]
    [only] = [text for text in found if text.startswith(beginning)]
    return only


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with the example as pip leaves it: the module, and what says where it is."""
    folder = tmp_path / "installed"
    project = tomllib.loads(example("toml", "[build-system]"))["project"]
    metadata = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(head, encoding="utf-8")
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    module = example("python", '"""A notebook')
    (folder / "publisher_notebook.py").write_text(module, encoding="utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A newsletter with one issue, whose only channel is the example."""
    folder = tmp_path / "home"
    folder.mkdir()
    config = SITE + '[source]\npath = "."\n\n' + example("toml", "[channels.notebook]")
    (folder / "publisher.toml").write_text(config, encoding="utf-8")
    (folder / f"{KEY}.md").write_text(ISSUE, encoding="utf-8")
    return folder


def run(*words: str, cwd: Path, package: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(package), **env},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def publisher(home: Path, package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run("publisher.cli.main", *words, cwd=home, package=package)


def written(home: Path) -> list[str]:
    return [line for line in (home / "notebook.txt").read_text().split("\n") if line]


def test_a_channel_from_another_package_publishes_once(home: Path, package: Path) -> None:
    for _ in range(2):
        done = publisher(home, package, "publish", KEY)
        assert done.returncode == 0, done.stdout + done.stderr
    [line] = written(home)
    assert line.endswith("\tThe crane is back <https://harbour.example/2026/11/the-crane-is-back/>")
    status = json.loads(publisher(home, package, "status", KEY, "--json").stdout)
    [delivery] = status["deliveries"]
    assert (delivery["kind"], delivery["state"]) == ("notebook", "delivered")
    assert delivery["remote_id"] == line.partition("\t")[0]


def test_its_check_and_its_mistakes_are_the_commands(home: Path, package: Path) -> None:
    assert "notebook.txt can be written" in publisher(home, package, "check").stdout
    config = home / "publisher.toml"
    config.write_text(config.read_text(encoding="utf-8") + "limit = 7\n", encoding="utf-8")
    wrong = publisher(home, package, "check")
    assert wrong.returncode == 2
    shown = "[channels.notebook] limit: must be 100 or more, not 7"
    assert f"`{shown}`" in PAGE
    assert shown in wrong.stderr


def test_without_the_package_the_kind_is_not_known(home: Path, tmp_path: Path) -> None:
    missing = publisher(home, tmp_path / "nothing", "publish", KEY)
    assert missing.returncode == 2
    assert "there is no kind 'notebook'" in missing.stderr


def asked(folder: Path, package: Path, *words: str, **env: str) -> str:
    """What pytest says of the page's World and test file in a folder."""
    pytest_alone = ("pytest", "test_notebook.py", "-p", "no:cacheprovider", *words)
    return run(*pytest_alone, cwd=folder, package=package, **env).stdout


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with what the page says to write for the contract suite."""
    folder = tmp_path / "suite"
    folder.mkdir()
    for name, beginning in {
        "notebook_world.py": '"""A pretend outside',
        "test_notebook.py": "from notebook_world",
    }.items():
        (folder / name).write_text(example("python", beginning), encoding="utf-8")
    return folder


def test_the_contract_suite_can_be_run_on_it(package: Path, suite: Path) -> None:
    without = asked(suite, package, "-k", "rendering_is")
    assert "no notebook.json; GOLDEN=write makes one, then read it" in without
    asked(suite, package, "-k", "rendering_is", GOLDEN="write")
    assert (suite / "golden" / "notebook.json").exists()
    again = asked(suite, package, "-ra")
    assert " passed" in again, again
    assert " failed" not in again, again
    assert "this channel knows no network" in again


def test_a_notebook_that_never_finds_its_line_fails_the_suite(package: Path, suite: Path) -> None:
    module = package / "publisher_notebook.py"
    source = module.read_text(encoding="utf-8")
    right, wrong = "in lines else None", "in lines[:0] else None"
    assert right in source
    module.write_text(source.replace(right, wrong), encoding="utf-8")
    said = asked(suite, package, "-k", "killed_before")
    assert "1 failed" in said, said
    assert "2 posts are out there" in said


def test_a_channel_that_is_not_installed_is_told_so(package: Path, suite: Path) -> None:
    shutil.rmtree(next(package.glob("*.dist-info")))
    said = asked(suite, package, "-k", "entry_point")
    assert "no entry point of group 'publisher.channels' leads to it" in said
