"""What signatures owe to who receives the mail, by the word of another implementation."""

import re
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email import dkim, dkim_keys
from channels.email.dkim_keys import Key
from tests.channels import pem
from tests.channels.receiving import holds

SENDER = "letter@harbour.example"
NOW = datetime.now(UTC)  # the other implementation reads the clock itself
HEAD = (
    b'From: "The  Harbour Letter" <letter@harbour.example>\r\n'
    b"To: reader@boats.example\r\n"
    b"Subject: Tides,  as they\r\n come and go\r\n"
    b"Date: Thu, 06 Aug 2026 07:00:00 +0000\r\n"
    b"Message-ID: <1@harbour.example>\r\n"
    b"List-Id: <letter.harbour.example>\r\n"
    b"List-Unsubscribe: <https://harbour.example/unsubscribe/1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Precedence: bulk\r\n"
    b"Content-Language: en\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n"
)
BODY = (b"Dear \r\n", b"Ann", b"\r\n.dots\r\n.\r\n\tand more\r\n")


def keys(sender: str = SENDER, **given: str) -> tuple[Key, ...]:
    return dkim_keys.keys({**dict.fromkeys(dkim_keys.SETTINGS, ""), **given}, sender=sender)


def rsa_key() -> tuple[Key, ...]:
    return keys(dkim_key=pem.rsa(), dkim_selector="mail2026")


def ed25519_key() -> tuple[Key, ...]:
    return keys(dkim_ed25519_key=pem.ed25519(), dkim_ed25519_selector="ed.mail2026")


def both() -> tuple[Key, ...]:
    return keys(
        dkim_key=pem.rsa(),
        dkim_selector="mail2026",
        dkim_ed25519_key=pem.ed25519(),
        dkim_ed25519_selector="ed.mail2026",
    )


def names(head: bytes) -> list[str]:
    return list(message_from_bytes(head).keys())


def signed(
    with_: Sequence[Key], head: bytes = HEAD, body: Sequence[bytes] = BODY, at: datetime = NOW
) -> bytes:
    seal = dkim.signing(with_, fields=names(head), opening=body[0])
    return seal(head, body, at) + head + b"\r\n" + b"".join(body)


# --- signatures ------------------------------------------------------------------------------


@pytest.mark.parametrize("with_", [rsa_key, ed25519_key, both])
def test_each_key_makes_a_signature_that_holds(with_: Any) -> None:
    assert holds(signed(with_()), with_()) == [True] * len(with_())


def test_both_keys_sign_rsa_first() -> None:
    found = message_from_bytes(signed(both())).get_all("DKIM-Signature", [])
    assert [re.findall(r"a=([^;]+)", one) for one in found] == [["rsa-sha256"], ["ed25519-sha256"]]


def test_signatures_stand_above_all_else_on_lines_of_78() -> None:
    top = signed(both()).removesuffix(HEAD + b"\r\n" + b"".join(BODY))
    assert names(top) == ["DKIM-Signature", "DKIM-Signature"]
    assert max(map(len, top.split(b"\r\n"))) <= 78
    assert top.endswith(b"\r\n")


def test_a_signature_never_says_how_long_the_body_is() -> None:
    assert not re.search(rb"[; ]l=", signed(rsa_key()))


@pytest.mark.parametrize("name", [n for n in names(HEAD) if n != "Precedence"])
def test_a_field_that_is_changed_breaks_the_signature(name: str) -> None:
    changed = re.sub(rf"^{name}: ".encode(), rb"\g<0>x", HEAD, flags=re.MULTILINE)
    assert holds(signed(both()).replace(HEAD, changed), both()) == [False, False]


@pytest.mark.parametrize("name", dkim.SEALED)
@pytest.mark.parametrize("place", ["above", "below"])
def test_a_field_that_is_added_breaks_the_signature(name: str, place: str) -> None:
    added = f"{name}: <added@foe.example>\r\n".encode()
    mail = signed(both())
    changed = added + mail if place == "above" else mail.replace(HEAD, HEAD + added)
    assert holds(changed, both()) == [False, False]


def test_fields_of_servers_on_the_way_leave_the_signature_whole() -> None:
    passed = b"Received: from here\r\nReturn-Path: <b@harbour.example>\r\nX-Spam: no\r\n"
    assert holds(passed + signed(both()), both()) == [True, True]


def test_a_header_folded_anew_leaves_the_signature_whole() -> None:
    head = HEAD.replace(b"Subject: Tides,  as they\r\n come", b"Subject: Tides,\r\n\tas they come")
    assert holds(signed(both()).replace(HEAD, head), both()) == [True, True]


