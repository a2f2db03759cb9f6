"""Complaints that large receivers pass on: feedback reports (ARF, RFC 5965)."""

from email.message import Message

from publisher.domain.bounce import Kind
from publisher.returns import tokens
from publisher.returns.opening import content, fields, header, opened
from publisher.returns.report import NoReport, Report, Said

TYPE = "message/feedback-report"
# https://www.iana.org/assignments/marf-parameters/: the other ones are no word of the reader's.
COMPLAINTS = ("abuse", "fraud", "opt-out", "opt-out-list")
ENCLOSED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")


def read(part: Message, message: Message, beside: list[Message]) -> Report | NoReport:
    """What a feedback report says; `beside` are all parts of the message that it came in."""
    told = next(iter(fields(part)), Message())
    kind = header(told, "Feedback-Type").lower()
    if kind not in COMPLAINTS:
        return NoReport(why=f"feedback of the type {kind[:40] or '(none)'} is no complaint")
    original = _original(beside)
    by = header(told, "Reporting-MTA").rpartition(";")[2] or header(told, "User-Agent")
    words = f"{kind}, told by {by.strip() or header(message, 'From') or 'nobody named'}"
    return Report(
        said=(Said(kind=Kind.COMPLAINT, words=words),),
        tokens=(
            *tokens.in_address(header(told, "Original-Mail-From")),
            *tokens.of_original(original),
            *tokens.sent_to(message),
        ),
        leaving=tokens.leaving(original),
    )


def _original(beside: list[Message]) -> Message:
    found = (part for part in beside if part.get_content_type() in ENCLOSED)
    enclosed = next(found, None)
    return opened(content(enclosed)) if enclosed else Message()
