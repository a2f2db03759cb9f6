"""Finding what names our mail: in the address a report was sent to, or in what it encloses."""

import re
from email.message import Message

from publisher.returns.opening import header, headers

# Where servers note the address that a message came for. `Original-Recipient`: RFC 8098 §2.3.
SENT_TO = (
    "Delivered-To",
    "X-Original-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "Original-Recipient",
    "To",
)
_IN_ADDRESS = re.compile(r"([0-9a-f]{1,16}-[0-9a-f]{20})@", re.IGNORECASE)
_IN_LINK = re.compile(r"/unsubscribe/([\w-]{16,128})(?![\w-])", re.ASCII)


def in_address(text: str) -> tuple[str, ...]:
    """What may be a delivery's token before an `@`, whatever parts it from the name before it."""
    return tuple(dict.fromkeys(_IN_ADDRESS.findall(text)))


def sent_to(message: Message) -> tuple[str, ...]:
    """The tokens in the addresses that a message was sent to."""
    return in_address(" ".join(value for name in SENT_TO for value in headers(message, name)))


def of_original(original: Message) -> tuple[str, ...]:
    """The tokens in the sender of a mail that a complaint encloses."""
    return in_address(header(original, "Return-Path"))


def leaving(original: Message) -> tuple[str, ...]:
    """The tokens of the reader in the leave link of a mail that a complaint encloses."""
    return tuple(_IN_LINK.findall(header(original, "List-Unsubscribe")))
