"""Letters in an IMAP mailbox, against a stand-in."""

from typing import Any

import pytest

from publisher.returns import imap
from publisher.returns.imap import Account
from publisher.returns.letter import BadMailbox, Letter, MailboxTrouble, Tray
from tests.publisher.returns.imap_script import Box, serving


def account(box: Box, **changes: Any) -> Account:
    told = {"host": "127.0.0.1", "port": box.port, "tls": "none", "username": "ann"}
    return Account(**{**told, "password": "secret", "timeout": 5, **changes})


def readable(box: Box, **changes: Any) -> list[Letter]:
    return [found for found in imap.letters(account(box, **changes)) if isinstance(found, Letter)]


def test_what_is_unseen_is_read_and_stays_unseen() -> None:
    box = Box(messages={3: b"three", 7: b"seven\r\n", 8: b"seen"}, flags={8: {"\\Seen"}})
    with serving(box):
        assert [letter.raw for letter in readable(box)] == [b"three", b"seven\r\n"]
    assert box.unseen() == [3, 7]


def test_what_is_put_away_is_seen_and_the_rest_flagged_for_people() -> None:
    box = Box(messages={3: b"three", 7: b"seven"})
    with serving(box):
        for letter, tray in zip(imap.letters(account(box)), Tray, strict=True):
            assert isinstance(letter, Letter)
            letter.put_away(tray)
    assert box.flags == {3: {"\\Seen"}, 7: {"\\Seen", "\\Flagged"}}


def test_an_empty_mailbox_has_no_letters() -> None:
    with serving(Box(messages={})) as box:
        assert readable(box) == []


def test_a_wrong_password_is_named_with_its_remedy_and_not_shown() -> None:
    with serving(Box(messages={})) as box, pytest.raises(BadMailbox) as found:
        readable(box, password="wr0ng")
    assert "does not let us in" in str(found.value)
    assert "wr0ng" not in str(found.value)


def test_a_folder_that_is_not_there_is_named() -> None:
    with serving(Box(messages={})) as box, pytest.raises(BadMailbox, match=r"\[bounces\] folder"):
        readable(box, folder="Bounces in")


def test_a_folder_with_a_space_is_asked_for() -> None:
    with serving(Box(messages={}, folder="Bounces in")) as box:
        assert readable(box, folder="Bounces in") == []


@pytest.mark.parametrize("step", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
def test_a_server_that_hangs_up_is_trouble_that_passes(step: str) -> None:
    with (
        serving(Box(messages={1: b"one"}, hangs_up_at=step)) as box,
        pytest.raises(MailboxTrouble, match=r"INBOX of ann on 127\.0\.0\.1"),
    ):
        readable(box)


def test_a_letter_that_cannot_be_marked_is_trouble_told() -> None:
    with serving(Box(messages={1: b"one"}, denies="STORE")) as box:
        found = imap.letters(account(box))
        letter = next(found)
        assert isinstance(letter, Letter)
        with pytest.raises(MailboxTrouble, match="NO"):
            letter.put_away(Tray.REPORTS)
        found.close()


def test_a_server_that_is_down_is_trouble_that_passes() -> None:
    with serving(Box(messages={})) as box:
        pass
    with pytest.raises(MailboxTrouble, match="cannot be read now"):
        readable(box)
