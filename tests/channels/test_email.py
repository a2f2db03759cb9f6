"""What mail owes its readers on top of the contract: one copy each, in bytes none misreads."""

import asyncio
import binascii
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels._text import graphemes
from channels.email import Email, encoding, filling, line, message, parts, writing
from publisher.domain.bounce import token
from publisher.domain.channel import (
    Disconnected,
    Post,
    Reader,
    Refused,
)
from publisher.sandbox.outside import Outside
from publisher.sandbox.smtp import serving_smtp
from publisher.testing.sample import EDITION, FAMILY
from tests.channels.mails import channel, reader
from tests.channels.smtp_script import scripted

NOW = datetime(2026, 8, 6, 7, 0, tzinfo=UTC)


def content(post: Post, to: Reader | None = None, mail: Email | None = None) -> bytes:
    letter = writing.letter(post, (mail or channel()).sender)
    return filling.parcel(letter, to or reader(), at=NOW).content


def parsed(source: bytes) -> EmailMessage:
    return message_from_bytes(source, policy=policy.default)


def body(source: bytes, kind: str) -> str:
    part = parsed(source).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


# --- bytes -----------------------------------------------------------------------------------


def test_a_copy_has_exactly_our_headers_in_order() -> None:
    mail = parsed(content(channel().render(EDITION)))
    assert mail.keys() == message.HEADERS
    assert mail["To"] == "reader0@boats.example"
    assert mail["From"] == "The Harbour Letter <letter@harbour.example>"
    assert mail["Subject"] == EDITION.title
    assert mail["Date"].datetime == NOW
    assert mail["List-Id"] == "<letter.harbour.example>"
    assert mail["Content-Language"] == "en"
    assert not mail.defects


def test_one_click_headers_stay_on_one_line_however_long_the_url() -> None:
    url = "https://harbour.example/unsubscribe/" + "x" * 300
    source = content(channel().render(EDITION), replace(reader(), unsubscribe_url=url))
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in source
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in source


def test_both_parts_carry_the_readers_own_way_out_and_no_slot() -> None:
    post = channel().render(EDITION)
    source = content(post)
    assert reader().unsubscribe_url in body(source, "plain")
    assert reader().unsubscribe_url.replace("&", "&amp;") in body(source, "html")
    for kind in ("plain", "html"):
        assert post.details["slot"] not in body(source, kind)


def test_a_reader_gets_what_the_preview_showed() -> None:
    post = channel().render(EDITION)
    slot, url = post.details["slot"], reader().unsubscribe_url
    source = content(post)
    assert body(source, "plain") == post.text.replace(slot, url)
    assert body(source, "html") == post.html.replace(slot, url.replace("&", "&amp;"))


def test_the_message_id_stays_at_every_attempt_and_differs_by_reader_and_text() -> None:
    mail, post = channel(), channel().render(EDITION)
    letter = writing.letter(post, mail.sender)
    other = writing.letter(mail.render(replace(EDITION, title="Other")), mail.sender)
    ids = [
        filling.parcel(letter, reader(1), at=NOW).message_id,
        filling.parcel(letter, reader(1), at=datetime(2027, 1, 1, tzinfo=UTC)).message_id,
        filling.parcel(letter, reader(2), at=NOW).message_id,
        filling.parcel(other, reader(1), at=NOW).message_id,
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"<[0-9a-f]{32}@harbour\.example>", one) for one in ids)


def test_bounces_come_back_to_an_address_that_names_the_delivery() -> None:
    letter = writing.letter(channel().render(EDITION), channel().sender)
    parcel = filling.parcel(letter, reader(), at=NOW)
    assert parcel.envelope_from == "bounces+b0@harbour.example"


def test_the_longest_bounce_address_leaves_room_for_a_delivery() -> None:
    mail = channel(bounce_address=f"{'b' * 30}@harbour.example")
    last = replace(reader(), bounce_token=token(10**14, b"a-secret"))
    letter = writing.letter(mail.render(EDITION), mail.sender)
    envelope = filling.parcel(letter, last, at=NOW).envelope_from
    assert len(envelope.rpartition("@")[0]) <= 64