def test_a_changed_body_breaks_the_signature() -> None:
    assert holds(signed(both()).replace(b"Ann", b"Bob"), both()) == [False, False]


@pytest.mark.parametrize(
    "body",
    [
        (b"",),
        (b"\r\n",),
        (b"\r\n\r\n\r\n",),
        (b"words\r\n\r\n\r\n",),
        (b"words without an end",),
        (b"\r\n\r\nwords\r\n",),
        (b"words\r\n\r\n", b"more\r\n"),
        (b"words\r\n\r\n", b"\r\n"),
        (b"words\r\n\r\n", b"", b"\r\n"),
        (b"\r\n", b"words", b""),
        (b".\r\n..\r\n", b".dot", b"\r\n.\r\n"),
    ],
)
def test_the_end_of_a_body_is_hashed_as_the_standard_has_it(body: tuple[bytes, ...]) -> None:
    assert holds(signed(both(), body=body), both()) == [True, True]


def test_a_body_that_begins_otherwise_for_each_reader_is_signed() -> None:
    seal = dkim.signing(rsa_key(), fields=names(HEAD), opening=b"")
    for body in ((b"Ann", b"\r\n"), (b"Bob", b"\r\n")):
        mail = seal(HEAD, body, NOW) + HEAD + b"\r\n" + b"".join(body)
        assert holds(mail, rsa_key()) == [True]


TEXT = st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters="\x7f"))
LINES = st.lists(TEXT.map(str.encode), max_size=6).map(b"\r\n".join)


@given(subject=TEXT, space=st.sampled_from([" ", "  ", "\t", "\r\n ", "\r\n\t ", " \r\n "]))
@settings(max_examples=60, deadline=None)
def test_any_field_holds_however_it_is_spaced(subject: str, space: str) -> None:
    value = f"{space}{subject}{space}x".encode()
    head = re.sub(rb"Subject:.*\r\n .*\r\n", lambda _: b"Subject:" + value + b"\r\n", HEAD)
    assert holds(signed(ed25519_key(), head=head), ed25519_key()) == [True]


@given(body=st.lists(LINES, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_body_holds_in_whatever_pieces(body: list[bytes]) -> None:
    assert holds(signed(ed25519_key(), body=body), ed25519_key()) == [True]


def test_a_signature_says_when_it_was_made_and_that_it_holds_for_a_week() -> None:
    at = datetime(2026, 8, 6, 7, 0, 0, 999, tzinfo=UTC)
    [t], [x] = (
        re.findall(rb"[; ]%s=(\d+)" % tag, signed(rsa_key(), at=at)) for tag in (b"t", b"x")
    )
    assert datetime.fromtimestamp(int(t), UTC) == at.replace(microsecond=0)
    assert int(x) - int(t) == timedelta(days=7).total_seconds()


def test_a_signature_of_long_ago_does_not_hold() -> None:
    at = NOW - timedelta(days=8)
    assert holds(signed(both(), at=at), both()) == [False, False]


# --- keys ------------------------------------------------------------------------------------


def test_without_settings_there_is_nothing_to_sign_with() -> None:
    assert keys() == ()


def test_a_key_signs_for_the_senders_domain_or_the_one_that_is_set() -> None:
    given = {"dkim_key": pem.rsa(), "dkim_selector": "a"}
    assert keys(**given)[0].domain == "harbour.example"
    assert keys(dkim_domain="Bücher.Example", **given)[0].domain == "xn--bcher-kva.example"


def test_keys_are_read_in_the_older_notation_too() -> None:
    assert pem.older_rsa() != pem.rsa()
    assert keys(dkim_key=pem.older_rsa(), dkim_selector="a")[0].public == rsa_key()[0].public


def test_an_ed25519_key_may_be_the_only_one_in_either_place() -> None:
    [alone] = keys(dkim_key=pem.ed25519(), dkim_selector="a")
    assert alone.kind == "ed25519"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lambda: "keys/dkim.pem", "dkim_key must be a private key in PEM: file:"),
        (lambda: pem.rsa()[:400], "dkim_key must be a private key in PEM: file:"),
        (lambda: "\udcff", "dkim_key must be a private key in PEM: file:"),
        (pem.public_rsa, "dkim_key must be a private key in PEM: file:"),
        (pem.encrypted_rsa, "dkim_key is encrypted; store it without a password"),
        (pem.elliptic, "dkim_key must be an RSA or Ed25519 key"),
        (pem.short_rsa, "dkim_key must have more than its 768 bits: .* make a key of 2048"),
    ],
)
def test_what_is_no_key_to_sign_with_is_named_with_the_remedy(text: Any, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}"):
        keys(dkim_key=text(), dkim_selector="a")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"dkim_selector": "a"}, "dkim_key is missing"),
        (
            {"dkim_key": pem.rsa},
            "dkim_selector must be a name in DNS such as mail2026, not 'empty'",
        ),
        ({"dkim_ed25519_selector": "a"}, "dkim_ed25519_key is missing"),
        ({"dkim_ed25519_key": pem.ed25519}, "dkim_ed25519_selector must be a name"),
        ({"dkim_domain": "example.org"}, "dkim_domain needs dkim_key and dkim_selector"),
        (
            {"dkim_ed25519_key": pem.rsa, "dkim_ed25519_selector": "a"},
            "dkim_ed25519_key must be an Ed25519 key; an RSA key belongs in dkim_key",
        ),
    ],
)
def test_half_a_setting_is_named_with_what_is_missing(given: dict[str, Any], why: str) -> None:
    filled = {name: value() if callable(value) else value for name, value in given.items()}
    with pytest.raises(ValueError, match=why):
        keys(**filled)


