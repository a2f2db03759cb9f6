"""The conversation with a mail server, in both ways: whatever it answers, each mail once."""

import asyncio
import re
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import uvloop

from channels.email import filling, line, message, wire, writing
from publisher.domain.channel import Copy, Disconnected, Receipt, Refused, TryLater, Unsure
from publisher.sandbox.outside import Outside
from publisher.sandbox.smtp import serving_smtp
from publisher.testing.sample import EDITION
from tests.channels.mails import channel, copies, handed_out, reader, send, yes
from tests.channels.smtp_script import (
    DROP,
    SILENCE,
    Answer,
    Answers,
    Script,
    always,
    offering_pipelining,
    scripted,
    serving_with,
)
from tests.channels.worlds.email import opened

NOW = datetime(2026, 8, 6, 7, 0, tzinfo=UTC)
Serving = Callable[..., AbstractContextManager[Script]]


def nothing_special(_command: str, _count: int) -> Answer | None:
    return None


def together(says: Answers = nothing_special, **options: Any) -> AbstractContextManager[Script]:
    """A server that takes commands together."""
    return scripted(offering_pipelining(says), **options)


WAYS: list[Serving] = [scripted, together]


@pytest.fixture(params=WAYS, ids=["one by one", "together"])
def serving(request: pytest.FixtureRequest) -> Serving:
    """A scripted server, once without PIPELINING and once with it."""
    made: Serving = request.param
    return made


def recipients(server: Script) -> list[str]:
    return [str(message_from_bytes(sent)["To"]) for sent in server.bodies]


PHASES: list[tuple[str, Answer, type[Exception]]] = [
    ("BANNER", b"421 4.3.2 closing", TryLater),
    ("BANNER", DROP, TryLater),
    ("BANNER", SILENCE, TryLater),
    ("BANNER", b"nonsense", TryLater),
    ("BANNER", b"554 5.7.1 no", Disconnected),
    ("EHLO", DROP, TryLater),
    ("MAIL", b"451 4.3.0 busy", TryLater),
    ("MAIL", b"421 4.7.0 bye", TryLater),
    ("MAIL", b"552 5.3.4 too big", Refused),
    ("MAIL", b"550 5.7.1 not you", Disconnected),
    ("MAIL", b"530 5.7.0 sign in", Disconnected),
    ("MAIL", DROP, TryLater),
    ("MAIL", SILENCE, TryLater),
    ("RCPT", b"450 4.2.1 greylisted", TryLater),
    ("RCPT", b"550 5.1.1 unknown", Refused),
    ("RCPT", b"530 5.7.0 sign in", Disconnected),
    ("RCPT", b"x" * 100_000, TryLater),
    ("DATA", b"451 4.3.0 busy", TryLater),
    ("DATA", b"554 5.5.1 no", Refused),
    ("DATA", b"250 what", TryLater),
    ("DATA", DROP, TryLater),
    ("DATA", SILENCE, TryLater),
    ("DOT", b"451 4.3.0 later", TryLater),
    ("DOT", b"421 4.3.0 bye", TryLater),
    ("DOT", b"554 5.7.1 spam", Refused),
    ("DOT", b"552 5.3.4 too big", Refused),
    ("DOT", DROP, Unsure),
    ("DOT", SILENCE, Unsure),
    ("DOT", b"{oops", Unsure),
    ("DOT", b"354 what", Unsure),
    ("DOT", b"x" * 100_000, Unsure),
    ("DOT", b"25", Unsure),
]


@pytest.mark.parametrize(("command", "answer", "expected"), PHASES)
def test_each_answer_at_each_phase_is_named_by_what_to_do(
    serving: Serving, command: str, answer: Answer, expected: type[Exception]
) -> None:
    with serving(always(command, answer)) as server:
        mail = channel(server.port, timeout=0.3)
        with pytest.raises(expected) as failure:
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert type(failure.value) is expected
    if isinstance(answer, bytes) and len(answer) > 3:
        assert answer[:20].decode() in str(failure.value) or "too long" in str(failure.value)