def test_without_a_bounce_address_bounces_go_to_the_sender() -> None:
    mail = channel(bounce_address="")
    letter = writing.letter(mail.render(EDITION), mail.sender)
    assert filling.parcel(letter, reader(), at=NOW).envelope_from == "letter@harbour.example"


def test_a_subject_that_looks_encoded_is_shown_as_it_is_written() -> None:
    post = channel().render(replace(EDITION, title="=?utf-8?q?not=20me?= and more"))
    raw = content(post)
    assert b"=?utf-8?q?not=20me?=" not in raw
    assert parsed(raw)["Subject"] == "=?utf-8?q?not=20me?= and more"


HIDDEN = "=?utf-8?q?hi=0D=0ABcc:_v@e.example?="


def test_a_title_that_hides_a_line_break_is_refused_and_warned_of() -> None:
    post = channel().render(replace(EDITION, title=HIDDEN))
    assert [finding.kind for finding in post.warnings] == ["title-unsendable"]
    with pytest.raises(Refused, match="control characters"):
        content(post)


def test_a_sender_that_hides_a_line_break_is_no_configuration() -> None:
    with pytest.raises(ValueError, match="from must be"):
        channel(from_=f"{HIDDEN} <a@harbour.example>")


HOSTILE = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from('\r\n\0\x0b\x85\u2028=?_:<>,;"\\ ')),
    max_size=300,
) | st.lists(
    st.sampled_from([HIDDEN, "=?utf-8?b?DQoNCg==?=", "\r\nBcc: a@b.example", "ü", "a" * 90, "\n."])
).map(" ".join)


@given(title=HOSTILE, text=HOSTILE, name=HOSTILE, listed=HOSTILE)
@example(title="x\r\nBcc: v@e.example\r\n\r\nbody", text="\r.\r\n", name='"\\', listed="=?")
@example(title=HIDDEN, text="\r\n.\r\n", name=HIDDEN, listed="\u2028")
@example(title="a" * 2000, text="a" * 2000, name="ü" * 300, listed="")
@settings(deadline=None, max_examples=100)
def test_no_words_add_a_header_a_line_or_an_end(
    title: str, text: str, name: str, listed: str
) -> None:
    edition = replace(EDITION, title=title, text=text, html=f"<p>{text}</p>", summary=listed)
    sender = replace(channel().sender, name=name)
    try:
        letter = writing.letter(channel().render(edition), sender)
    except Refused:
        assert encoding.hides_control(title)
        return
    parcel = filling.parcel(letter, reader(), at=NOW)
    source = parcel.content
    assert_harmless(source)
    assert parcel.sent == message.stuffed(source)
    assert parsed(source)["Subject"].split() == encoding.one_line(title).split() or "=?" in title


def assert_harmless(source: bytes) -> None:
    """One header block of ours, 7 bits, short lines, one end on the wire."""
    assert message_from_bytes(source).keys() == message.HEADERS
    writing.wire_check(source)
    lines = source.split(b"\r\n")
    assert max(map(len, lines[lines.index(b"") :])) <= 76
    sent = message.stuffed(source) + b".\r\n"
    assert re.findall(rb"[\r\n]\.[\r\n]", sent) == [b"\n.\r"]
    assert sent.endswith(b"\r\n.\r\n")


