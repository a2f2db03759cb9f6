"""What is out of an issue, told to people, programs and the site."""

import json
import subprocess
import sys
from pathlib import Path

from publisher import publishing
from publisher.domain.channel import Refused
from publisher.domain.delivery import State
from publisher.sources.git import Repository, laid_out
from publisher.sources.git import run as git
from publisher.storage.engine import connect, migrate
from tests.cli.home import Home
from tests.publisher.fakes import NOW, Clock, FakeChannel, edition, worker
from tests.publisher.sources.test_git import commit, say

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"
NETWORKS = ("lemmy", "mastodon", "reddit")


def test_a_published_issue_has_receipts_and_a_file_for_the_site(home: Home) -> None:
    with (home.folder / "publisher.toml").open("a") as out:
        out.write('\n[receipts]\nfolder = "data/receipts"\n')
    home.write(FILE)
    nothing = home.run("receipts", KEY)
    assert (nothing.code, "there is no such issue" in nothing.err) == (2, True)
    assert home.run("publish", KEY).code == 0
    found = home.run("receipts", KEY, "--json").json()
    by_channel = {one["channel"]: one for one in found["receipts"]}
    assert set(by_channel) == {"feed", "readers", *NETWORKS}
    assert all(by_channel[name]["url"].startswith("http") for name in NETWORKS)
    assert by_channel["readers"]["readers"] == 2
    told = home.run("receipts", KEY).out
    assert "readers (email)" in told and "2 copies delivered" in told
    file = home.folder / "data" / "receipts" / f"{KEY}.json"
    assert json.loads(file.read_text()) == found
    before = (home.content / FILE).read_text()
    written = home.run("receipts", KEY, "--write")
    assert (written.code, "3 addresses written" in written.err) == (0, True), written.err
    urls = "".join(f'  - "{by_channel[name]["url"]}"\n' for name in NETWORKS)
    after = before.replace("\n---\n\n", f"\nsyndication:\n{urls}---\n\n")
    assert (home.content / FILE).read_text() == after
    assert "says so already" in home.run("receipts", KEY, "--write").err
    assert "@" not in file.read_text().replace("/@", "")


def test_of_a_repository_the_addresses_are_pushed_to_a_branch(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "content").mkdir(parents=True)
    (site / "content" / FILE).write_text("---\ntitle: November\ndate: 2026-11-05\n---\n\nText.\n")
    say(site, "init", "--quiet", "--initial-branch=main")
    commit(site, "README")
    config = tmp_path / "publisher.toml"
    config.write_text(
        f"""
[site]
name = "The Test Post"
base_url = "https://news.example/"
[source]
kind = "git"
url = "{site}"
path = "content"
"""
    )

    def run(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "publisher.cli.main", "--config", str(config), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    with laid_out(Repository(url=str(site)), tmp_path / "publisher.state" / "source"):
        pass  # as a look leaves it
    store = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(store)
    net = FakeChannel(fails_with=[Refused("no")])
    me = worker(store, Clock(), net=net)
    with store.begin() as db:
        publishing.plan([edition(key=KEY)], db=db, channels=me.channels, at=NOW)
    assert run("receipts", KEY) == (0, f"{KEY}: nothing of it is out yet.\n")
    publishing.sweep(me, hint=lambda hint: publishing.deliver(hint.delivery, me))
    answer = {"at": NOW, "url": "https://a.example/1"}
    with store.begin() as db:
        publishing.settle(KEY, "net", State.DELIVERED, db=db, **answer)  # type: ignore[arg-type]
    store.dispose()
    code, words = run("receipts", KEY, "--write")
    assert (code, "The branch publisher-receipts is pushed; merge it." in words) == (0, True), words
    assert '  - "https://a.example/1"' in git(site, "show", f"publisher-receipts:content/{FILE}")
    refused = run("receipts", KEY, "--write", "--branch", "main")
    assert (refused[0], "the branch main was not pushed" in refused[1]) == (1, True)
    assert run("receipts", KEY, "--branch", "main")[0] == 2