def test_a_doubt_says_what_was_seen_and_where_to_look(serving: Serving) -> None:
    with serving(always("DOT", SILENCE)) as server:
        mail = channel(server.port, timeout=0.2)
        post = replace(mail.render(EDITION), to=reader())
        parcel = filling.parcel(writing.letter(post, mail.sender), reader(), at=NOW)
        with pytest.raises(Unsure) as failure:
            mail.deliver(post)
    assert parcel.message_id in str(failure.value)
    assert "timed out after the end" in str(failure.value)


def test_a_receipt_has_the_message_id_and_the_servers_words(serving: Serving) -> None:
    with serving() as server:
        mail = channel(server.port)
        receipt = mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert receipt.note == "250 2.0.0 taken"
    assert receipt.id == message_from_bytes(server.bodies[0])["Message-ID"]


def test_the_mark_is_asked_for_when_only_the_dot_is_missing(serving: Serving) -> None:
    seen: list[bytes] = []
    with serving() as server:

        async def mark(_: Copy) -> bool:
            for _attempt in range(200):
                if server.unended.endswith(b"--\r\n"):
                    break
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)  # time for a dot that came too soon
            seen.extend([server.unended, *server.bodies])
            return True

        mail = channel(server.port)
        send(mail, copies(mail.render(EDITION), 1), mark=mark)
        [before] = seen
        assert before == server.bodies[0]


def test_a_copy_that_is_no_longer_ours_is_neither_ended_nor_settled(serving: Serving) -> None:
    async def mark(copy: Copy) -> bool:
        return copy.id != 1

    with serving() as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 3), mark=mark)
    assert sorted(outcomes) == [0, 2]
    assert [message_from_bytes(sent)["To"] for sent in server.bodies] == [
        reader(0).address,
        reader(2).address,
    ]


def test_nothing_follows_a_body_that_must_not_be_ended(serving: Serving) -> None:
    async def mark(_: Copy) -> bool:
        return False

    with serving() as server:
        mail = channel(server.port)
        assert send(mail, copies(mail.render(EDITION), 1), mark=mark) == {}
    assert b"QUIT" not in server.unended
    assert server.bodies == []


@pytest.mark.parametrize("line", [b"250-" + b"x" * 400 + b"\r\n", b"250-\r\n"])
def test_a_reply_without_an_end_is_no_reply(serving: Serving, line: bytes) -> None:
    with serving(always("RCPT", line * (100_000 // len(line)) + b"250 fine")) as server:
        mail = channel(server.port)
        with pytest.raises(TryLater, match="too long"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))


def test_a_line_lost_while_the_mark_was_written_is_no_doubt(serving: Serving) -> None:
    async def mark(_: Copy) -> bool:
        await asyncio.sleep(0.2)
        return True

    with serving(always("BODY", DROP)) as server:
        mail = channel(server.port)
        outcomes = send(mail, copies(mail.render(EDITION), 1), mark=mark)
    assert type(outcomes[0]) is TryLater
    assert server.bodies == []


def test_a_thousand_readers_get_one_copy_each() -> None:
    outside = Outside()
    with serving_smtp(outside) as (_, port):
        mail = channel(port, connections=10, timeout=20)
        outcomes = send(mail, copies(mail.render(EDITION), 1000))
    kept = outside.posts("email")
    assert Counter(one.fields["rcpt_to"] for one in kept) == Counter(
        reader(n).address for n in range(1000)
    )
    assert all(isinstance(outcome, Receipt) for outcome in outcomes.values())
    assert len(outcomes) == 1000
    for one in kept:
        raw = opened(one)
        assert raw["To"] == one.fields["rcpt_to"]
        number = int(re.findall(r"\d+", one.fields["rcpt_to"])[0])
        assert reader(number).token in raw["List-Unsubscribe"]
        assert reader(number).bounce_token in one.fields["mail_from"]


def test_a_line_lost_after_one_dot_leaves_one_copy_in_doubt(serving: Serving) -> None:
    with serving(lambda command, n: DROP if (command, n) == ("DOT", 7) else None) as server:
        mail = channel(server.port, connections=3)
        outcomes = send(mail, copies(mail.render(EDITION), 30))
    doubts = [n for n, outcome in outcomes.items() if isinstance(outcome, Unsure)]
    assert len(outcomes) == 30
    assert [reader(n).address for n in doubts] == [message_from_bytes(server.bodies[6])["To"]]
    assert sum(isinstance(outcome, Receipt) for outcome in outcomes.values()) == 29
    assert len(server.bodies) == 30


REFUSALS: list[tuple[Serving, dict[tuple[str, int], Answer]]] = [
    (scripted, {("RCPT", 2): b"550 5.1.1 unknown"}),
    (together, {("RCPT", 2): b"550 5.1.1 unknown", ("DATA", 2): b"554 5.5.1 nobody"}),
    (together, {("RCPT", 2): b"550 5.1.1 unknown", ("DOT", 2): b"554 5.5.1 nobody"}),
    (together, {("DATA", 2): b"554 5.3.4 no"}),
    (together, {("MAIL", 2): b"552 5.3.4 no", ("RCPT", 2): b"503 no", ("DATA", 2): b"503 no"}),
    (together, {("MAIL", 2): b"552 5.3.4 no", ("DOT", 2): b"503 5.5.1 nobody"}),
]


@pytest.mark.parametrize(("way", "answers"), REFUSALS)
def test_a_refused_reader_does_not_hold_up_the_others_on_the_line(
    way: Serving, answers: dict[tuple[str, int], Answer]
) -> None:
    with way(lambda command, count: answers.get((command, count))) as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 3))
    assert [type(outcomes[n]) for n in range(3)] == [Receipt, Refused, Receipt]
    assert [to for to in recipients(server) if to != "None"] == [
        reader(0).address,
        reader(2).address,
    ]
    assert server.lines == 1
    assert server.counts["RSET"] == 1


