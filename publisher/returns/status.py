"""Delivery status notifications (RFC 3464): a group of fields for each recipient."""

import re
from email.message import Message

from publisher.domain import bounce
from publisher.domain.bounce import Kind
from publisher.returns.opening import fields, header
from publisher.returns.report import Said

TYPES = ("message/delivery-status", "message/global-delivery-status")  # RFC 6533
FAILED = ("fail", "error")  # "error": OpenSMTPD's word
_XTEXT = re.compile(r"\+([0-9A-Fa-f]{2})")  # RFC 3461 §4
_GENERAL = re.compile(r"[245]\.0\.0|")


def said(part: Message) -> list[Said]:
    """What a part says of each recipient who did not get the mail, or not yet."""
    told = (_said(group) for group in fields(part) if group.get("Action"))
    return [one for one in told if one]


def _said(group: Message) -> Said | None:
    diagnosis = header(group, "Diagnostic-Code").partition(";")[2].strip()
    status = _status(bounce.status_in(header(group, "Status")), bounce.status_in(diagnosis))
    kind = _kind(header(group, "Action").lower(), status)
    words = diagnosis or header(group, "Status")
    if kind is None:
        return None
    return Said(kind=kind, recipients=_recipients(group), status=status, words=words)


def _kind(action: str, status: str) -> Kind | None:
    if action.startswith("delayed"):
        return Kind.DELAYED
    return bounce.kind_of(status) if action.startswith(FAILED) else None


def _status(reported: str, answered: str) -> str:
    """The status in the report, unless the server's answer knows better, or blames us."""
    if answered and (_GENERAL.fullmatch(reported) or bounce.kind_of(answered) is Kind.POLICY):
        return answered
    return reported


def _recipients(group: Message) -> tuple[str, ...]:
    found: list[str] = []
    for name in ("Original-Recipient", "Final-Recipient"):
        address = header(group, name).rpartition(";")[2].strip(" <>").lower()
        found += [address, _XTEXT.sub(lambda code: chr(int(code[1], 16)), address)]
    return tuple(dict.fromkeys(filter(None, found)))
