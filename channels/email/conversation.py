"""One mail over a line, and what each answer to it means.

MAIL                  5xx Disconnected (552: Refused), all else TryLater
RCPT, DATA, body      5xx Refused (530 to 538: Disconnected), all else TryLater
after the final dot   250 Receipt, 4xx TryLater, 5xx Refused; no clear answer: Unsure
"""

import asyncio
from contextlib import suppress

from channels.email.line import Line
from channels.email.message import Parcel
from channels.email.talk import CLOSING, Gone, Reply
from publisher.domain.channel import Disconnected, Receipt, Refused, TryLater, Unsure

DOT = b".\r\n"
SIGN_IN_FIRST = range(530, 539)


class Worn(Exception):
    """The line, not the mail, was at its end: another line may be tried with it at once."""


Step = tuple[str, bytes]  # an SMTP verb, and the command
GOOD = {"RSET": (250,), "MAIL": (250,), "RCPT": (250, 251), "DATA": (354,)}
RSET, DATA = ("RSET", b"RSET\r\n"), ("DATA", b"DATA\r\n")


def steps(line: Line, parcel: Parcel) -> list[Step]:
    """What is said before the body. Raises Refused for what this server cannot take."""
    mail = f"MAIL FROM:<{parcel.envelope_from}>{_mail_options(line, parcel)}\r\n"
    rcpt = f"RCPT TO:<{parcel.envelope_to}>\r\n"
    asked = [("MAIL", mail.encode()), ("RCPT", rcpt.encode()), DATA]
    return [RSET, *asked] if line.unclean else asked


def _mail_options(line: Line, parcel: Parcel) -> str:
    offers, size = line.offers, parcel.size
    if 0 < offers.largest < size:
        raise Refused(f"{size} bytes, but the mail server takes {offers.largest} at most")
    if parcel.needs_utf8 and not offers.smtputf8:
        raise Refused("the mail server takes no address with other than ASCII characters")
    return (f" SIZE={size}" if offers.size else "") + (" SMTPUTF8" if parcel.needs_utf8 else "")


def ask(line: Line, asked: list[Step], *, after: bytes = b"") -> None:
    """Say all steps at once (RFC 2920 §3.1), behind the end of the mail before. Raises Gone."""
    words = after + b"".join([command for _, command in asked])
    line.talk.say(words, replies=len(asked) + (1 if after else 0))


async def offer(line: Line, parcel: Parcel, asked: list[Step], *, waiting: bool) -> None:
    """Go through the steps and send everything but the final dot.

    `waiting`: the steps were asked already, and wait for their answers. Raises TryLater, Refused
    or Disconnected: without the dot nothing was taken. Raises Worn where the line had served
    others, and ended before the mail's first answer was heard.
    """
    line.begun += 1
    line.used = asyncio.get_running_loop().time()
    heard: list[Reply] = []
    try:
        turned_down = await _through(line, asked, heard, waiting=waiting)
        if turned_down is not None:
            raise turned_down
        line.unclean = False
        line.talk.say(parcel.sent, replies=0)
        limit = line.server.timeout + len(parcel.sent) / line.server.slowest
        await line.talk.drained(within=limit)
    except Gone as gone:
        if line.begun > 1 and not any(reply.code != CLOSING for reply in heard):
            raise Worn from gone
        raise TryLater(_last_words(heard) or f"before the end of the message: {gone}") from gone


def _last_words(heard: list[Reply]) -> str:
    return str(heard[-1]) if heard and heard[-1].code == CLOSING else ""


async def _through(
    line: Line, asked: list[Step], heard: list[Reply], *, waiting: bool
) -> Exception | None:
    """Hear every answer that is due; the first that turns the mail down, by its name."""
    turned_down: Exception | None = None
    for verb, command in asked:
        if not waiting:
            line.talk.say(command, replies=1)
        reply = await _answer(line, heard, known=turned_down)
        if reply is None:
            break
        if turned_down is not None:
            with suppress(Gone):
                await _take_back(line, verb, reply)
        elif reply.code not in GOOD[verb]:
            turned_down = _not_taken(line, verb, reply)
            if not waiting:
                break
    return turned_down


async def _answer(line: Line, heard: list[Reply], *, known: Exception | None) -> Reply | None:
    """The next reply; None where the line is lost but the mail's outcome known."""
    try:
        reply = await line.talk.hear(within=line.server.timeout)
    except Gone:
        if known is None:
            raise
        return None
    heard.append(reply)
    if reply.code == CLOSING:
        line.talk.end(f"the server closes the line: {reply}")
        if known is None:
            raise Gone(str(reply))
    return reply


async def _take_back(line: Line, verb: str, reply: Reply) -> None:
    """End the empty message of a server that wants one although it takes no reader."""
    if verb == "DATA" and reply.code == 354:
        line.talk.say(DOT, replies=1)
        reply = await line.talk.hear(within=line.server.timeout)
    if reply.code < 400 and verb == "DATA":
        line.talk.end(f"out of step, a message to nobody was answered with {reply}")


def _not_taken(line: Line, verb: str, reply: Reply) -> Exception:
    """Name a reply that turns a mail down before its end."""
    line.unclean = True
    if verb == "RSET" or reply.code < 400:
        line.talk.end(f"out of step, {verb} was answered with {reply}")
        raise Gone(line.talk.ended)
    if reply.code < 500:
        return TryLater(str(reply))
    whole_account = verb == "MAIL" and reply.code != 552
    if whole_account or reply.code in SIGN_IN_FIRST:
        return Disconnected(str(reply))
    return Refused(str(reply))


def end(line: Line, parcel: Parcel, *, following: list[Step]) -> None:
    """Send the final dot, and behind it what is asked for the next mail.

    Raises TryLater where the line is lost already: then the dot did not leave.
    """
    try:
        ask(line, following, after=DOT)
    except Gone as gone:
        reason = f"before the end of {parcel.message_id}: {gone}"
        raise TryLater(reason) from gone


async def taken(line: Line, parcel: Parcel) -> Receipt:
    """Hear whether the mail was taken, once its dot is out.

    Raises TryLater or Refused when the server said so, Unsure when no clear answer came.
    """
    try:
        reply = await line.talk.hear(within=line.server.end_timeout)
    except Gone as gone:
        how = "timed out" if "timed out" in str(gone) else "cut"
        raise Unsure(f"{how} after the end of {parcel.message_id}: {gone}") from gone
    line.used = asyncio.get_running_loop().time()
    if reply.code == CLOSING:
        line.talk.end(f"the server closes the line: {reply}")
    match reply.code // 100:
        case 2 if reply.code == 250:
            return Receipt(id=parcel.message_id, note=str(reply))
        case 4:
            raise TryLater(str(reply))
        case 5:
            raise Refused(str(reply))
    line.talk.end(f"out of step: {reply}")
    raise Unsure(f"no clear answer after the end of {parcel.message_id}: {reply}")