def test_a_message_to_nobody_that_is_taken_is_no_receipt() -> None:
    def says(command: str, count: int) -> Answer | None:
        return b"550 5.1.1 unknown" if (command, count) == ("RCPT", 1) else None

    with together(says) as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 2))
    assert [type(outcomes[n]) for n in range(2)] == [Refused, Receipt]
    assert server.bodies[0] == b""  # RFC 2920 §3.1: a lone dot
    assert server.lines == 2  # what such a server answers next cannot be believed


def test_a_mail_that_was_turned_down_is_forgotten_before_the_next() -> None:
    outside = Outside()
    outside.fail_next("email", "rate_limit")
    with serving_smtp(outside) as (_, port):
        mail = channel(port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 3))
    assert [type(outcomes[n]) for n in range(3)] == [TryLater, Receipt, Receipt]


def test_a_line_is_renewed_after_a_hundred_mails(serving: Serving) -> None:
    with serving() as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 250))
    assert len(outcomes) == len(server.bodies) == 250
    assert server.lines == 3
    assert server.counts["QUIT"] == 3


def test_a_line_that_the_server_closed_between_two_mails_is_opened_anew(serving: Serving) -> None:
    these = copies(channel().render(EDITION), 2)

    async def slowly() -> AsyncIterator[Copy]:
        yield these[0]
        await asyncio.sleep(0.2)
        yield these[1]

    def says(command: str, _count: int) -> Answer | None:
        return b"250 taken\r\n421 idle" if command == "DOT" else None

    settled: list[Receipt | Exception] = []

    async def settle(_: Copy, outcome: Receipt | Exception) -> None:
        settled.append(outcome)

    with serving(says) as server:
        mail = channel(server.port, connections=1)
        asyncio.run(mail.deliver_each(slowly(), mark=yes, settle=settle))
    assert [type(outcome) for outcome in settled] == [Receipt, Receipt]


def test_an_answer_that_came_before_its_question_is_not_believed(serving: Serving) -> None:
    answers = {"DATA": b"354 go on\r\n250 taken already", "DOT": b"550 5.7.1 spam"}
    with serving(lambda command, _: answers.get(command)) as server:
        mail = channel(server.port)
        with pytest.raises(TryLater, match="out of step"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert server.bodies == []


@pytest.mark.parametrize(("way", "second"), [(scripted, Receipt), (together, TryLater)])
def test_an_answer_too_many_is_not_taken_for_the_next_mails(
    way: Serving, second: type[Receipt] | type[Exception]
) -> None:
    def says(command: str, count: int) -> Answer | None:
        return b"250 taken\r\n250 twice" if (command, count) == ("DOT", 1) else None

    with way(says) as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 3))
    assert [type(outcomes[n]) for n in range(3)] == [Receipt, second, Receipt]
    assert len(server.bodies) == sum(isinstance(one, Receipt) for one in outcomes.values())
    assert server.lines == 2