@given(address=HOSTILE, token=HOSTILE, url=HOSTILE)
@example(address="a@b.example\r\nBcc: c@d.example", token="t", url="https://a.example/")
@example(address="a@b.example> SIZE=1", token="t", url="https://a.example/")
@example(address="a@b.example", token="t\r\nRSET", url="https://a.example/")
@example(address="a@b.example", token="t", url="https://a.example/>\r\nBcc: c@d.example")
@example(address="ünder@bücher.example", token="t", url="https://a.example/=41")
@example(address="a@b.example", token="t", url="https://a.example/" + "." * 300)
@example(address="a@b.example", token="t", url="https://a.example/" + "&" * 890)
@settings(deadline=None, max_examples=100)
def test_no_reader_adds_a_header_or_a_command(address: str, token: str, url: str) -> None:
    letter = writing.letter(channel().render(EDITION), channel().sender)
    try:
        parcel = filling.parcel(
            letter,
            Reader(address=address, token=token, unsubscribe_url=url, bounce_token=token),
            at=NOW,
        )
    except Refused:
        return
    assert message_from_bytes(parcel.content).keys() == message.HEADERS
    writing.wire_check(parcel.content, utf8=parcel.needs_utf8)
    assert parcel.sent == message.stuffed(parcel.content)
    assert max(map(len, b"".join(parcel.body).split(b"\r\n"))) <= 76
    for address_sent in (parcel.envelope_from, parcel.envelope_to):
        assert not re.search(r"[\s<>\x00-\x1f]", address_sent)


@pytest.mark.parametrize(
    "url", ["javascript:x", "https://a.example/>x", "https://a.example/ x", "https://ü.example/"]
)
def test_an_unsubscribe_url_that_no_header_can_carry_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="unsubscribe URL"):
        content(channel().render(EDITION), replace(reader(), unsubscribe_url=url))


def test_a_copy_with_a_header_that_is_not_ours_is_not_made() -> None:
    letter = writing.letter(channel().render(EDITION), channel().sender)
    tampered = replace(letter, head=(b"Bcc: v@e.example\r\n", *letter.head))
    with pytest.raises(Refused, match="not ours"):
        filling.parcel(tampered, reader(), at=NOW)


def test_a_copy_is_sent_as_its_content_with_dots_doubled() -> None:
    dots = "\n".join([".", "..", ". x", "x", "."] * 20)
    post = channel().render(replace(EDITION, text=dots, html=f"<pre>{dots}</pre>"))
    url = "https://harbour.example/" + ".x" * 200  # folded somewhere before a dot
    parcel = filling.parcel(
        writing.letter(post, channel().sender), replace(reader(), unsubscribe_url=url), at=NOW
    )
    assert b"\r\n." in parcel.content
    assert parcel.sent == message.stuffed(parcel.content)
    assert parcel.size == len(parcel.content)
    assert url in body(parcel.content, "plain")


@pytest.mark.parametrize("text", ["x", "=", "é", "x ", "."])
def test_what_fills_a_slot_leaves_room_for_the_soft_break_after_it(text: str) -> None:
    for length in range(200):
        written = filling.on_own_lines(text * length)
        assert max(map(len, (written + b"=").split(b"\r\n"))) <= 76
        assert binascii.a2b_qp(written + b"=\r\n") == (text * length).encode()


ADDRESSES = st.from_regex(r"[A-Za-z0-9.+'é_-]{1,70}@[a-zA-Z0-9.é-]{1,70}", fullmatch=True)


@given(address=ADDRESSES | st.emails() | HOSTILE)
@example(address="a@b.local")
@example(address="a@xn--a.example")
@example(address="a@b-.example")
@example(address=f"{'a' * 65}@b.example")
@example(address=f"{'a' * 30}.{'a' * 40}@b.example")
@example(address=f"a@{'b' * 63}.{'b' * 63}.{'b' * 63}.{'b' * 63}.example")
@example(address="a@b.example\n")
@settings(deadline=None, max_examples=200)
def test_an_address_is_carried_or_refused_as_the_standards_say(address: str) -> None:
    try:
        expected = encoding.wire_address(address)
    except ValueError:
        with pytest.raises(Refused, match="no mail can reach"):
            filling.carried(address)
    else:
        assert filling.carried(address) == expected


@pytest.mark.parametrize("length", range(70, 80))
def test_a_slot_after_a_full_line_makes_no_line_too_long(length: int) -> None:
    post = channel().render(EDITION)
    html = "é" * (length % 3) + "x" * length + post.details["slot"] + "x" * length
    source = content(replace(post, html=html))
    assert_harmless(source)
    assert body(source, "html") == html.replace(
        post.details["slot"], reader().unsubscribe_url.replace("&", "&amp;")
    )


