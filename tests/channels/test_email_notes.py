"""A note to one person: plain, in our headers alone, and the same at every attempt."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings

from channels.email import message, notes
from publisher.domain.channel import Corresponding, Note, Refused, TryLater, Unsure
from tests.channels.mails import channel
from tests.channels.smtp_script import DROP, always, scripted
from tests.channels.test_email import HIDDEN, HOSTILE

NOW = datetime(2026, 8, 6, 7, 0, tzinfo=UTC)
LINK = "https://harbour.example/confirm/" + "a1b2c3d4" * 8
NOTE = Note(
    key="ask-7",
    lang="de",
    subject="Möchten Sie die Hafenpost?",
    text=f"Guten Tag,\n\nbitte bestätigen:\n{LINK}\n.\nGrüße",
    address="ada@boats.example",
    bounce_token="b7-abc",
)


def parcel(note: Note = NOTE) -> message.Parcel:
    return notes.note_parcel(note, channel().sender, at=NOW)


def parsed(sent: bytes) -> EmailMessage:
    return message_from_bytes(sent, policy=policy.default)


def test_a_note_is_a_plain_mail_with_no_lists_headers() -> None:
    mail = parsed(parcel().content)
    assert mail.keys() == notes.HEADERS
    assert (mail["To"], mail["Subject"]) == (NOTE.address, NOTE.subject)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "de"
    assert mail["Date"].datetime == NOW
    assert str(mail.get_content()).replace("\r\n", "\n") == NOTE.text + "\n"
    assert not mail.defects


def test_a_link_in_a_note_can_be_followed_from_its_text() -> None:
    assert LINK in str(parsed(parcel().content).get_content()).splitlines()


def test_a_notes_dots_are_doubled_on_the_wire() -> None:
    assert b"\r\n.\r\n" in parcel().content
    assert parcel().sent == message.stuffed(parcel().content)


def test_a_note_bounces_to_an_address_that_names_it() -> None:
    assert parcel().envelope_from == "bounces+b7-abc@harbour.example"
    assert parcel(replace(NOTE, bounce_token="")).envelope_from == "bounces@harbour.example"


def test_a_notes_message_id_stays_at_every_attempt_and_differs_by_key() -> None:
    later = notes.note_parcel(NOTE, channel().sender, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert parcel().message_id == later.message_id
    assert parcel(replace(NOTE, key="ask-8")).message_id != later.message_id
    assert re.fullmatch(r"<[0-9a-f]{32}@harbour\.example>", later.message_id)


@given(subject=HOSTILE, text=HOSTILE, address=HOSTILE, token=HOSTILE)
@example(
    subject="x\r\nBcc: v@e.example\r\n\r\n", text="\r\n.\r\n", address="a@b.example", token="t"
)
@example(subject="x", text="\n.\n", address="a@b.example\r\nBcc: c@d.example", token="t")
@example(subject="x", text="y", address="a@b.example", token="t>\r\nRSET")
@example(subject=HIDDEN, text="y", address="a@b.example", token="t")
@settings(deadline=None, max_examples=100)
def test_no_words_of_a_note_add_a_header_a_command_or_an_end(
    subject: str, text: str, address: str, token: str
) -> None:
    hostile = replace(NOTE, subject=subject, text=text, address=address, bounce_token=token)
    try:
        made = parcel(hostile)
    except Refused:
        return
    assert message_from_bytes(made.content).keys() == notes.HEADERS
    ends = re.findall(rb"[\r\n]\.[\r\n]", made.sent + b".\r\n")
    assert ends == [b"\n.\r"]
    for sent in (made.envelope_from, made.envelope_to):
        assert not re.search(r"[\s<>\x00-\x1f]", sent)


@pytest.mark.parametrize(
    "wrong",
    [{"address": "nobody"}, {"lang": "de\r\nX: y"}, {"subject": HIDDEN}, {"bounce_token": "a b"}],
)
def test_a_note_that_no_mail_can_carry_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Refused):
        parcel(replace(NOTE, **wrong))


def test_mail_writes_to_one_person() -> None:
    with scripted() as server:
        mail = channel(server.port)
        receipt = mail.write(NOTE)
    assert isinstance(mail, Corresponding)
    [sent] = server.bodies
    assert (parsed(sent)["To"], parsed(sent)["Message-ID"]) == (NOTE.address, receipt.id)
    assert "MAIL FROM:<bounces+b7-abc@harbour.example>" in server.commands[1]


@pytest.mark.parametrize(
    ("command", "expected"), [("MAIL", TryLater), ("DATA", TryLater), ("DOT", Unsure)]
)
def test_a_note_whose_line_is_cut_is_named_by_what_to_do(
    command: str, expected: type[Exception]
) -> None:
    with scripted(always(command, DROP)) as server, pytest.raises(expected):
        channel(server.port).write(NOTE)
