"""Mail: a letter to every reader, over a few kept SMTP connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from channels._settings import require
from channels._text import post_key
from channels.email import (
    dkim,
    dkim_keys,
    encoding,
    filling,
    line,
    message,
    notes,
    parts,
    wire,
    writing,
)
from channels.email.naming import readers_name
from channels.email.wording import Words, in_html_words, in_plain_words, own_words
from publisher.domain.channel import Copy, Note, Post, Receipt, Refused
from publisher.domain.issue import Edition

TLS = ("starttls", "implicit", "none")
WHEN_UNSURE = ("hold", "resend")


@dataclass(frozen=True, kw_only=True)
class Email:
    """A mailing list's way out: one SMTP server, one sender. See docs/channels/email.md.

    `bounce_address` is what VERP is built on; without it bounces go to `from_`. `rate` is kept
    by whoever hands out the copies. `timeout` is in seconds, for each answer of the server but
    that to a message's end: `end_timeout`. DKIM keys are PEM texts; where there are two, each
    mail has two signatures.
    """

    host: str
    from_: str
    list_id: str
    port: int = 25
    tls: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    bounce_address: str = ""
    template: Path | None = None
    connections: int = 10
    rate: float = 0
    when_unsure: str = "hold"
    timeout: float = 30
    end_timeout: float = 120
    messages_per_connection: int = 100
    ca_file: str = ""
    dkim_domain: str = ""
    dkim_selector: str = ""
    dkim_key: str = field(default="", repr=False)
    dkim_ed25519_selector: str = ""
    dkim_ed25519_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        whole = not self.ca_file or Path(self.ca_file).is_absolute()
        rules = [
            ("host", self.host, "a name or address"),
            ("port", 1 <= self.port <= 65535, "1 to 65535"),
            ("tls", self.tls in TLS, " or ".join(TLS)),
            ("when_unsure", self.when_unsure in WHEN_UNSURE, " or ".join(WHEN_UNSURE)),
            ("connections", 1 <= self.connections <= 100, "1 to 100"),
            ("rate", self.rate >= 0, "0 or more"),
            ("timeout", 0 < self.timeout <= 60, "more than 0 and at most 60 seconds"),
            ("end_timeout", 0 < self.end_timeout <= 120, "more than 0 and at most 120 seconds"),
            ("messages_per_connection", self.messages_per_connection >= 1, "1 or more"),
            ("ca_file", whole, "an absolute path"),
        ]
        require(self, rules)
        _ = self.sender, self._own_words, self._keys  # their faults are mistakes in the settings

    @cached_property
    def _own_words(self) -> Words:
        return own_words(self.template)

    @cached_property
    def _keys(self) -> tuple[dkim_keys.Key, ...]:
        settings = {name: str(getattr(self, name)) for name in dkim_keys.SETTINGS}
        return dkim_keys.keys(settings, sender=self.sender.address)

    @property
    def _sealing(self) -> writing.Sealing | None:
        return partial(dkim.sealing, self._keys) if self._keys else None

    @property
    def sender(self) -> message.Sender:
        """Who writes, as headers and envelope need it."""
        return message.sender(
            from_=self.from_, list_id=self.list_id, bounce_address=self.bounce_address
        )

    def render(self, edition: Edition) -> Post:
        """Both parts of the mail; the reader's unsubscribe URL and name are slots in them."""
        title = encoding.one_line(edition.title)
        words, name = self._own_words, readers_name(edition)
        text = parts.plain(edition, title, partial(in_plain_words, words, edition, name))
        html = parts.page(edition, title, partial(in_html_words, words, edition, name))
        post = Post(
            key=post_key(edition, title, text, html),
            lang=edition.lang,
            title=title,
            text=text,
            html=html,
            url=edition.url,
            images=edition.images,
            warnings=tuple(parts.warnings(edition, title, html)),
            details={"slot": parts.slot(edition)} | ({"names": name.marks} if name.marks else {}),
        )
        return replace(post, length=writing.size(post, self.sender, self._sealing))

    def deliver(self, post: Post) -> Receipt:
        """Send one reader's copy. Raises ValueError without `post.to`."""
        parcel = writing.packing(self.sender, self._sealing)(post)
        return asyncio.run(wire.send_one(self._server, parcel))

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        """Send every copy over up to `connections` lines; the message is built once a post.

        When no line can be opened, the copies in hand are settled as TryLater and the others
        left where they are. Raises Disconnected when the server takes none of our mail; what
        `mark` or `settle` raise comes out too, and no copy is begun after that.
        """
        await wire.send_each(
            self._server,
            copies,
            connections=self.connections,
            pack=writing.packing(self.sender, self._sealing),
            mark=mark,
            settle=settle,
        )

    def write(self, note: Note) -> Receipt:
        """Send a note in plain text to one person. Raises as `deliver`."""
        parcel = notes.note_parcel(note, self.sender, self._sealing, at=datetime.now(UTC))
        return asyncio.run(wire.send_one(self._server, parcel))

    def find_existing(self, post: Post) -> Receipt | None:
        """None where the operator has decided to send again; NotImplementedError where not."""
        if self.when_unsure == "resend":
            return None
        id = filling.message_id(post.key, self.sender, message.addressee(post))
        reason = f"a mail server cannot be asked whether it took {id}"
        raise NotImplementedError(f"{reason}; search its log for that Message-ID")

    def update(self, receipt: Receipt, post: Post) -> Receipt:  # noqa: ARG002  never done
        """Mail cannot be edited: always Refused."""
        raise Refused("a mail that was sent cannot be changed")

    def check(self) -> list[str]:
        """Connect, encrypt, sign in, and say what the server offers. Sends no mail.

        Of DKIM keys it tells what belongs into DNS, and looks nothing up there.
        """
        told = dkim_keys.told(self._keys, sender=self.sender.address)
        return [*asyncio.run(line.tried(self._server)), *told]

    @property
    def _server(self) -> line.Server:
        return line.Server(
            host=self.host,
            port=self.port,
            tls=self.tls,
            username=self.username,
            password=self.password,
            ca_file=self.ca_file,
            timeout=self.timeout,
            end_timeout=self.end_timeout,
            mails=self.messages_per_connection,
        )
