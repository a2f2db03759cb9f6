"""The many forms that bounces had before there was a standard, through flufl.bounce."""

from email.message import Message

from flufl.bounce import all_failures

from publisher.domain.bounce import Kind
from publisher.returns import tokens
from publisher.returns.report import NoReport, Report, Said


def read(message: Message) -> Report | NoReport:
    """What an old bounce says.

    It has no status to go by, and words prove little: what failed for good counts as soft, and
    only where the reader's own address is named.
    """
    late, failed = all_failures(message)
    said = (
        *(Said(kind=Kind.SOFT, recipients=(_address(one),)) for one in sorted(failed)),
        *(Said(kind=Kind.DELAYED, recipients=(_address(one),)) for one in sorted(late)),
    )
    if not said:
        return NoReport(why="it is no report: an automatic answer, perhaps")
    return Report(said=said, tokens=tokens.sent_to(message), by_name=True)


def _address(found: bytes) -> str:
    return found.decode("ascii", "replace").lower()
