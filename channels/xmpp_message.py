"""XMPP messages: a copy for each reader with an XMPP address, over one kept connection.

RFC 6121 https://www.rfc-editor.org/rfc/rfc6121#section-5 · confirmed by a ping (XEP-0199)
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from channels._http import nothing_posted
from channels._settings import require
from channels._templates import Wording, filled, wording
from channels._text import post_key
from channels._xml import clean
from channels._xmpp import Line, signed_in, visit
from channels._xmppaccount import account_of, account_rules
from channels._xmpptalk import PLUGINS, outcome, sent, told
from publisher.domain.channel import Copy, Note, Post, Receipt, Refused, TryLater
from publisher.domain.issue import Edition

WORDS = "{{ title }}\n\n{{ summary }}\n\n{{ url }}"
WHEN_UNSURE = ("hold", "resend")


@dataclass(frozen=True, kw_only=True)
class XmppMessage:
    """An account that writes to readers. `limit` is the most characters before the leave link.

    `rate` is kept by whoever hands out the copies. `timeout` is in seconds.
    """

    jid: str
    password: str = field(repr=False)
    template: Path | None = None
    limit: int = 2000
    rate: float = 0
    when_unsure: str = "hold"
    host: str = ""
    port: int = 5222
    tls: str = "starttls"
    timeout: float = 15
    scheme: ClassVar[str] = "xmpp"

    def __post_init__(self) -> None:
        rules = [
            *account_rules(self),
            ("limit", self.limit >= 100, "100 characters or more"),
            ("rate", self.rate >= 0, "0 or more"),
            ("when_unsure", self.when_unsure in WHEN_UNSURE, " or ".join(WHEN_UNSURE)),
        ]
        require(self, rules)
        _ = self._wording  # a broken template is a mistake in the configuration

    def render(self, edition: Edition) -> Post:
        """Title, as much of the summary as fits, and the link; the leave link comes below."""
        text = filled(self._wording, edition, limit=self.limit, cost=len, spelled=clean)
        return Post(
            key=post_key(edition, text),
            lang=edition.lang,
            title=edition.title,
            text=text,
            url=edition.url,
            length=len(text),
            limit=self.limit,
        )

    def deliver(self, post: Post) -> Receipt:
        """Write to one reader. Raises ValueError without `post.to`."""
        return visit(account_of(self), lambda line: sent(line, post), *PLUGINS)

    async def deliver_each(
        self,
        copies: AsyncIterator[Copy],
        *,
        mark: Callable[[Copy], Awaitable[bool]],
        settle: Callable[[Copy, Receipt | Exception], Awaitable[None]],
    ) -> None:
        """Write to each over one line, opened anew once where it is lost.

        Where none can be opened, the copy in hand is settled as TryLater and the others are left
        where they are. Raises Disconnected where the account is not let in.
        """
        async with AsyncExitStack() as stack:
            line: Line | None = None
            async for copy in copies:
                try:
                    if line is None or line.client.transport is None:
                        line = await stack.enter_async_context(signed_in(account_of(self), PLUGINS))
                except TryLater as error:
                    await settle(copy, error)
                    return
                if await mark(copy):
                    await settle(copy, await outcome(line, copy.post))

    def write(self, note: Note) -> Receipt:
        """Send a note to one person. Raises as `deliver`."""
        jid, words = note.address.partition(":")[2], f"{note.subject}\n\n{note.text}"

        async def send(line: Line) -> Receipt:
            await told(line, jid, words, id=note.key)
            return Receipt(id=note.key)

        return visit(account_of(self), send, *PLUGINS)

    def find_existing(self, post: Post) -> Receipt | None:
        """None where the operator has decided to send again; NotImplementedError where not."""
        if self.when_unsure == "resend":
            return None
        who = post.to.address if post.to else "the reader"
        raise NotImplementedError(f"no server can be asked whether {who} got it: ask them")

    def update(self, receipt: Receipt, post: Post) -> Receipt:  # noqa: ARG002  never done
        """A message to a person stays as it is: always Refused."""
        raise Refused("a message that was sent to readers is not changed")

    def check(self) -> list[str]:
        """Sign in, and write to nobody."""

        async def look(line: Line) -> str:
            return f"signed in as {line.client.boundjid.bare}"

        with nothing_posted():
            return [visit(account_of(self), look, *PLUGINS)]

    @cached_property
    def _wording(self) -> Wording:
        return wording(self.template, WORDS, needs=frozenset({"url"}))