def test_a_dead_server_costs_no_more_copies_than_there_are_lines() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mail = channel(port, connections=3)
    waiting = copies(mail.render(EDITION), 50)
    outcomes = send(mail, waiting)
    assert {type(outcome) for outcome in outcomes.values()} == {TryLater}
    assert len(outcomes) <= 3
    assert len(outcomes) + len(waiting) == 50


def test_a_server_of_few_lines_still_gets_every_mail_that_was_not_tried(
    serving: Serving,
) -> None:
    def says(command: str, count: int) -> Answer | None:
        return b"421 4.7.0 too many" if command == "BANNER" and count > 2 else None

    with serving(says) as server:
        mail = channel(server.port, connections=5)
        outcomes = send(mail, copies(mail.render(EDITION), 40))
    assert Counter(type(outcome) for outcome in outcomes.values()) == {Receipt: 37, TryLater: 3}


def test_an_account_that_needs_a_person_stops_everything_and_settles_nothing() -> None:
    outside = Outside()
    settled: list[Copy] = []

    async def settle(copy: Copy, _: Receipt | Exception) -> None:
        settled.append(copy)

    with serving_smtp(outside) as (_, port):
        mail = channel(port, username="us", password="revoked", connections=3)
        waiting = copies(mail.render(EDITION), 20)
        with pytest.raises(Disconnected, match="535"):
            asyncio.run(mail.deliver_each(handed_out(waiting), mark=yes, settle=settle))
    assert settled == []
    assert len(waiting) >= 17
    assert outside.posts("email") == []


@pytest.mark.parametrize("broken", ["mark", "settle"])
def test_no_copy_is_ended_after_the_books_have_failed(serving: Serving, broken: str) -> None:
    class BooksAreGone(Exception):
        pass

    async def mark(copy: Copy) -> bool:
        if broken == "mark" and copy.id == 3:
            raise BooksAreGone
        return True

    async def settle(copy: Copy, _: Receipt | Exception) -> None:
        if broken == "settle" and copy.id == 3:
            raise BooksAreGone

    with serving() as server:
        mail = channel(server.port, connections=1)
        waiting = copies(mail.render(EDITION), 20)
        with pytest.raises(BooksAreGone):
            asyncio.run(mail.deliver_each(handed_out(waiting), mark=mark, settle=settle))
    assert len(server.bodies) == (3 if broken == "mark" else 4)
    assert len(waiting) >= 14  # one may have been begun, and one fetched


def test_copies_under_way_are_finished_when_another_line_fails(serving: Serving) -> None:
    settled: list[int] = []

    async def mark(copy: Copy) -> bool:
        if copy.id == 1:
            await asyncio.sleep(0.1)
            raise OSError("disk full")
        return True

    async def settle(copy: Copy, _: Receipt | Exception) -> None:
        settled.append(copy.id)

    def says(command: str, _count: int) -> Answer | None:
        return b"250-slow\r\n250 taken" if command == "DOT" else None

    with serving(says) as server:
        mail = channel(server.port, connections=2)
        waiting = copies(mail.render(EDITION), 500)
        with pytest.raises(OSError, match="disk full"):
            asyncio.run(mail.deliver_each(handed_out(waiting), mark=mark, settle=settle))
    assert len(server.bodies) == len(settled)
    assert len(settled) + len(waiting) >= 496  # two under way, two fetched and not begun


def test_a_mail_program_that_is_stopped_leaves_no_task_and_no_dot(serving: Serving) -> None:
    async def stopped(port: int) -> None:
        marked = asyncio.Event()

        async def mark(_: Copy) -> bool:
            marked.set()
            await asyncio.Event().wait()
            return True

        async def settle(_: Copy, __: Receipt | Exception) -> None:
            raise AssertionError("nothing to settle")

        mail = channel(port)
        waiting = handed_out(copies(mail.render(EDITION), 1))
        run = asyncio.create_task(mail.deliver_each(waiting, mark=mark, settle=settle))
        await marked.wait()
        run.cancel()
        await asyncio.wait([run], timeout=1)
        assert run.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with serving() as server:
        asyncio.run(stopped(server.port))
    assert server.bodies == []


