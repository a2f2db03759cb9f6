"""The feed file: valid, stable, shared by several writers, never damaged."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import feedparser
import pytest

from channels.atom import Atom
from publisher.domain.channel import Disconnected, Post, Refused, TryLater
from publisher.domain.issue import Edition
from publisher.testing.sample import EDITION
from tests.channels.rfc4287 import problems

ROOT = Path(__file__).parents[2]
URL = "https://harbour.example/feeds/all.atom.xml"


@pytest.fixture
def feed(tmp_path: Path) -> Atom:
    return Atom(path=tmp_path / "all.atom.xml", url=URL)


def issue(number: int, **changes: Any) -> Edition:
    """One of several issues, a month apart."""
    date = datetime(2026, number, 5, tzinfo=UTC)
    return replace(EDITION, key=f"2026-{number:02}-05-news", date=date, **changes)


def read(feed: Atom) -> Any:
    """What an independent reader makes of the file."""
    parsed = feedparser.parse(feed.path.read_bytes())
    assert not parsed.bozo, parsed.bozo_exception
    return parsed


def put(feed: Atom, *editions: Edition) -> bytes:
    for edition in editions:
        feed.deliver(feed.render(edition))
    return feed.path.read_bytes()


def other_process(feed: Atom, code: str, posts: list[Post]) -> subprocess.Popen[str]:
    """Another process that has `feed` and `posts`."""
    prologue = (
        "import json, sys; from pathlib import Path; from channels.atom import Atom\n"
        "from publisher.domain.channel import Post, TryLater\n"
        "path, url, posts = json.load(sys.stdin)\n"
        "feed, posts = Atom(path=Path(path), url=url), [Post(**post) for post in posts]\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", prologue + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin
    process.stdin.write(json.dumps([str(feed.path), feed.url, [asdict(post) for post in posts]]))
    process.stdin.close()
    return process


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    assert process.stdout
    with process.stdout as said:
        return process.wait(timeout=60), said.read()


@pytest.mark.parametrize("changes", [{}, {"authors": ()}, {"summary": ""}, {"html": ""}])
def test_a_feed_meets_rfc_4287(feed: Atom, changes: dict[str, Any]) -> None:
    content = put(feed, issue(7, **changes), issue(8), replace(issue(8), lang="pt_BR"))
    assert problems(content) == []
    assert len(read(feed).entries) == 3


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        (b"<name>Ines Moura</name>", b""),
        (b' href="https://harbour.example/2026/08/letter-from-the-quay/"', b""),
        (b"tag:harbour.example,2026:2026", b"2026"),
        (b"<updated>2026-08-05T", b"<updated>2026-08-05 "),
        (b"</summary>", b"</summary><summary>again</summary>"),
        (b'xml:lang="en"', b'xml:lang="en_GB"'),
        (b'rel="license"', b'rel="alternate" type="text/html" hreflang="en"'),
        (b"&lt;h2&gt;", b"<h2/>"),
        (b"<entry ", b"stray<entry "),
    ],
)
def test_the_reading_of_rfc_4287_sees_what_is_wrong(
    feed: Atom, whole: bytes, broken: bytes
) -> None:
    content = put(feed, EDITION)
    assert whole in content
    assert problems(content.replace(whole, broken))


def test_a_reader_sees_the_whole_edition(feed: Atom) -> None:
    put(feed, replace(EDITION, lang="fr"))
    parsed = read(feed)
    [entry] = parsed.entries
    assert entry.title == EDITION.title
    assert entry.link == EDITION.url
    assert entry.summary == EDITION.summary
    assert entry.content[0].language == "fr"
    assert "weather &amp; skipper permitting" in entry.content[0].value
    assert [author.name for author in entry.authors] == list(EDITION.authors)
    assert [tag.term for tag in entry.tags] == list(EDITION.tags)
    assert entry.rights.startswith(EDITION.site.license)
    assert entry.published == EDITION.date.isoformat()
    assert parsed.feed.title == EDITION.site.name
    assert {link.rel: link.href for link in parsed.feed.links}["self"] == URL


def test_entry_links_keep_what_they_say(feed: Atom) -> None:
    put(feed, EDITION)
    [page, terms] = read(feed).entries[0].links
    assert (page.rel, page.type, page.href) == ("alternate", "text/html", EDITION.url)
    assert (terms.rel, terms.href) == ("license", EDITION.site.license_url)
    assert b'hreflang="en"' in feed.path.read_bytes()


def test_an_id_outlives_title_date_and_address(feed: Atom) -> None:
    changed = replace(
        EDITION,
        title="Another title",
        date=EDITION.date + timedelta(days=400),
        url="https://harbour.example/elsewhere/",
        path="content/moved.md",
        revision="00" * 32,
    )
    assert feed.render(changed).details["id"] == feed.render(EDITION).details["id"]
    assert (
        feed.render(replace(EDITION, lang="fr")).details["id"]
        != (feed.render(EDITION).details["id"])
    )


def test_the_same_entries_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    twins = replace(issue(3), key="2026-03-05-twin")  # published in the same second
    editions = [issue(1), replace(issue(1), lang="fr"), issue(3), twins]
    written = {
        put(Atom(path=tmp_path / f"{n}.atom.xml", url=URL), *order)
        for n, order in enumerate(permutations(editions))
    }
    assert len(written) == 1


def test_the_parts_of_an_entry_stand_on_lines_of_their_own(feed: Atom) -> None:
    lines = [line.strip() for line in put(feed, issue(1), issue(2)).splitlines()]
    assert lines.count(f"<title>{EDITION.title}</title>".encode()) == 2


def test_the_newest_entry_comes_first(feed: Atom) -> None:
    put(feed, issue(2), issue(9), issue(4))
    assert [entry.published[5:7] for entry in read(feed).entries] == ["09", "04", "02"]
    assert read(feed).feed.updated == issue(9).date.isoformat()


def test_delivering_again_changes_nothing(feed: Atom) -> None:
    assert put(feed, EDITION) == put(feed, EDITION)


def test_a_change_keeps_the_id_and_moves_updated(feed: Atom) -> None:
    receipt = feed.deliver(feed.render(EDITION))
    started = datetime.now(UTC).replace(microsecond=0)
    corrected = feed.render(replace(EDITION, html="<p>Corrected.</p>"))
    assert feed.update(receipt, corrected) == receipt
    [entry] = read(feed).entries
    assert entry.content[0].value == "<p>Corrected.</p>"
    assert datetime.fromisoformat(entry.updated) >= started
    assert entry.published == EDITION.date.isoformat()
    assert read(feed).feed.updated == entry.updated
    assert problems(feed.path.read_bytes()) == []


def test_an_update_that_changes_nothing_does_not_pretend_to(feed: Atom) -> None:
    receipt = feed.deliver(feed.render(EDITION))
    corrected = feed.render(replace(EDITION, html="<p>Corrected.</p>"))
    feed.update(receipt, corrected)
    before = feed.path.read_bytes()
    feed.update(receipt, corrected)
    assert feed.path.read_bytes() == before


def test_two_changes_in_one_second_have_two_dates(feed: Atom) -> None:
    receipt = feed.deliver(feed.render(EDITION))
    dates = []
    for text in ("one", "two", "three"):
        feed.update(receipt, feed.render(replace(EDITION, html=text)))
        dates.append(read(feed).entries[0].updated)
    assert dates == sorted(set(dates))


def test_what_other_tools_put_there_stays(feed: Atom) -> None:
    feed.path.write_text(
        '<?xml version="1.0"?><?xml-stylesheet href="feed.css"?>'
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:x="urn:other" xml:base="/blog/">'
        "<!-- by hand --><a:id>urn:known</a:id><a:title>Old</a:title>"
        "<a:updated>2020-01-01T00:00:00Z</a:updated><a:logo>logo.png</a:logo>"
        '<a:link rel="hub" href="https://hub.example/"/>'
        '<a:entry><a:id>urn:theirs</a:id><a:title type="xhtml">'
        '<div xmlns="http://www.w3.org/1999/xhtml">Two  <b>spaces</b> kept</div></a:title>'
        '<a:updated>2026-09-01T00:00:00Z</a:updated><a:link href="theirs/"/>'
        "<x:rating>5</x:rating></a:entry></a:feed>"
    )
    content = put(feed, EDITION)
    assert problems(content) == []
    kept = (b"feed.css", b"by hand", b"logo.png", b"Two  <b>spaces</b> kept", b"rating>5<")
    assert [part for part in kept if part not in content] == []
    parsed = read(feed)
    assert [entry.id for entry in parsed.entries] == [
        "urn:theirs",
        feed.render(EDITION).details["id"],
    ]
    assert parsed.feed.id == "urn:known"
    assert parsed.entries[0].link.endswith("/blog/theirs/")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><title>cut o",
        b"<rss version='2.0'/>",
        b"<!DOCTYPE feed [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
        b"<feed xmlns='http://www.w3.org/2005/Atom'><title>&x;</title></feed>",
    ],
)
def test_a_damaged_file_is_left_to_a_person(feed: Atom, content: bytes) -> None:
    feed.path.write_bytes(content)
    post = feed.render(EDITION)
    for ask in (feed.deliver, feed.find_existing, lambda _: feed.check()):
        with pytest.raises(Disconnected, match=r"all\.atom\.xml is no Atom feed.*then retry"):
            ask(post)
    assert feed.path.read_bytes() == content


def test_control_characters_and_markup_cannot_break_it(feed: Atom) -> None:
    nasty = 'a\x00b\x0b\ufffe\ud800 ]]> <b> & " </entry>'
    put(feed, replace(EDITION, title=nasty, summary=nasty, html=nasty, authors=(nasty,)))
    [entry] = read(feed).entries
    assert entry.title_detail.value == 'ab ]]> <b> & " </entry>'
    assert problems(feed.path.read_bytes()) == []


def test_only_the_newest_are_kept_where_so_configured(feed: Atom) -> None:
    short = replace(feed, entries=2)
    put(short, issue(1), issue(2), issue(3))
    assert [entry.published[5:7] for entry in read(feed).entries] == ["03", "02"]
    before = feed.path.read_bytes()
    with pytest.raises(Refused, match="older than the 2 entries"):
        short.deliver(short.render(issue(1)))
    assert feed.path.read_bytes() == before


def test_several_processes_write_one_feed_at_once(feed: Atom) -> None:
    posts = [feed.render(issue(n, title=f"Issue {n}")) for n in range(1, 13)]
    code = "for post in posts: feed.deliver(post)"
    writers = [other_process(feed, code, posts[n::4]) for n in range(4)]
    assert [outcome(writer)[0] for writer in writers] == [0] * 4
    assert len(read(feed).entries) == 12
    assert problems(feed.path.read_bytes()) == []


def test_a_lock_that_is_never_given_back_ends_at_the_timeout(feed: Atom) -> None:
    code = (
        "import time; from channels._feedfile import sole_writer\n"
        "with sole_writer(feed.path, 1): print('mine', flush=True); time.sleep(60)"
    )
    other = other_process(feed, code, [])
    assert other.stdout
    assert other.stdout.readline() == "mine\n"
    try:
        with pytest.raises(TryLater, match="another process"):
            replace(feed, timeout=0.2).deliver(feed.render(EDITION))
    finally:
        other.kill()
        outcome(other)
    put(feed, EDITION)  # the lock of a killed process is free


def test_a_full_disk_leaves_the_file_as_it_was(feed: Atom) -> None:
    before = put(feed, issue(1))
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before)}, {len(before)}))\n"
        "try: feed.deliver(posts[0])\n"
        "except TryLater as error: print('later:', error)\n"
    )
    status, said = outcome(other_process(feed, code, [feed.render(issue(2))]))
    assert status == 0
    assert said.startswith("later:")
    assert "File too large" in said
    assert feed.path.read_bytes() == before
    assert [one.name for one in feed.path.parent.iterdir() if one.name.endswith(".new")] == []


def test_a_place_that_cannot_be_written_means_try_later(feed: Atom, tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("a file, not a folder")
    blocked = replace(feed, path=tmp_path / "in-the-way" / "all.atom.xml")
    with pytest.raises(TryLater, match="in-the-way"):
        blocked.deliver(blocked.render(EDITION))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_means_try_later(feed: Atom, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(TryLater, match="Permission denied"):
            put(feed, EDITION)
        with pytest.raises(Disconnected, match="cannot be written"):
            feed.check()
    finally:
        tmp_path.chmod(0o700)


def test_the_files_mode_and_symlink_stay(feed: Atom, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.xml"
    feed.path.symlink_to(real)
    put(feed, issue(1))
    real.chmod(0o664)
    put(feed, issue(2))
    assert feed.path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o664


def test_a_check_says_what_is_there(feed: Atom) -> None:
    assert any("0 entries" in line for line in feed.check())
    put(feed, issue(1), issue(2))
    assert any("2 entries" in line for line in feed.check())
    odd = replace(feed, url="https://harbour.example/index.xml")
    assert any("is it the same file?" in line for line in odd.check())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "harbour.example/all.atom.xml"}, "url must be an http"),
        ({"path": Path()}, "path must be the name of a file"),
        ({"entries": -1}, "entries must be 0 or more, not '-1'"),
        ({"timeout": 0}, "timeout must be more than 0 seconds"),
    ],
)
def test_a_wrong_value_is_named(feed: Atom, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(feed, **wrong)
