"""What is read from the forms that reports come in."""

import base64

import pytest

from publisher.domain.bounce import Kind
from publisher.returns.reading import read
from publisher.returns.report import NoReport, Report, Said
from tests.publisher.returns.letters import (
    LEAVING,
    ORIGINAL,
    QMAIL,
    TOKEN,
    VACATION,
    VERP,
    arf,
    dsn,
    group,
)


def reported(raw: bytes) -> Report:
    found = read(raw)
    assert isinstance(found, Report), found
    return found


def said(raw: bytes) -> Said:
    [only] = reported(raw).said
    return only


def test_a_bounce_tells_whom_it_is_about_and_why_in_the_servers_words() -> None:
    assert said(dsn(group(said="smtp; 550 5.1.1 <ann@example.org>: no such user"))) == Said(
        kind=Kind.HARD,
        recipients=("ann@example.org",),
        status="5.1.1",
        words="550 5.1.1 <ann@example.org>: no such user",
    )


def test_a_servers_words_cannot_act_on_a_terminal() -> None:
    assert said(dsn(group(said="smtp; 550 \x1b[2Jgone\x07"))).words == "550 [2Jgone"


@pytest.mark.parametrize(
    ("action", "status", "answer", "kind"),
    [
        ("failed", "5.1.1", "", Kind.HARD),
        ("Failed (bounced)", "5.1.1", "", Kind.HARD),
        ("error", "5.1.1", "", Kind.HARD),
        ("failed", "5.1.1 (no such user)", "", Kind.HARD),
        ("failed", "5.0.0", "smtp; 550 5.1.1 unknown", Kind.HARD),
        ("failed", "", "smtp; 550 5.1.1 unknown", Kind.HARD),
        ("failed", "5.1.1", "smtp; 550 5.7.1 blocked", Kind.POLICY),
        ("failed", "5.7.26", "", Kind.POLICY),
        ("failed", "5.2.2", "smtp; 552 5.2.2 mailbox full", Kind.SOFT),
        ("failed", "4.4.7", "", Kind.SOFT),
        ("failed", "", "smtp; 550 unknown user", Kind.SOFT),
        ("failed", "", "", Kind.SOFT),
        ("delayed", "4.4.1", "", Kind.DELAYED),
        ("delayed", "5.1.1", "", Kind.DELAYED),
    ],
)
def test_the_kind_is_decided_from_action_and_status(
    action: str, status: str, answer: str, kind: Kind
) -> None:
    assert said(dsn(group(action, status, answer))).kind is kind


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "whatever"])
def test_what_arrived_is_no_bounce(action: str) -> None:
    assert read(dsn(group(action, "2.1.5"))) == NoReport(why="it tells of no mail that failed")


def test_each_recipient_is_told_apart() -> None:
    two = dsn(group(), group("delayed", "4.2.2", Original_Recipient="rfc822;bob@example.org"))
    assert [one.kind for one in reported(two).said] == [Kind.HARD, Kind.DELAYED]


def test_an_address_in_xtext_is_read() -> None:
    raw = dsn(group(Original_Recipient="rfc822;ann+2Bnews@example.org"))
    assert "ann+news@example.org" in said(raw).recipients


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_status_part_is_read(encoding: str) -> None:
    fields = "Reporting-MTA: dns; mx.example\n\n" + group()
    coded = base64.b64encode(fields.encode()).decode() if encoding == "base64" else fields
    whole = dsn().decode()
    begin = whole.index("Reporting-MTA")
    end = whole.index("--=B=", begin)
    raw = whole[:begin].rstrip() + f"\nContent-Transfer-Encoding: {encoding}\n\n{coded}\n"
    assert said((raw + whole[end:]).encode()).kind is Kind.HARD


@pytest.mark.parametrize(
    "to",
    [
        VERP,
        f"bounces-{TOKEN}@news.example",
        f"bounces={TOKEN}@news.example",
        f"letterbox+{TOKEN.upper()}@mx.inside.example",
    ],
)
def test_the_token_is_found_after_any_delimiter(to: str) -> None:
    assert [token.lower() for token in reported(dsn(to=to)).tokens][:1] == [TOKEN]


@pytest.mark.parametrize(
    "name", ["Delivered-To", "X-Original-To", "Envelope-To", "Original-Recipient"]
)
def test_the_token_is_found_wherever_servers_note_the_address(name: str) -> None:
    raw = dsn(to="bounces@news.example", head=f"{name}: rfc822;{VERP}\n", original="")
    assert reported(raw).tokens == (TOKEN,)


def test_a_token_that_only_the_enclosed_mail_has_does_not_make_a_bounce_ours() -> None:
    assert reported(dsn(to="bounces@news.example")).tokens == ()


def test_an_old_bounce_is_soft_and_means_the_one_it_names() -> None:
    found = reported(QMAIL)
    assert found.by_name
    assert found.tokens == (TOKEN,)
    assert found.said == (Said(kind=Kind.SOFT, recipients=("ann@example.org",)),)


def test_a_complaint_names_the_mail_by_its_sender_and_its_leave_link() -> None:
    found = reported(arf())
    assert found.said[0].kind is Kind.COMPLAINT
    assert (found.tokens, found.leaving) == ((TOKEN,), (LEAVING,))


def test_a_complaint_that_encloses_only_the_head_is_read() -> None:
    head = ORIGINAL.partition("\n\n")[0] + "\n"
    raw = arf(original=head).replace(b"message/rfc822", b"text/rfc822-headers")
    assert reported(raw).leaving == (LEAVING,)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", "other", ""])
def test_feedback_that_no_reader_gave_is_no_complaint(kind: str) -> None:
    assert isinstance(read(arf(kind)), NoReport)


LOOP = b"Delivered-To: " + VERP.encode() + b"\n" + ORIGINAL.encode()
NEITHER = dsn().replace(b"Return-Path: <>\n", b"").replace(b"Auto-Submitted: auto-replied\n", b"")
READ_RECEIPT = dsn().replace(b"delivery-status", b"disposition-notification")
FORWARDED = (
    b"Return-Path: <>\nTo: " + VERP.encode() + b"\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="F"\n\n--F\n'
    b"Content-Type: message/rfc822\n\n" + dsn() + b"\n--F--\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n \r\n", id="blank lines"),
        pytest.param(VACATION, id="a vacation reply"),
        pytest.param(LOOP, id="our own mail"),
        pytest.param(b"Return-Path: <>\n" + LOOP, id="our own mail from nobody"),
        pytest.param(b"List-Id: <letter.news.example>\n" + QMAIL, id="our own mail about bounces"),
        pytest.param(
            NEITHER.replace(b"MAILER-DAEMON@mx", b"eve@mx"), id="a bounce that no server wrote"
        ),
        pytest.param(READ_RECEIPT, id="a receipt of reading"),
        pytest.param(FORWARDED, id="a bounce within a mail"),
        pytest.param(b"Subject: hello\n\nHow are you?", id="a stranger's mail"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0", id="a picture"),
    ],
)
def test_all_else_is_no_report(raw: bytes) -> None:
    assert isinstance(read(raw), NoReport)
