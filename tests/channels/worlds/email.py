"""The pretend outside of a mailing list: a mail server on this machine that delivers nowhere."""

from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from channels.email import Email
from publisher.domain.channel import ChannelError, TryLater
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.smtp import serving_smtp
from publisher.testing.worlds import SECRET


class World:
    """One mail server, and the account of a newsletter on it."""

    def __init__(self, _folder: Path) -> None:
        self.outside = Outside()
        # a line lost before the final dot leaves no doubt
        self.expects: dict[str, tuple[type[ChannelError], int]] = {"error": (TryLater, 0)}
        self._running = ExitStack()
        host, port = self._running.enter_context(serving_smtp(self.outside))
        self.channel = Email(
            host=host,
            port=port,
            tls="none",
            username="harbour",
            password=SECRET,
            from_="The Harbour Letter <letter@harbour.example>",
            list_id="letter.harbour.example",
            bounce_address="bounces@harbour.example",
            timeout=3,
            end_timeout=1,
        )

    def visible(self) -> list[str]:
        return [_as_read(kept) for kept in self.outside.posts("email")]

    def fail(self, do: str, *, seconds: int = 1) -> None:
        self.outside.fail_next("email", do, seconds=seconds)

    def unplug(self) -> None:
        self._running.close()

    def stop(self) -> None:
        self._running.close()


def opened(kept: Kept) -> EmailMessage:
    """A kept mail, parsed."""
    raw = kept.fields["raw"].encode("utf-8", "surrogateescape")
    return message_from_bytes(raw, policy=policy.default)


def _as_read(kept: Kept) -> str:
    mail = opened(kept)
    body = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{body.get_content() if body else ''}"
