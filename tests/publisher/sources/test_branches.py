"""A commit of our own gets to a branch, takes nothing away there, and forces nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from publisher.domain.issue import BadSource
from publisher.sources.branches import NotPushed, Proposal, propose
from publisher.sources.folder import SourceTrouble
from publisher.sources.git import Repository, run
from publisher.writing_back import into_branch
from tests.publisher.sources.test_git import commit, say

PROPOSAL = Proposal(branch="receipts", author="Our News <us@news.example>", subject="Say where")
URLS = ["https://a.example/1"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A bare repository, as forges have them, with an issue on its branch main."""
    work = tmp_path / "work"
    say(work, "init", "--quiet", "--initial-branch=main")
    (work / "new.md").write_bytes(b"---\r\ntitle: New\r\n---\r\nText.\r\n")
    commit(work, "one.md")
    say(work, "clone", "--quiet", "--bare", str(work), str(tmp_path / "site.git"))
    say(work, "remote", "add", "origin", str(tmp_path / "site.git"))
    return tmp_path / "site.git"


def write(site: Path, name: str = "new.md", urls: Sequence[str] = URLS, branch: str = "") -> bool:
    """Have the branch say where an issue is out."""
    clone, seen = site.parent / "clone", site.parent / "seen"
    proposal = Proposal(
        branch=branch or PROPOSAL.branch, author=PROPOSAL.author, subject=PROPOSAL.subject
    )
    there = Repository(url=str(site), branch="main")
    return into_branch({seen / name: urls}, there, proposal, looked_at=seen, clone=clone)


def told(site: Path, *words: str) -> str:
    return run(site, *words).strip()


def test_a_commit_with_nothing_but_the_list_is_on_the_branch(site: Path) -> None:
    before = told(site, "rev-parse", "main")
    assert write(site)
    assert told(site, "show", "receipts:new.md").encode() == (
        b'---\ntitle: New\nsyndication:\n  - "https://a.example/1"\n---\nText.'
    )
    assert told(site, "diff", "--name-only", "main", "receipts") == "new.md"
    said = told(site, "log", "-1", "--format=%an <%ae>: %s", "receipts")
    assert said == "Our News <us@news.example>: Say where"
    assert told(site, "rev-parse", "main") == before


def test_line_ends_are_committed_as_they_are(site: Path) -> None:
    write(site)
    added, taken, _ = told(site, "diff", "--numstat", "main", "receipts").split("\t")
    assert (added, taken) == ("2", "0")


def test_saying_it_again_pushes_nothing(site: Path) -> None:
    write(site)
    before = told(site, "rev-parse", "receipts")
    assert not write(site)
    assert told(site, "rev-parse", "receipts") == before


def test_what_the_branch_has_besides_stays_and_what_is_new_on_main_comes_to_it(
    site: Path,
) -> None:
    write(site)
    work = site.parent / "work"
    (work / "newer.md").write_text("---\ntitle: Newer\n---\nText.\n")
    commit(work, "two.md")
    say(work, "push", "--quiet", "origin", "main")
    assert write(site, "newer.md")
    assert all("syndication" in told(site, "show", f"receipts:{n}.md") for n in ("new", "newer"))


def test_after_a_merge_it_goes_on_from_there(site: Path) -> None:
    write(site)
    told(site, "update-ref", "refs/heads/main", "refs/heads/receipts")
    assert not write(site)
    assert write(site, urls=["https://b.example/1"])
    assert told(site, "rev-parse", "receipts^") == told(site, "rev-parse", "main")


def test_the_sources_own_branch_is_taken_where_it_is_named(site: Path) -> None:
    assert write(site, branch="main")
    assert "syndication" in told(site, "show", "main:new.md")


def test_a_refused_push_is_named_and_can_be_said_again(site: Path) -> None:
    hook = site / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho not you >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(NotPushed, match=r"receipts was not pushed: .*not you(.|\n)*--branch"):
        write(site)
    hook.unlink()
    assert write(site)


def test_a_branch_in_conflict_is_named_and_left_as_it_is(site: Path) -> None:
    write(site)
    before = told(site, "rev-parse", "receipts")
    work = site.parent / "work"
    (work / "new.md").unlink()
    say(work, "add", "--all")
    commit(work, "two.md")
    say(work, "push", "--quiet", "origin", "main")
    with pytest.raises(NotPushed, match="merge or delete it, then say it again"):
        write(site)
    assert told(site, "rev-parse", "receipts") == before


def test_a_file_that_is_gone_from_the_branch_is_named(site: Path) -> None:
    with pytest.raises(BadSource, match=r"gone\.md: there is no such file"):
        write(site, "gone.md")


@pytest.mark.parametrize("branch", ["-f", "a b", "x..y", "x.lock", "../main"])
def test_a_name_that_no_branch_can_have_is_refused(branch: str, site: Path) -> None:
    with pytest.raises(SourceTrouble, match="no branch can have this name"):
        write(site, branch=branch)


def test_a_repository_that_is_not_there_is_named(tmp_path: Path) -> None:
    there = Repository(url=str(tmp_path / "nowhere"), branch="main")
    with pytest.raises(SourceTrouble, match=r"git fetch: .*nowhere"):
        propose(there, PROPOSAL, lambda _: [], folder=tmp_path / "clone")
