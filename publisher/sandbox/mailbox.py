"""A kept mail, taken apart for a person to read."""

import base64
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from publisher.sandbox.outside import Kept

_SOURCE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(["'])(.*?)\2""", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail as a reader's program shows it. `headers` are all of them, in order."""

    id: str
    at: str
    sender: str
    to: str
    subject: str
    envelope: str
    headers: tuple[tuple[str, str], ...]
    text: str
    has_html: bool


def raw(kept: Kept) -> bytes:
    """The bytes of a mail as they came over the wire."""
    source = kept.fields["raw"]
    return source if isinstance(source, bytes) else str(source).encode("utf-8", "surrogateescape")


def readable(source: str | bytes) -> str:
    """Text that any encoder takes, whatever bytes came in."""
    octets = source if isinstance(source, bytes) else source.encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "replace")


def opened(kept: Kept) -> Mail:
    """Read a mail for the list: headers and plain part, not the HTML part."""
    message = _message(kept)
    receivers = kept.fields["rcpt_to"]
    to = receivers if isinstance(receivers, str) else ", ".join(receivers)
    return Mail(
        id=kept.id,
        at=kept.at,
        sender=str(message["From"] or ""),
        to=str(message["To"] or to),
        subject=str(message["Subject"] or "(no subject)"),
        envelope=f"from <{kept.fields['mail_from']}> to <{to}>",
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        has_html=message.get_body(("html",)) is not None,
    )


def html_page(kept: Kept, static: Path | None) -> str:
    """The HTML part, ready for a frame that may load nothing but `data:` pictures.

    Pictures inside the mail (`cid:`) and those whose path exists under `static`, the folder that
    stands in for the newsletter's site, are put in line; links open a new tab.
    """
    message = _message(kept)

    def inline(match: re.Match[str]) -> str:
        before, quote, source = match.groups()
        picture = _attached(message, source) or _on_site(static, source)
        return f"{before}{quote}{picture or source}{quote}"

    html = _SOURCE.sub(inline, _part(message, "html"))
    base = '<base target="_blank">'
    return (
        _HEAD.sub(lambda head: head[0] + base, html, count=1) if _HEAD.search(html) else base + html
    )


def _message(kept: Kept) -> EmailMessage:
    return message_from_bytes(raw(kept), policy=policy.default)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _attached(message: EmailMessage, source: str) -> str:
    if not source.startswith("cid:"):
        return ""
    for part in message.walk():
        if part["Content-ID"] == f"<{unquote(source[4:])}>":
            return _in_line(part.get_content_type(), bytes(part.get_payload(decode=True)))
    return ""


def _on_site(static: Path | None, source: str) -> str:
    file = local_picture(static, source)
    return _in_line("image/png", file.read_bytes()) if file else ""


def local_picture(static: Path | None, source: str) -> Path | None:
    """The PNG under `static` that an address of the newsletter's site means, if there is one."""
    path = unquote(urlsplit(source).path).lstrip("/")
    if static is None or not path.endswith(".png"):
        return None
    file = (static / path).resolve()
    return file if file.is_relative_to(static.resolve()) and file.is_file() else None


def _in_line(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
