"""The port every channel implements, and the four ways it may fail.

A failure is named after the decision it asks of the caller, never after the protocol that
caused it:

* TryLater      nothing was posted; send again after a pause
* Unsure        it may have been posted; look before sending again
* Refused       this post will never be taken as it is
* Disconnected  no post will be taken until a person repairs the account

A channel whose posts a person makes raises Handed instead, which is no failure.

Anything else that escapes a channel is a bug, and holds the delivery.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from publisher.domain.issue import Edition, Finding, Image

ORIGINAL = "original"  # the detail of a translation that would be a reply: to which language


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One reader of a mailing. `token` is unguessable and theirs alone; the URL carries it.

    `bounce_token` names this delivery to whoever sends it back, and opens nothing else.
    """

    address: str
    token: str
    unsubscribe_url: str
    name: str = ""
    bounce_token: str = ""


@dataclass(frozen=True, kw_only=True)
class Post:
    """What one channel says about one edition. Plain data: store it, show it, diff it.

    `key` is the same for every attempt at this post and differs for any other text, so it
    serves as idempotency key. `length` is counted by the network's own rule, against `limit`.
    `details` holds what one kind needs on top, as JSON values. With `ORIGINAL` among them, a
    language, `reply_to` is the network's id of the issue's post in that language on the same
    channel when it is delivered, "" where nothing of it is out there.
    """

    key: str
    lang: str
    title: str
    text: str
    url: str
    html: str = ""
    length: int = 0
    limit: int | None = None
    images: tuple[Image, ...] = ()
    warnings: tuple[Finding, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    to: Reader | None = None
    reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that a post exists: the network's id to edit it by, the URL to show, its own words.

    `note` goes into the delivery log: what the server answered, what was left off and why.
    """

    id: str
    url: str = ""
    note: str = ""


class Channel(Protocol):
    """A frozen dataclass whose fields are its configuration, and five functions."""

    def render(self, edition: Edition) -> Post:
        """Say it in this channel's words. Pure: no clock, no network."""

    def deliver(self, post: Post) -> Receipt:
        """Post it, once. Raises one of the four failures."""

    def find_existing(self, post: Post) -> Receipt | None:
        """Look for an earlier copy; None means there is certainly none.

        Raises NotImplementedError where the channel cannot be asked.
        """

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace what was posted, or raise Refused where edits are not possible."""

    def check(self) -> list[str]:
        """Try credentials and limits, posting nothing. Returns what was found, a line each.

        Raises Disconnected, TryLater or Refused with the remedy.
        """


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One reader's copy of a post, on its way. `post.to` is the reader."""

    id: int
    post: Post


@runtime_checkable
class Mailing(Protocol):
    """What a channel has on top when each reader gets a copy of their own.

    `rate` is the most copies a second for the whole channel, 0 for no limit. One whose readers
    are not reached by mail has a class attribute `scheme`, the URI scheme that their addresses
    begin with, such as "xmpp".
    """

    rate: float

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        """Send every copy over a few kept connections, and settle each one exactly once.

        Await `mark(copy)` just before the irrevocable byte (the final dot); on False the copy
        is no longer ours, so it must not be sent, nor settled. Raises only Disconnected, when no
        copy at all can be sent until a person acts; copies not settled by then were not sent.
        """


def scheme_of(channel: object) -> str:
    """What the addresses of a channel's readers begin with, "" where they are mail addresses."""
    return str(getattr(channel, "scheme", ""))


@dataclass(frozen=True, kw_only=True)
class Note:
    """A short mail to one person, such as the question whether they want the newsletter.

    `key` is the same for every attempt at this note. `text` is plain; an address on a line of
    its own is a link. `bounce_token` as a reader's.
    """

    key: str
    lang: str
    subject: str
    text: str
    address: str
    bounce_token: str = ""


@runtime_checkable
class Corresponding(Protocol):
    """What a channel has on top when it can also write to one person."""

    def write(self, note: Note) -> Receipt:
        """Send a note, once. Raises one of the four failures."""


@runtime_checkable
class Answering(Protocol):
    """What a channel has on top that can answer its own posts: it heeds `Post.reply_to`."""

    answers: bool


@runtime_checkable
class Measured(Protocol):
    """What a channel has on top when its network tells how much it takes."""

    def limits(self) -> Mapping[str, int]:
        """Ask. What the network takes, by the names of the channel's own fields; posts nothing.

        What it does not tell is left out. Raises one of the four failures.
        """


@runtime_checkable
class Retracting(Protocol):
    """What a channel has on top whose network takes posts back."""

    def retract(self, receipt: Receipt) -> None:
        """Take back what was posted. What is gone already needs nothing, and is no error.

        Raises one of the four failures; Refused where the network does not allow it any more.
        """


@runtime_checkable
class HandingOn(Protocol):
    """What a channel has on top whose posts a person makes: it raises Handed.

    `to` is their mail or xmpp: address; they are told again every `remind` hours, 0 for never.
    """

    to: str
    remind: float


@runtime_checkable
class Discussed(Protocol):
    """What a channel has on top whose posts people can answer where they are.

    `network` is what they call that place, a class attribute such as "Mastodon", or a setting
    where each channel of the kind has a place of its own. The receipt's URL leads to the post.
    """

    network: str


@runtime_checkable
class Searchable(Protocol):
    """What a channel has on top whose network has a page where people look for a post."""

    def search_url(self, post: Post) -> str:
        """The http(s) address of that page, "" where there is none. Asks nobody."""


EVENTS = ("delivered", "refused", "held", "unsubscribed")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something that happened, for a program elsewhere. `id` is the same for every attempt.

    `event` is one of EVENTS; `data` are JSON values.
    """

    id: str
    event: str
    at: datetime
    data: Mapping[str, Any]


@runtime_checkable
class Noticing(Protocol):
    """What a channel has on top that also wants to hear what becomes of deliveries and readers.

    `events` are those of EVENTS that it wants.
    """

    events: tuple[str, ...]

    def notify(self, notice: Notice) -> None:
        """Tell it. Raises one of the four failures; an Unsure is told again, under the same id."""


class Talk(Protocol):
    """The person who connects a channel, at a terminal with a browser at hand.

    `redirect_uri` is where the browser is to come back to, http://127.0.0.1:PORT/ (RFC 8252 §7.3).
    """

    @property
    def redirect_uri(self) -> str: ...

    def say(self, words: str) -> None:
        """Tell them something, such as what to click on which page."""

    def ask(self, question: str, default: str = "") -> str:
        """Ask for what anybody may see; `default` is taken for an empty answer."""

    def secret(self, question: str, known: str = "") -> str:
        """Ask for what nobody may see; an empty answer keeps what is `known`."""

    def browse(self, url_for: Callable[[str], str]) -> Mapping[str, str]:
        """Open `url_for(state)`, and return the query that the browser comes back with.

        `state` is verified. Raises Refused where the network or the person said no, and TryLater
        where nobody came back in time.
        """


@runtime_checkable
class Connecting(Protocol):
    """What a channel's class has on top when it can get credentials itself."""

    def connect(self, known: Mapping[str, Any], talk: Talk) -> Mapping[str, Any]:
        """Get what is needed to post, a classmethod. `known` are the settings that can be read.

        Returns settings by name, secrets among them, as the configuration has them. What is
        required besides is asked for afterwards. Raises the four failures with the remedy.
        """


class ChannelError(Exception):
    """A failure the channel understands."""

    retry_after: timedelta | None = None


class TryLater(ChannelError):
    """Certainly not posted; worth another try, after `retry_after` where the server said so."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Unsure(ChannelError):
    """Perhaps posted: the answer was lost after the request had left."""


class Refused(ChannelError):
    """This post will never be taken as it is."""


class Disconnected(ChannelError):
    """The account needs a person: no post will be taken until then."""


class Handed(ChannelError):
    """Not posted, edited or taken back by us: `note` asks a person to do it."""

    def __init__(self, note: Note) -> None:
        super().__init__(f"handed to {note.address}")
        self.note = note
