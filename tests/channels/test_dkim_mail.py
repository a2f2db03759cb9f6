"""Whole mails with signatures: what a channel renders, sends and tells."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email import Email, dkim_keys, filling, message, writing
from publisher import registry
from publisher.domain.channel import Copy, Note, Post, Reader, Receipt, Refused
from publisher.sandbox.outside import Outside
from publisher.sandbox.smtp import serving_smtp
from publisher.testing.sample import EDITION
from tests.channels import pem
from tests.channels.receiving import holds

ADDRESS = "letter@harbour.example"
NOW = datetime.now(UTC)  # who verifies reads the clock
DUAL: dict[str, Any] = {
    "dkim_selector": "mail2026",
    "dkim_key": pem.rsa(),
    "dkim_ed25519_selector": "ed2026",
    "dkim_ed25519_key": pem.ed25519(),
}
RSA = {name: DUAL[name] for name in ("dkim_selector", "dkim_key")}
ED25519 = {name: DUAL[name] for name in ("dkim_ed25519_selector", "dkim_ed25519_key")}
READER = Reader(
    address="reader@boats.example",
    token="t1",
    unsubscribe_url="https://harbour.example/unsubscribe/t1?a=1&b=2",
    bounce_token="b1",
)


def channel(port: int = 25, **given: Any) -> Email:
    usual = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "from_": f"The Harbour Letter <{ADDRESS}>",
        "list_id": "letter.harbour.example",
        "timeout": 5,
    }
    return Email(**{**usual, **given})


POST = channel().render(EDITION)


def keys(**given: str) -> tuple[dkim_keys.Key, ...]:
    return dkim_keys.keys({**dict.fromkeys(dkim_keys.SETTINGS, ""), **given}, sender=ADDRESS)


def copy(mail: Email, post: Post, to: Reader = READER, at: datetime = NOW) -> bytes:
    letter = writing.letter(post, mail.sender, mail._sealing)
    return filling.parcel(letter, to, at=at).content


def sent(mail: Email, post: Post, readers: list[Reader]) -> list[bytes]:
    """What a server keeps of copies that went over the wire, and that all were settled."""
    settled: list[Receipt] = []

    async def copies() -> AsyncIterator[Copy]:
        for number, to in enumerate(readers):
            yield Copy(id=number, post=replace(post, to=to))

    async def mark(_: Copy) -> bool:
        return True

    async def settle(_: Copy, outcome: Receipt | Exception) -> None:
        assert isinstance(outcome, Receipt)
        settled.append(outcome)

    outside = Outside()
    with serving_smtp(outside) as (_, port):
        there = replace(mail, port=port)
        asyncio.run(there.deliver_each(copies(), mark=mark, settle=settle))
    assert len(settled) == len(readers)
    return [k.fields["raw"].encode("utf-8", "surrogateescape") for k in outside.posts("email")]


@pytest.mark.parametrize("given", [RSA, ED25519, DUAL], ids=["rsa", "ed25519", "both"])
def test_each_readers_copy_holds_as_it_comes_over_the_wire(given: dict[str, Any]) -> None:
    dots = ".\n..\n.dot\n\n\n" * 3
    mail = channel(**given)
    post = mail.render(replace(EDITION, text=EDITION.text + dots, html=f"<pre>{dots}</pre>"))
    readers = [replace(READER, address=f"r{n}@boats.example", token=f"t{n}") for n in range(3)]
    kept = sent(mail, post, readers)
    assert [holds(one, keys(**given)) for one in kept] == [[True] * len(keys(**given))] * 3
    assert any(b"\r\n." in one for one in kept)


def test_a_single_copy_holds_as_it_comes_over_the_wire() -> None:
    outside = Outside()
    with serving_smtp(outside) as (_, port):
        channel(port, **DUAL).deliver(replace(POST, to=READER))
    [kept] = outside.posts("email")
    assert holds(kept.fields["raw"].encode(), keys(**DUAL)) == [True, True]


def test_a_note_holds_as_it_comes_over_the_wire() -> None:
    dots = ".\n..\n.dot\n\n\n" * 3
    note = Note(key="n", lang="en", subject="Été", text=dots, address=READER.address)
    outside = Outside()
    with serving_smtp(outside) as (_, port):
        channel(port, **DUAL).write(note)
    [kept] = outside.posts("email")
    assert holds(kept.fields["raw"].encode(), keys(**DUAL)) == [True, True]


def test_a_note_to_one_person_holds_as_it_comes_over_the_wire() -> None:
    note = Note(
        key="ask-1",
        lang="de",
        subject="Möchten Sie die Hafenpost?",
        text="Hallo,\n\nhttps://harbour.example/confirm/t1\n.\n",
        address="reader@boats.example",
    )
    outside = Outside()
    with serving_smtp(outside) as (_, port):
        channel(port, **DUAL).write(note)
    [kept] = outside.posts("email")
    mail = kept.fields["raw"].encode()
    assert holds(mail, keys(**DUAL)) == [True, True]
    assert holds(b"List-Unsubscribe: <https://foe.example>\r\n" + mail, keys(**DUAL)) == [False] * 2


def test_a_signed_copy_has_signatures_above_exactly_our_headers() -> None:
    found = message_from_bytes(copy(channel(**DUAL), channel().render(EDITION)))
    assert found.keys() == ["DKIM-Signature", "DKIM-Signature", *message.HEADERS]


@pytest.mark.parametrize("address", ["ada@bücher.example", "zoë@boats.example", "a+b.c@x.example"])
def test_a_copy_to_any_address_holds(address: str) -> None:
    mail = copy(channel(**DUAL), channel().render(EDITION), replace(READER, address=address))
    assert holds(mail, keys(**DUAL)) == [True, True]


def test_a_copy_with_the_longest_way_out_holds() -> None:
    url = "https://harbour.example/" + "x" * 880
    to = replace(READER, unsubscribe_url=url)
    mail = copy(channel(**DUAL), channel().render(EDITION), to)
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in mail
    assert holds(mail, keys(**DUAL)) == [True, True]


def test_an_empty_issue_holds() -> None:
    post = channel().render(replace(EDITION, text="", html="", summary=""))
    assert holds(copy(channel(**DUAL), post), keys(**DUAL)) == [True, True]


@given(
    title=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=200),
    local=st.from_regex(r"[a-z0-9+_-]{1,20}", fullmatch=True),
    name=st.text(st.characters(exclude_categories=["C"]), max_size=80),
)
@settings(max_examples=50, deadline=None)
def test_copies_of_any_title_reader_and_sender_hold(title: str, local: str, name: str) -> None:
    sender = message.Sender(name=name, address=ADDRESS, list_id="letter.harbour.example")
    mail = channel(**ED25519)
    post = replace(POST, title=mail.render(replace(EDITION, title=title)).title)
    letter = writing.letter(post, sender, mail._sealing)
    to = replace(READER, address=f"{local}@boats.example")
    assert holds(filling.parcel(letter, to, at=NOW).content, keys(**ED25519)) == [True]


@pytest.mark.parametrize("top", [b"Bcc: v@e.example\r\n", b"DKIM-Signature: v=1\n", b"\r\n"])
def test_nothing_but_signatures_is_put_above_the_header(top: bytes) -> None:
    with pytest.raises(Refused):
        writing.letter(POST, channel().sender, lambda _: lambda _head, _body, _at: top)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"To: reader@", b"To: other@"),
        (b"Date: ", b"Date: Mon, 01 Jan 2024 00:00:00 +0000\r\nDate: "),
        (b"Subject: ", b"Subject: Win\r\nSubject: "),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: <https://foe.example>\r\nList-Unsubscribe: <"),
        (b"unsubscribe/t1?a", b"unsubscribe/t2?a"),
        (b"Content-Type: multipart", b"Content-Type: text/html\r\nContent-Type: multipart"),
        (b"ferry", b"fairy"),
    ],
)
def test_a_copy_that_somebody_changed_does_not_hold(was: bytes, becomes: bytes) -> None:
    mail = copy(channel(**DUAL), POST)
    assert was in mail
    assert holds(mail.replace(was, becomes, 1), keys(**DUAL)) == [False, False]


def test_the_length_in_the_preview_counts_the_signatures() -> None:
    mail = channel(**DUAL)
    to = Reader(
        address="reader@example.org",
        token="0" * 32,
        unsubscribe_url="https://example.org/unsubscribe/" + "0" * 32,
    )
    assert mail.render(EDITION).length == len(copy(mail, POST, to))


def test_a_check_tells_what_to_publish() -> None:
    with serving_smtp(Outside()) as (_, port):
        told = channel(port, **DUAL).check()
    records = [line for line in told if "IN TXT" in line]
    assert [
        re.findall(r"(\S+)\._domainkey\.harbour\.example\. IN TXT", one) for one in records
    ] == [
        ["mail2026"],
        ["ed2026"],
    ]


def test_a_mistake_is_told_by_the_setting_and_no_key_is_shown(tmp_path: Path) -> None:
    told: dict[str, str] = {}
    table = {
        "kind": "email",
        "host": "mail.example",
        "from": ADDRESS,
        "list_id": "letter.harbour.example",
        "dkim_key": pem.rsa(),
        "dkim_ed25519_key": pem.rsa(),
        "dkim_ed25519_selector": "ed2026",
    }
    built = registry.build("readers", table, folder=tmp_path, language="en", wrong=told.__setitem__)
    assert built is None
    assert told.keys() == {"dkim_selector", "dkim_ed25519_key"}
    assert "PRIVATE" not in str(told)


def test_a_channel_shows_no_key() -> None:
    shown = repr(channel(**DUAL))
    assert not [line for line in (pem.rsa() + pem.ed25519()).splitlines() if line in shown]
