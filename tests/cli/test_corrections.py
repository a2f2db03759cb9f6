"""A mistake mended after the release: what can be edited is, and nothing is sent again."""

from pathlib import Path

from publisher.sandbox.joining import FIRST
from publisher.sandbox.running import sandbox
from tests.cli.home import Home, furnish, wait_until

KEY = "2026-11-05-newsletter"
FILE = f"{KEY}.md"
ONCE = {"email": 2, "mastodon": 1, "reddit": 1, "lemmy": 1}


def test_a_mended_issue_is_edited_where_that_can_be_and_sent_nowhere(home: Home) -> None:
    home.write(FILE, "Novembre")
    assert home.run("publish", KEY).code == 0
    home.write(FILE, "November")
    done = home.run("correct", KEY)
    assert done.code == 0, done.err
    said = {line.partition(" ")[0]: line for line in done.out.splitlines()}
    for channel in ("feed", "mastodon", "lemmy"):
        assert "corrected" in said[channel]
    assert "cannot edit a link post" in said["reddit"]
    assert "2 mails are out" in said["readers"]
    assert "November" in home.outside.outside.posts("mastodon")[0].fields["text"]
    assert {network: home.posts(network) for network in ONCE} == ONCE
    again = home.run("correct", KEY, "--channel", "mastodon").out
    assert again == "mastodon (en): is as it should be\n"
    doctor = home.run("doctor", "--offline")
    assert doctor.code == 0, doctor.out


def test_an_issue_is_taken_back_where_that_can_be(home: Home) -> None:
    home.write(FILE)
    assert home.run("publish", KEY, "--channel", "lemmy", "--channel", "readers").code == 0
    assert home.run("retract", KEY).code == 2
    done = home.run("retract", KEY, "--everywhere")
    assert (done.code, "lemmy (en): taken back" in done.out) == (1, True)
    assert "2 mails are out, and no mail can be taken back" in done.out
    assert home.outside.outside.posts("lemmy")[0].fields["deleted"]
    again = home.run("retract", KEY, "--channel", "lemmy")
    assert (again.code, again.out) == (0, f"{KEY}: nothing of it is out there\n")
    assert home.run("publish", KEY, "--channel", "lemmy").code == 0
    assert home.posts("lemmy") == 1


def test_what_was_never_sent_cannot_be_corrected(home: Home) -> None:
    home.write(FILE)
    done = home.run("correct", KEY)
    assert (done.code, "nothing of it is out" in done.err) == (2, True)


def test_readers_are_told_what_was_wrong_when_a_person_says_so(home: Home) -> None:
    home.write(FILE, "Novembre")
    assert home.run("publish", KEY).code == 0
    silent = home.run("correct", KEY, "--tell")
    assert (silent.code, "has no `correction:` for readers" in silent.err) == (2, True)
    path = home.content / FILE
    said = "correction: The meeting is on the 12th.\n"
    path.write_text(path.read_text().replace("title:", f"{said}title:", 1))
    told = home.run("correct", KEY, "--tell")
    assert told.code == 0, told.err
    assert "on readers: told 2 times" in told.out
    assert (home.posts("email"), home.posts("mastodon")) == (4, 1)
    assert "told before" in home.run("correct", KEY, "--tell").out
    answered = home.run("correct", KEY, "--tell", "--channel", "mastodon")
    assert answered.code == 0, answered.err
    first, answer = home.outside.outside.posts("mastodon")
    assert answer.fields["in_reply_to_id"] == first.id
    assert "The meeting is on the 12th." in answer.fields["text"]
    again = home.run("correct", KEY, "--tell", "--channel", "mastodon").out
    assert again.endswith("on mastodon: was told before\n")
    assert (home.posts("email"), home.posts("mastodon")) == (4, 2)


def test_what_was_withdrawn_is_named_with_its_places_until_a_person_says_that_it_may_stay(
    home: Home,
) -> None:
    def told() -> str:
        return " ".join(home.run("status").out.split())  # it is broken into lines

    path = home.write(FILE)
    with home.started("up"):
        home.await_first_look()
        home.run("publish", KEY, "--channel", "mastodon")
        path.unlink()
        wait_until(lambda: "nothing was taken down" in told())
    assert "take it down there if it is to go: http" in told()
    left = home.run("correct", KEY, "--leave")
    assert (left.code, left.out) == (0, f"{KEY} (en): what is out stays as it is\n")
    assert "nothing was taken down" not in told()
    assert home.run("correct", KEY, "--leave").code == 2


def test_without_a_source_a_file_that_changed_is_corrected_from_where_it_lies(
    tmp_path: Path,
) -> None:
    with sandbox(feeds=[tmp_path / "feeds"], networks=FIRST) as outside:
        one = '[source]\npath = "content"\nstatic = "static"\nevery = 2\n'
        home = furnish(tmp_path, outside, replacing={one: '[corrections]\nafter = "0s"\n'})
        path = str(home.write(FILE, "Novembre"))
        assert home.run("publish", path, "--channel", "mastodon").code == 0
        home.write(FILE, "November")
        assert home.run("publish", path, "--channel", "mastodon").code == 0  # sends nothing
        with home.started("up"):
            wait_until(lambda: "November" in outside.outside.posts("mastodon")[0].fields["text"])
        assert home.posts("mastodon") == 1
        assert "was changed" not in home.run("status").out