@pytest.mark.parametrize(
    "name", ["Ζωή", 'Kröger, "Zoë"', "a, b", "O'Hara (harbour)", "back\\slash"]
)
def test_display_names_arrive_as_configured(name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    mail = channel(from_=f'"{escaped}" <letter@harbour.example>')
    [shown] = parsed(content(mail.render(EDITION), mail=mail))["From"].addresses
    assert (shown.display_name, shown.addr_spec) == (name, "letter@harbour.example")


def test_a_long_display_name_is_folded_without_a_space_getting_in() -> None:
    mail = channel(from_=f"{'名' * 60} <letter@harbour.example>")
    written = message_from_bytes(content(mail.render(EDITION), mail=mail))["From"]
    decoded = str(make_header(decode_header(written)))  # RFC 2047 §6.2: no space between words
    assert parseaddr(decoded) == ("名" * 60, "letter@harbour.example")


SUBJECTS = [
    "Été à Brest",
    "The harbour letter, with nothing in it that needs a code, but long enough to be folded",
    "港からの手紙" * 80,
    "a word " * 70,
    "🦭 " * 166,
    FAMILY * 70,
    "🇧🇷🇵🇹" * 120,
    "رسالة الميناء" * 38,
    "e\u0301" * 250,
    "न\u200dक्षि" * 80,
    "Z" + "\u0335\u0321" * 240,  # one grapheme of more than a line
    "x" * 500,
    "1 = 1 ? _ =?",
]


def encoded_words(source: bytes) -> list[tuple[str, bytes]]:
    """(encoding, octets) of each encoded word of the subject, read without the email package."""
    subject = re.search(rb"\r\nSubject: (.*?)\r\n(?! )", source, re.DOTALL)
    assert subject is not None
    words = re.findall(rb"=\?utf-8\?([qb])\?([!->@-~]*)\?=", subject[1])
    decode = {
        b"b": binascii.a2b_base64,
        b"q": lambda octets: binascii.a2b_qp(octets, header=True),
    }
    return [(code.decode(), decode[code](octets)) for code, octets in words]


@pytest.mark.parametrize("title", SUBJECTS)
def test_subjects_arrive_as_written_on_lines_of_76(title: str) -> None:
    source = content(channel().render(replace(EDITION, title=title)))
    assert parsed(source)["Subject"] == title.strip()
    lines = source.split(b"\r\nDate:")[0].split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert max(map(len, re.findall(rb"=\?utf-8\?[^ \r]*", source)), default=0) <= 75


@pytest.mark.parametrize(
    "title", [title for title in SUBJECTS if not title.startswith(("a ", "Th"))]
)
def test_each_encoded_word_of_a_subject_can_be_read_by_itself(title: str) -> None:
    source = content(channel().render(replace(EDITION, title=title)))
    words = [octets.decode("utf-8", "strict") for _, octets in encoded_words(source)]
    assert "".join(words) == title.strip()


@pytest.mark.parametrize("title", [FAMILY * 70, "🇧🇷🇵🇹" * 120, "e\u0301" * 250, "न\u200dक्षि" * 80])
def test_no_encoded_word_ends_inside_what_is_seen_as_one(title: str) -> None:
    source = content(channel().render(replace(EDITION, title=title)))
    pieces = [octets.decode() for _, octets in encoded_words(source)]
    assert sum(map(graphemes, pieces)) == graphemes(title)


@given(title=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=500))
@settings(deadline=None, max_examples=200)
def test_any_subject_comes_back_from_lines_of_76(title: str) -> None:
    folded = encoding.words(title, "Subject")
    lines = f"Subject: {folded}".split("\r\n")
    assert max(map(len, lines)) <= 76
    assert all(line.startswith(" ") for line in lines[1:])
    assert parsed(f"Subject: {folded}\r\n\r\n".encode())["Subject"] == encoding.one_line(title)