@pytest.mark.parametrize(
    "name", ["a b", "-a", "a-", "a.", ".a", "a_b", "ä", "a" * 64, "a;b", "a\r\n"]
)
def test_a_selector_that_dns_cannot_hold_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="dkim_selector must be a name in DNS"):
        keys(dkim_key=pem.rsa(), dkim_selector=name)


@pytest.mark.parametrize("name", ["org", "a b.example", "a;b.example", "@", "x@example.org", "."])
def test_a_domain_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="dkim_domain must be a domain"):
        keys(dkim_domain=name, dkim_key=pem.rsa(), dkim_selector="a")


def test_two_keys_of_one_kind_or_one_selector_are_at_odds() -> None:
    with pytest.raises(ValueError, match="dkim_key must be an RSA key where") as error:
        keys(
            dkim_key=pem.ed25519(),
            dkim_selector="same",
            dkim_ed25519_key=pem.ed25519(),
            dkim_ed25519_selector="Same",
        )
    assert error.value.args[1].startswith("dkim_ed25519_selector must differ from dkim_selector")


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="dkim_key is missing") as error:
        keys(dkim_selector="a", dkim_ed25519_selector="b")
    assert len(error.value.args) == 2


# --- what an operator is told -----------------------------------------------------------------


def test_the_record_to_publish_is_what_a_zone_file_has() -> None:
    [key] = ed25519_key()
    record = dkim_keys.record(key)
    start = 'ed.mail2026._domainkey.harbour.example. IN TXT "v=DKIM1; k=ed25519; p='
    assert record == f'{start}{key.public}"'
    assert len(b64decode(key.public)) == 32


def test_a_long_record_is_cut_into_strings_that_dns_holds() -> None:
    strings = re.findall('"([^"]*)"', dkim_keys.record(rsa_key()[0]))
    assert len(strings) == 2
    assert max(map(len, strings)) <= 255
    assert "".join(strings) == f"v=DKIM1; k=rsa; p={rsa_key()[0].public}"


def told(sender: str = SENDER, **given: str) -> str:
    return "\n".join(dkim_keys.told(keys(sender, **given), sender=sender))


def test_a_check_tells_of_keys_that_receivers_will_not_value() -> None:
    assert "weak" in told(dkim_key=pem.rsa(1024), dkim_selector="a")
    assert "weak" not in told(dkim_key=pem.rsa(), dkim_selector="a")
    assert "with an RSA key too" in told(dkim_key=pem.ed25519(), dkim_selector="a")
    assert "with an RSA key too" not in "\n".join(dkim_keys.told(both(), sender=SENDER))


@pytest.mark.parametrize(
    ("domain", "counts"),
    [
        ("harbour.example", True),
        ("mail.harbour.example", True),
        ("example.org", False),
        ("arbour.example", False),
        ("my-harbour.example", False),
    ],
)
def test_a_check_tells_of_a_domain_that_is_not_the_senders(domain: str, counts: bool) -> None:
    said = told(dkim_domain=domain, dkim_key=pem.rsa(), dkim_selector="a")
    assert ("DMARC" not in said) is counts


def test_nothing_that_is_told_holds_a_secret() -> None:
    shown = f"{both()!r} {told(dkim_key=pem.rsa(), dkim_selector='a')}"
    for line in (pem.rsa() + pem.ed25519()).splitlines():
        assert line not in shown