# --- commands together -----------------------------------------------------------------------


def test_commands_come_one_by_one_where_pipelining_is_not_offered() -> None:
    with scripted() as server:
        mail = channel(server.port, connections=4)
        send(mail, copies(mail.render(EDITION), 40))
    assert server.early == []


def test_a_dot_and_the_next_mails_commands_leave_together() -> None:
    with together() as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 3))
    assert [type(outcome) for outcome in outcomes.values()] == [Receipt] * 3
    assert Counter(server.early) == {"MAIL": 3, "RCPT": 3, "DOT": 2}


def test_a_dot_does_not_wait_for_the_next_copy(serving: Serving) -> None:
    settled: list[int] = []
    heard = asyncio.Event()

    async def only_after_settling() -> AsyncIterator[Copy]:
        for copy in copies(channel().render(EDITION), 3):
            yield copy
            await heard.wait()
            heard.clear()

    async def settle(copy: Copy, outcome: Receipt | Exception) -> None:
        assert isinstance(outcome, Receipt)
        settled.append(copy.id)
        heard.set()

    with serving() as server:
        mail = channel(server.port, connections=2)
        run = mail.deliver_each(only_after_settling(), mark=yes, settle=settle)
        asyncio.run(asyncio.wait_for(run, 10))
    assert settled == [0, 1, 2]


@pytest.mark.parametrize("answer", [DROP, SILENCE, b"{oops", b"x" * 100_000, b"354 what", b"25"])
def test_a_line_lost_at_a_dot_leaves_the_first_mail_unsure_and_sends_the_second_anew(
    answer: Answer,
) -> None:
    def says(command: str, count: int) -> Answer | None:
        return answer if (command, count) == ("DOT", 1) else None

    with together(says) as server:
        mail = channel(server.port, connections=1, end_timeout=1)
        outcomes = send(mail, copies(mail.render(EDITION), 2))
    assert [type(outcomes[n]) for n in range(2)] == [Unsure, Receipt]
    assert "after the end of" in str(outcomes[0])
    assert recipients(server) == [reader(0).address, reader(1).address]


SECOND: list[tuple[str, Answer, type[Exception] | type[Receipt]]] = [
    ("MAIL", b"451 4.3.0 busy", TryLater),
    ("MAIL", b"552 5.3.4 too big", Refused),
    ("MAIL", b"421 4.7.0 enough", Receipt),  # over a new line
    ("MAIL", DROP, Receipt),
    ("MAIL", SILENCE, Receipt),
    ("MAIL", b"{oops", Receipt),
    ("MAIL", b"x" * 100_000, Receipt),
    ("RCPT", b"450 4.2.1 greylisted", TryLater),
    ("RCPT", b"550 5.1.1 unknown", Refused),
    ("RCPT", b"421 4.7.0 enough", TryLater),
    ("RCPT", DROP, TryLater),
    ("RCPT", SILENCE, TryLater),
    ("RCPT", b"{oops", TryLater),
    ("RCPT", b"354 what", TryLater),
    ("RCPT", b"x" * 100_000, TryLater),
    ("DATA", b"451 4.3.0 busy", TryLater),
    ("DATA", b"554 5.5.1 no", Refused),
    ("DATA", b"421 4.7.0 enough", TryLater),
    ("DATA", DROP, TryLater),
    ("DATA", SILENCE, TryLater),
    ("DATA", b"250 what", TryLater),
    ("DATA", b"x" * 100_000, TryLater),
    ("DOT", b"451 4.3.0 later", TryLater),
    ("DOT", b"550 5.7.1 spam", Refused),
    ("DOT", b"421 4.3.2 bye", TryLater),
    ("DOT", DROP, Unsure),
]