@pytest.mark.parametrize(
    "text", ["plain words that are " + "long " * 40, "Große Schiffe im Hafen " * 9, "潮" * 99]
)
def test_a_subject_is_written_in_the_shorter_of_both_codes(text: str) -> None:
    source = content(channel().render(replace(EDITION, title=text)))
    codes = {code for code, _ in encoded_words(source)}
    assert codes == {"Große": {"q"}, "潮潮潮潮潮": {"b"}}.get(text[:5], set())


def test_a_long_subject_is_warned_of_with_its_length() -> None:
    fits, long = (channel().render(replace(EDITION, title=FAMILY * n)) for n in (90, 91))
    assert not fits.warnings
    [finding] = long.warnings
    assert (finding.kind, finding.severity) == ("subject-long", "warning")
    assert "91 characters" in finding.detail
    assert "90" in finding.remedy


def test_controls_that_make_gmail_cut_a_mail_are_left_out() -> None:
    source = content(replace(channel().render(EDITION), html="you\x92re"))
    assert body(source, "html").strip() == "youre"


@pytest.mark.parametrize(
    "wrong", [b"a\nb\r\n", b"a\rb\r\n", b"a\0\r\n", b"a" * 999 + b"\r\n", b"\xc3\r\n", b"a"]
)
def test_bytes_that_two_servers_may_read_differently_are_not_sent(wrong: bytes) -> None:
    with pytest.raises(Refused):
        writing.wire_check(wrong)


def test_the_wire_check_lets_a_longest_line_pass() -> None:
    writing.wire_check(b"a" * 998 + b"\r\n")


# --- rendering -------------------------------------------------------------------------------


def test_length_is_the_size_of_a_finished_message() -> None:
    post = channel().render(EDITION)
    assert abs(post.length - len(content(post))) < 100
    assert post.limit is None


def test_a_page_that_gmail_cuts_is_warned_of_with_its_size() -> None:
    post = channel().render(replace(EDITION, html="<p>Words of the letter.</p>" * 4000))
    [finding] = post.warnings
    assert (finding.kind, finding.severity) == ("mail-clipped", "warning")
    assert f"{len(post.html.encode()) / 1024:.0f} kB" in finding.detail
    assert "shorten" in finding.remedy
    assert not channel().render(EDITION).warnings


def test_the_plain_part_is_title_text_and_a_signature_of_72_columns() -> None:
    edition = replace(EDITION, title="A letter of many words " * 8, lang="de")
    text = channel().render(edition).text
    head, said, foot = re.split(r"\n\n(?=The ferry)|\n\n-- \n", text)
    *title, underline = head.splitlines()
    assert " ".join(title) == edition.title.strip()
    assert underline == "=" * max(map(len, title))
    assert said == EDITION.text.strip()
    assert foot.splitlines()[1:-1] == [
        "Von Freiwilligen übersetzt.",
        "Online lesen:",
        EDITION.url,
        f"Lizenz: CC BY-SA 4.0 {EDITION.site.license_url}",
        "Abbestellen:",
    ]
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 72
    assert not re.search(r"</?[a-z]+[ >]|&[a-z]+;", text)


def test_words_of_the_edition_do_not_become_markup() -> None:
    odd = replace(EDITION, title="<script>x</script> & co", summary="<b>y</b>")
    html = channel().render(odd).html
    assert "<script>" not in html
    assert "<b>y" not in html
    assert "&lt;script&gt;x&lt;/script&gt; &amp; co" in html


def test_a_source_that_names_another_editions_slot_gets_no_url() -> None:
    foreign = parts.slot(replace(EDITION, revision="0" * 64))
    post = channel().render(replace(EDITION, text=f"see {foreign}"))
    assert foreign in body(content(post), "plain")


def test_the_frame_speaks_the_editions_language() -> None:
    post = channel().render(replace(EDITION, lang="fr"))
    assert "Se désabonner" in post.text
    assert "Se désabonner" in post.html
    assert 'lang="fr"' in post.html
    assert parsed(content(post))["Content-Language"] == "fr"


