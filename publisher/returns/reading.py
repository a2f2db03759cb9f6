"""From a raw message to what it reports of our mail."""

import logging
import re
from email.message import Message
from email.utils import parseaddr

from publisher.returns import complaint, older, status, tokens
from publisher.returns.opening import header, opened, parts
from publisher.returns.report import NoReport, Report

log = logging.getLogger(__name__)

POSTMASTERS = ("mailer-daemon", "postmaster")
LISTS = ("List-Id", "List-Unsubscribe", "List-Post")


def read(raw: bytes) -> Report | NoReport:
    """What a message reports, or why it is taken for no report. Never raises."""
    if not raw.strip():
        return NoReport(why="it is empty")
    try:
        return _read(opened(raw))
    except Exception:  # the boundary: whatever a stranger's message does to the libraries
        log.info("a message that cannot be read", exc_info=True)
        return NoReport(why="it cannot be read")


def _read(message: Message) -> Report | NoReport:
    inside = parts(message)
    types = {part.get_content_type(): part for part in reversed(inside)}
    if complaint.TYPE in types:
        return complaint.read(types[complaint.TYPE], message, inside)
    told = next((types[name] for name in status.TYPES if name in types), None)
    strange = _strange(message, reports_delivery=told is not None)
    if strange:
        return NoReport(why=strange)
    if told is None:
        return older.read(message)
    said = tuple(status.said(told))
    if not said:
        return NoReport(why="it tells of no mail that failed")
    return Report(said=said, tokens=tokens.sent_to(message))


def _strange(message: Message, *, reports_delivery: bool) -> str:
    """Why a message is not to be believed, or no server's report at all; "" where it may be."""
    if not _automatic(message):
        return "a person's or a stranger's mail: no server says that it wrote it"
    if reports_delivery:
        return ""
    if message.get_content_type() == "multipart/report":
        return "a report of something else than delivery"
    if any(header(message, name) for name in LISTS):
        return "a mailing list's mail; perhaps our own, coming back"
    passed_on = any(part.get_content_type() in status.TYPES for part in message.walk())
    return "a bounce that somebody passes on" if passed_on else ""


def _automatic(message: Message) -> bool:
    """Whether a server wrote it, by its own word (RFC 3834 §5, RFC 3464 §2)."""
    sender = parseaddr(header(message, "From"))[1].partition("@")[0].lower()
    answering = header(message, "Auto-Submitted").lower()
    return (
        bool(re.fullmatch(r"<\s*>", header(message, "Return-Path")))
        or str(message.get_unixfrom()).lower().startswith("from mailer-daemon")
        or sender in POSTMASTERS
        or answering.startswith("auto-")
        or bool(header(message, "X-Failed-Recipients"))  # Exim
    )