@pytest.mark.parametrize(("command", "answer", "expected"), SECOND)
def test_what_befalls_a_second_mail_concerns_neither_the_first_nor_the_third(
    serving: Serving, command: str, answer: Answer, expected: type[Exception] | type[Receipt]
) -> None:
    def says(asked: str, count: int) -> Answer | None:
        return answer if (asked, count) == (command, 2) else None

    async def mark(_: Copy) -> bool:
        await asyncio.sleep(0.02)  # time to see that a line is lost
        return True

    with serving(says) as server:
        mail = channel(server.port, connections=1, timeout=0.5)
        outcomes = send(mail, copies(mail.render(EDITION), 3), mark=mark)
    assert [type(outcomes[n]) for n in range(3)] == [Receipt, expected, Receipt]
    sent = [to for to in recipients(server) if to != "None"]
    booked = [reader(n).address for n in range(3) if isinstance(outcomes[n], Receipt)]
    assert [to for to in sent if to in booked] == booked  # each once
    if isinstance(answer, bytes) and expected is not Receipt:
        assert answer[:20].decode() in str(outcomes[1]) or "too long" in str(outcomes[1])


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("extra", [b"250 2.0.0 taken", b"354 go on"])
def test_no_answer_too_many_is_booked_as_a_receipt(command: str, extra: bytes) -> None:
    usual = {"DATA": b"354 go on"}.get(command, b"250 fine")

    def says(asked: str, count: int) -> Answer | None:
        return usual + b"\r\n" + extra if (asked, count) == (command, 1) else None

    async def mark(_: Copy) -> bool:
        await asyncio.sleep(0.02)
        return True

    with together(says) as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 2), mark=mark)
    assert [type(outcomes[n]) for n in range(2)] == [TryLater, Receipt]
    assert recipients(server) == [reader(1).address]


def test_a_server_that_closes_before_the_dot_has_not_taken_the_mail(serving: Serving) -> None:
    async def mark(_: Copy) -> bool:
        await asyncio.sleep(0.05)
        return True

    with serving(always("DATA", b"354 go on\r\n421 4.3.2 going down")) as server:
        mail = channel(server.port, connections=1)
        outcomes = send(mail, copies(mail.render(EDITION), 1), mark=mark)
    assert type(outcomes[0]) is TryLater
    assert "421 4.3.2 going down" in str(outcomes[0])
    assert server.bodies == []