def test_a_title_without_spaces_is_not_cut_in_the_plain_part() -> None:
    title = FAMILY * 30
    assert channel().render(replace(EDITION, title=title)).text.startswith(f"{title}\n{'=' * 72}\n")


# --- configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", ""),
        ("port", 0),
        ("tls", "yes"),
        ("from", "nobody"),
        ("from", "a@b.example\r\nBcc: c@d.example"),
        ("from", "ünder@harbour.example"),
        ("list_id", "one word"),
        ("list_id", "a.b>\r\nX: y"),
        ("bounce_address", "nowhere"),
        ("bounce_address", f"{'b' * 31}@harbour.example"),
        ("connections", 0),
        ("rate", -1),
        ("when_unsure", "maybe"),
        ("timeout", 0),
        ("timeout", 61),
        ("end_timeout", 0),
        ("end_timeout", 121),
        ("messages_per_connection", 0),
        ("ca_file", "relative.pem"),
    ],
)
def test_a_wrong_setting_is_named(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be .*, not "):
        channel(**{"from_" if field == "from" else field: value})


def test_only_the_operator_decides_to_send_again() -> None:
    post = replace(channel().render(EDITION), to=reader())
    assert channel(when_unsure="resend").find_existing(post) is None
    with pytest.raises(NotImplementedError, match="cannot be asked"):
        channel(when_unsure="hold").find_existing(post)


def test_a_mail_in_doubt_is_named_as_the_servers_log_has_it() -> None:
    with scripted() as server:
        mail = channel(server.port)
        post = replace(mail.render(EDITION), to=reader(1))
        mail.deliver(post)
    with pytest.raises(NotImplementedError) as asked:
        mail.find_existing(post)
    assert f"took {parsed(server.bodies[0])['Message-ID']};" in str(asked.value)


def test_a_post_without_a_reader_is_no_mail() -> None:
    with pytest.raises(ValueError, match="reader"):
        channel().deliver(channel().render(EDITION))


# --- the wire --------------------------------------------------------------------------------


def test_dots_go_out_at_once() -> None:
    async def no_delay(port: int) -> int:
        server = line.Server(host="127.0.0.1", port=port, tls="none")
        kept = await line.open_line(server)
        sock = kept.talk._transport.get_extra_info("socket")
        option: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await line.close_line(kept)
        return option

    with scripted() as server:
        assert asyncio.run(no_delay(server.port))


SMUGGLED = ["\n.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n\0.\r\n", "\r\n.\r\n", ".\n..\n. x\n"]


@pytest.mark.parametrize("sequence", SMUGGLED)
def test_no_text_ends_a_message_early(sequence: str) -> None:
    smuggled = f"before{sequence}MAIL FROM:<evil@e.example>\r\nRCPT TO:<v@e.example>\r\nafter"
    outside = Outside()
    with serving_smtp(outside) as (_, port), scripted() as server:
        for there in (port, server.port):
            mail = channel(there)
            odd = replace(EDITION, text=smuggled, html=f"<pre>{smuggled}</pre>")
            mail.deliver(replace(mail.render(odd), to=reader()))
    [kept] = outside.posts("email")
    text = body(kept.fields["raw"].encode(), "plain")
    assert re.sub("\r\n|\r", "\n", smuggled.replace("\0", "")) in text
    [sent] = server.bodies
    assert not re.search(rb"(^|\r|\n)\.(\r|\n|$)", sent)


# --- servers of others -----------------------------------------------------------------------


class Keeping:
    """An aiosmtpd handler that only remembers envelopes."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope
    ) -> str:
        self.envelopes.append(envelope)
        return "250 queued"


@contextmanager
def aiosmtpd(**options: Any) -> Iterator[tuple[int, Keeping]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keeping = Keeping()
    controller = Controller(keeping, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port, keeping
    finally:
        controller.stop()


def test_another_server_takes_the_same_bytes() -> None:
    with aiosmtpd() as (port, keeping):
        mail = channel(port)
        mail.deliver(replace(mail.render(EDITION), to=reader()))
    [envelope] = keeping.envelopes
    assert envelope.rcpt_tos == [reader().address]
    assert envelope.mail_from == f"bounces+{reader().bounce_token}@harbour.example"
    assert_harmless(bytes(envelope.original_content or b""))


def test_an_address_with_an_international_domain_goes_out_in_ascii() -> None:
    with aiosmtpd(enable_SMTPUTF8=False) as (port, keeping):
        mail = channel(port)
        to = replace(reader(), address="ada@bücher.example")
        mail.deliver(replace(mail.render(EDITION), to=to))
    [envelope] = keeping.envelopes
    assert envelope.rcpt_tos == ["ada@xn--bcher-kva.example"]


def test_an_international_address_goes_to_a_server_that_speaks_smtputf8() -> None:
    to = replace(reader(), address="zoë@boats.example")
    with aiosmtpd(enable_SMTPUTF8=True) as (port, keeping):
        mail = channel(port)
        mail.deliver(replace(mail.render(EDITION), to=to))
    [envelope] = keeping.envelopes
    assert envelope.rcpt_tos == ["zoë@boats.example"]
    assert envelope.smtp_utf8
    assert parsed(bytes(envelope.original_content or b"")).keys() == message.HEADERS


def test_an_international_address_is_refused_where_smtputf8_is_not_spoken() -> None:
    to = replace(reader(), address="zoë@boats.example")
    with aiosmtpd(enable_SMTPUTF8=False) as (port, keeping):
        mail = channel(port)
        with pytest.raises(Refused, match="ASCII"):
            mail.deliver(replace(mail.render(EDITION), to=to))
    assert keeping.envelopes == []


def test_a_mail_over_the_servers_limit_is_refused_before_it_is_sent() -> None:
    with aiosmtpd(data_size_limit=1000) as (port, keeping):
        mail = channel(port)
        with pytest.raises(Refused, match="takes 1000 at most"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert keeping.envelopes == []


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def test_mail_goes_out_encrypted_after_starttls(
    tls: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    with aiosmtpd(tls_context=tls, require_starttls=True) as (port, keeping):
        mail = channel(port, tls="starttls", ca_file=str(certificate[0]))
        mail.deliver(replace(mail.render(EDITION), to=reader()))
        assert "with TLS" in mail.check()[0]
    assert len(keeping.envelopes) == 1


def test_a_certificate_that_does_not_hold_needs_a_person(tls: ssl.SSLContext) -> None:
    with aiosmtpd(tls_context=tls, require_starttls=True) as (port, keeping):
        mail = channel(port, tls="starttls")
        with pytest.raises(Disconnected, match=r"(?i)certificate"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert keeping.envelopes == []


@pytest.mark.parametrize("username", ["", "us"])
def test_nothing_goes_in_the_clear_where_encryption_is_not_offered(username: str) -> None:
    with scripted() as server:
        mail = channel(server.port, tls="starttls", username=username, password="secret")
        with pytest.raises(Disconnected, match="STARTTLS"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert {line.split()[0] for line in server.commands} <= {"EHLO", "QUIT"}


def test_a_check_warns_of_a_password_in_the_clear() -> None:
    with serving_smtp(Outside()) as (_, port):
        found = channel(port, username="us", password="x").check()
    assert any("unencrypted" in line for line in found)
    assert any("messages of up to" in line for line in found)


# --- the stand-in ----------------------------------------------------------------------------


def test_the_stand_in_shows_a_second_copy_as_a_second_one() -> None:
    outside = Outside()
    with serving_smtp(outside) as (_, port):
        mail = channel(port)
        post = replace(mail.render(EDITION), to=reader())
        first, second = mail.deliver(post), mail.deliver(post)
    assert first.id == second.id
    assert len(outside.posts("email")) == 2
