"""A short mail to one person, in plain text: no list's mail, so it carries no list's headers."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from channels.email.encoding import mailbox, words
from channels.email.filling import carried, checked_token, dated, envelope_from, filled
from channels.email.message import Letter, Parcel, Sender, Slot, stuffed
from channels.email.writing import Sealing, body_of, checked_words, read_back
from publisher.domain.channel import Note

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
]


def note_parcel(
    note: Note, sender: Sender, sealing: Sealing | None = None, *, at: datetime
) -> Parcel:
    """The mail of a note; the same note always has the same Message-ID.

    Raises Refused for an address, token, subject or language that no message can carry.
    """
    checked_words(note.subject, note.lang)
    letter = _letter(note, sender)
    letter = replace(letter, seal=sealing(letter)) if sealing else letter
    values = {
        "to": carried(note.address).encode(),
        "date": dated(at.replace(microsecond=0)),
        "message-id": _message_id(note, sender).encode("ascii"),
    }
    token = note.bounce_token and checked_token(note.bounce_token)
    parcel = filled(letter, values, at=at, envelope_from=envelope_from(sender, token))
    read_back(parcel.content, letter, utf8=parcel.needs_utf8)
    return parcel


def _letter(note: Note, sender: Sender) -> Letter:
    body = body_of(note.text) + b"\r\n"
    return Letter(
        key=note.key,
        sender=sender,
        head=tuple(_head(note, sender)),
        body=(body,),
        stuffed=(stuffed(body),),
        fields=tuple(HEADERS),
    )


def _head(note: Note, sender: Sender) -> Iterator[bytes | Slot]:
    yield f"From: {mailbox(sender.name, sender.address)}\r\nTo: ".encode("ascii")
    yield Slot(name="to")
    yield f"\r\nSubject: {words(note.subject, 'Subject')}\r\nDate: ".encode("ascii")
    yield Slot(name="date")
    yield b"\r\nMessage-ID: "
    yield Slot(name="message-id")
    yield (
        "\r\nAuto-Submitted: auto-generated\r\n"  # RFC 3834 §5: nothing answers it by itself
        f"Content-Language: {note.lang}\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
    ).encode("ascii")


def _message_id(note: Note, sender: Sender) -> str:
    told = f"note\0{note.key}\0{sender.list_id}"
    domain = sender.address.rpartition("@")[2]
    return f"<{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"