def test_words_after_the_greeting_that_nobody_asked_for_end_the_line() -> None:
    told = b"250-here\r\n250 PIPELINING\r\n250 taken\r\n250 taken\r\n354 go on\r\n250 taken"
    with scripted(always("EHLO", told)) as server:
        mail = channel(server.port)
        with pytest.raises(TryLater, match="out of step"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert server.bodies == []


def test_a_status_that_is_said_on_each_line_stands_in_front_once() -> None:
    answer = b"550-5.1.1 The account\r\n550-5.1.1 does not exist.\r\n550 5.1.1 Sorry"
    with scripted(always("RCPT", answer)) as server:
        mail = channel(server.port)
        with pytest.raises(Refused) as failure:
            mail.deliver(replace(mail.render(EDITION), to=reader()))
    assert str(failure.value) == "550 5.1.1 The account does not exist. Sorry"


def test_a_line_that_rested_too_long_is_opened_anew() -> None:
    settled: list[Receipt | Exception] = []

    async def settle(_: Copy, outcome: Receipt | Exception) -> None:
        settled.append(outcome)

    with scripted() as server:
        mail = channel(server.port)
        run = wire.send_each(
            line.Server(host="127.0.0.1", port=server.port, tls="none", idle=-1),
            handed_out(copies(mail.render(EDITION), 3)),
            connections=1,
            pack=writing.packing(mail.sender),
            mark=yes,
            settle=settle,
        )
        asyncio.run(run)
    assert [type(outcome) for outcome in settled] == [Receipt] * 3
    assert server.lines == 3


# --- slowness --------------------------------------------------------------------------------


@contextmanager
def dripping(banner: bytes, ehlo: bytes) -> Iterator[int]:
    """A tarpit: what it says comes a byte at a time, and would take a minute. Gives its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in (banner, ehlo, LONG):
            for start in range(0, len(said), 1 if len(said) > 500 else 500):
                writer.write(said[start : start + 1] if len(said) > 500 else said)
                await asyncio.sleep(0.03 if len(said) > 500 else 0)
            await reader.readline()

    with serving_with(talk) as port:
        yield port


LONG = b"220 " + b"x" * 2000 + b"\r\n"
GREETING = b"250-here\r\n250 PIPELINING\r\n"


@pytest.mark.parametrize(
    ("banner", "ehlo"),
    [(LONG, b""), (b"220 x\r\n", b"250 " + b"x" * 2000), (b"220 x\r\n", GREETING)],
    ids=["banner", "EHLO", "MAIL"],
)
def test_a_tarpit_does_not_outlive_the_limit(banner: bytes, ehlo: bytes) -> None:
    with dripping(banner, ehlo) as port:
        mail = channel(port, timeout=0.2)
        with pytest.raises(TryLater, match=r"(?i)timed out"):
            mail.deliver(replace(mail.render(EDITION), to=reader()))


def test_a_server_that_does_not_take_a_long_message_in_time_has_not_taken_it() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in (b"220 x", b"250-here\r\n250 PIPELINING", b"250 a\r\n250 b\r\n354 go on"):
            writer.write(said + b"\r\n")
            await reader.readline()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    parcel = message.Parcel(
        envelope_from="a@b.example",
        envelope_to="c@d.example",
        message_id="<1@b.example>",
        head=b"",
        body=(),
        sent=(b"x" * 70 + b"\r\n") * 300_000,
    )
    with serving_with(talk) as port:
        server = line.Server(host="127.0.0.1", port=port, tls="none", timeout=0.3, slowest=10**9)
        with pytest.raises(TryLater, match="before the end of the message: timed out"):
            asyncio.run(wire.send_one(server, parcel))


def test_the_answer_to_a_dot_has_a_time_of_its_own() -> None:
    answered = 0.3  # seconds

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in (b"220 x", b"250-here\r\n250 PIPELINING", b"250 a\r\n250 b\r\n354 go on"):
            writer.write(said + b"\r\n")
            await reader.readline()
        await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(answered)
        writer.write(b"250 taken\r\n")

    with serving_with(talk) as port:
        patient = channel(port, timeout=0.15, end_timeout=5)
        post = replace(patient.render(EDITION), to=reader())
        assert patient.deliver(post).note == "250 taken"
        with pytest.raises(Unsure, match=r"^timed out after the end of <"):
            channel(port, timeout=0.15, end_timeout=0.15).deliver(post)


# --- one who reads line ends otherwise -------------------------------------------------------

LENIENT = re.compile(rb"(?:\r\n|\r|\n)\.(?:\r\n|\r|\n)")  # what any server takes for an end
SMUGGLED = ["\n.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n\0.\r\n", "\r\n.\r\n", ".\n..\n. x\n"]


@pytest.mark.parametrize("sequence", SMUGGLED)
def test_a_server_of_any_reading_counts_one_message(serving: Serving, sequence: str) -> None:
    smuggled = f"{sequence}MAIL FROM:<evil@e.example>\r\nRCPT TO:<v@e.example>\r\n{sequence}" * 3
    with serving() as server:
        mail = channel(server.port, connections=1)
        odd = replace(EDITION, title=smuggled, text=smuggled, html=f"<pre>{smuggled}</pre>")
        outcomes = send(mail, copies(mail.render(odd), 2))
    assert [type(outcome) for outcome in outcomes.values()] == [Receipt] * 2
    for sent in server.bodies:
        assert len(LENIENT.findall(b"\r\n" + sent + b".\r\n")) == 1


# --- any loop, any transport -----------------------------------------------------------------

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("secured", ["none", "implicit"])
def test_every_mail_arrives_once_on_any_loop_and_transport(
    serving: Serving, certificate: tuple[Path, Path], loop: str, secured: str
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    outcomes: dict[int, Receipt | Exception] = {}

    async def settle(copy: Copy, outcome: Receipt | Exception) -> None:
        outcomes[copy.id] = outcome

    def says(command: str, count: int) -> Answer | None:
        return DROP if (command, count) == ("DOT", 20) else None

    with serving(says, tls=context if secured == "implicit" else None) as server:
        mail = channel(
            server.port,
            tls=secured,
            ca_file=str(certificate[0]),
            connections=3,
            messages_per_connection=10,
        )
        these = handed_out(copies(mail.render(EDITION), 60))
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(mail.deliver_each(these, mark=yes, settle=settle))
    assert Counter(type(outcome) for outcome in outcomes.values()) == {Receipt: 59, Unsure: 1}
    assert sorted(recipients(server)) == sorted(reader(n).address for n in range(60))
