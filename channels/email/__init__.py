"""Mail: a letter to every reader, over a few kept SMTP connections."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path

from channels._text import post_key
from channels.email import message, parts, wire
from publisher.domain.channel import Copy, Post, Receipt, Refused
from publisher.domain.issue import Edition, Finding

CLIPPED = 102 * 1024  # bytes of HTML that Gmail shows before it cuts (as commonly reported)
TLS = ("starttls", "implicit", "none")
WHEN_UNSURE = ("hold", "resend")
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")  # RFC 2919 §3


@dataclass(frozen=True, kw_only=True)
class Email:
    """A mailing list's way out: one SMTP server, one sender. See docs/channels/email.md.

    `bounce_address` is what VERP is built on; without it bounces go to `from_`. `rate` is kept
    by whoever hands out the copies. `timeout` is in seconds, for each answer of the server.
    """

    host: str
    from_: str
    list_id: str
    port: int = 25
    tls: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    bounce_address: str = ""
    connections: int = 10
    rate: float = 0
    when_unsure: str = "hold"
    timeout: float = 30
    ca_file: str = ""

    def __post_init__(self) -> None:
        _expect(bool(self.host), "host", "a name or address", self.host)
        _expect(1 <= self.port <= 65535, "port", "1 to 65535", self.port)
        _expect(self.tls in TLS, "tls", " or ".join(TLS), self.tls)
        _expect(
            self.when_unsure in WHEN_UNSURE,
            "when_unsure",
            " or ".join(WHEN_UNSURE),
            self.when_unsure,
        )
        _expect(1 <= self.connections <= 100, "connections", "1 to 100", self.connections)
        _expect(self.rate >= 0, "rate", "0 or more", self.rate)
        _expect(self.timeout > 0, "timeout", "more than 0 seconds", self.timeout)
        _expect(
            _LIST_ID.fullmatch(self.list_id) is not None,
            "list_id",
            "like newsletter.example.org, in ASCII",
            self.list_id,
        )
        whole = not self.ca_file or Path(self.ca_file).is_absolute()
        _expect(whole, "ca_file", "an absolute path", self.ca_file)
        _ = self.sender

    @property
    def sender(self) -> message.Sender:
        """Who writes, as headers and envelope need it."""
        name, address = parseaddr(self.from_)
        sound = not message.hides_control(self.from_)
        return message.Sender(
            name=name,
            address=_own_address("from", address if sound else "", self.from_),
            list_id=self.list_id,
            bounces=self.bounce_address
            and _own_address("bounce_address", self.bounce_address, self.bounce_address),
        )

    def render(self, edition: Edition) -> Post:
        """Both parts of the mail; the reader's unsubscribe URL is a slot in them."""
        title = message.one_line(edition.title)
        text, html = parts.plain(edition, title), parts.page(edition, title)
        post = Post(
            key=post_key(edition, title, text, html),
            lang=edition.lang,
            title=title,
            text=text,
            html=html,
            url=edition.url,
            images=edition.images,
            warnings=tuple(_warnings(title, html)),
            details={"slot": parts.slot(edition)},
        )
        return replace(post, length=self._size(post))

    def deliver(self, post: Post) -> Receipt:
        """Send one reader's copy. Raises ValueError without `post.to`, else as `deliver_each`."""
        if post.to is None:
            raise ValueError("a mail needs a reader: post.to is empty")
        outcomes: list[Receipt | Exception] = []

        async def mark(_: Copy) -> bool:
            return True

        async def settle(_: Copy, outcome: Receipt | Exception) -> None:
            outcomes.append(outcome)

        asyncio.run(self.deliver_each(_only(Copy(id=0, post=post)), mark=mark, settle=settle))
        [outcome] = outcomes
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

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
        letters: dict[str, message.Letter] = {}

        def pack(copy: Copy) -> message.Parcel:
            post = copy.post
            if post.to is None:
                raise ValueError("a mail needs a reader: post.to is empty")
            if post.key not in letters:
                letters[post.key] = message.letter(post, self.sender)
            return message.parcel(letters[post.key], post.to, at=datetime.now(UTC))

        await wire.send_each(
            self._server,
            copies,
            connections=self.connections,
            pack=pack,
            mark=mark,
            settle=settle,
        )

    def find_existing(self, post: Post) -> Receipt | None:  # noqa: ARG002  there is no asking
        """None where the operator has decided to send again; NotImplementedError where not."""
        if self.when_unsure == "resend":
            return None
        raise NotImplementedError("a mail server cannot be asked whether it took a mail")

    def update(self, receipt: Receipt, post: Post) -> Receipt:  # noqa: ARG002  never done
        """Mail cannot be edited: always Refused."""
        raise Refused("a mail that was sent cannot be changed")

    def check(self) -> list[str]:
        """Connect, encrypt, sign in, and say what the server offers. Sends no mail."""
        return asyncio.run(self._check())

    async def _check(self) -> list[str]:
        line = await wire.open_line(self._server)
        found = _offers(self, line)
        await wire.close_line(line)
        return found

    @property
    def _server(self) -> wire.Server:
        return wire.Server(
            host=self.host,
            port=self.port,
            tls=self.tls,
            username=self.username,
            password=self.password,
            ca_file=self.ca_file,
            timeout=self.timeout,
        )

    def _size(self, post: Post) -> int:
        """Bytes of a reader's whole message; 0 for a title that will be refused."""
        try:
            return len(message.sample(message.letter(post, self.sender)))
        except Refused:
            return 0


def _expect(sound: bool, name: str, expected: str, found: object) -> None:
    if not sound:
        raise ValueError(f"{name} must be {expected}, not {found!r}")


def _own_address(name: str, address: str, written: str) -> str:
    try:
        sound = message.wire_address(address)
    except ValueError:
        sound = ""
    _expect(bool(sound) and sound.isascii(), name, "a mail address", written)
    return sound


async def _only(copy: Copy) -> AsyncIterator[Copy]:
    yield copy


def _warnings(title: str, html: str) -> Iterator[Finding]:
    if message.hides_control(title):
        yield Finding(kind="title-unsendable", detail="encoded words hide control characters")
    size = len(html.encode())
    if size > CLIPPED:
        detail = f"{size // 1024} kB of HTML; some mail programs cut after {CLIPPED // 1024} kB"
        yield Finding(kind="mail-clipped", detail=detail)


def _offers(channel: Email, line: wire.Line) -> list[str]:
    smtp = line.smtp
    secured = {"none": "without encryption"}.get(channel.tls, "with TLS")
    size = wire.largest(smtp)
    found = [
        f"{channel.host}:{channel.port} answers {secured}",
        f"signed in as {channel.username}" if channel.username else "no sign-in",
        f"takes messages of up to {size} bytes" if size else "names no limit of size",
        f"addresses beyond ASCII: {'yes' if smtp.supports_extension('smtputf8') else 'no'}",
        f"pipelining: {'yes' if smtp.supports_extension('pipelining') else 'no'}",
    ]
    if channel.username and channel.tls == "none":
        found.append("the password travels unencrypted: set tls to starttls or implicit")
    return found
