"""XMPP PubSub and PEP: an Atom entry an issue, as Movim and Libervia read it.

XEP-0060 https://xmpp.org/extensions/xep-0060.html · XEP-0277 · XEP-0472
"""

import json
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote

from channels._feednotation import rfc3339
from channels._http import nothing_posted
from channels._settings import require
from channels._text import post_key
from channels._xml import clean
from channels._xmpp import Line, visit
from channels._xmppaccount import account_of, account_rules, is_bare
from channels._xmppitem import entry, xhtml
from channels._xmppnode import PUBSUB, Node
from publisher.domain.channel import Post, Receipt
from publisher.domain.issue import Edition, Finding

MICROBLOG = "urn:xmpp:microblog:0"  # where PEP clients look for somebody's posts
LARGEST = 200_000  # bytes of an item; servers take stanzas of 256 kB or more


@dataclass(frozen=True, kw_only=True)
class XmppPubsub:
    """A node of the account's own (PEP), or with `service` one of a PubSub service.

    Without `host` the domain of `jid` says where to connect. `timeout` is in seconds.
    """

    jid: str
    password: str = field(repr=False)
    service: str = ""
    node: str = MICROBLOG
    host: str = ""
    port: int = 5222
    tls: str = "starttls"
    timeout: float = 15
    network: ClassVar[str] = "XMPP"

    def __post_init__(self) -> None:
        own = not self.service or is_bare(self.service) or "@" not in self.service
        rules = [
            *account_rules(self),
            ("service", own and " " not in self.service, "a PubSub service's address"),
            ("node", self.node, "a node's name"),
        ]
        require(self, rules)

    def render(self, edition: Edition) -> Post:
        """The whole edition as an entry; one too large for a stanza comes as its summary.

        The id is the edition's own, so that to publish again is to replace.
        """
        title, html = " ".join(clean(edition.title).split()) or edition.key, xhtml(edition.html)
        size = len(html.encode())
        large = size > LARGEST
        found = f"{size} bytes of text are too many for an item: the summary and the link go out"
        warnings = (Finding(kind="text-left-off", detail=found),) if large else ()
        text, shown, date = clean(edition.summary), "" if large else html, rfc3339(edition.date)
        details = {
            "id": f"{edition.key}.{edition.lang}",
            "authors": [clean(name) for name in edition.authors] or [clean(edition.site.name)],
            "tags": [clean(tag) for tag in edition.tags],
            "published": date,
            "updated": date,
        }
        key = post_key(edition, title, text, shown, edition.url, json.dumps(details))
        return Post(
            key=key,
            lang=edition.lang,
            title=title,
            text=text,
            html=shown,
            url=edition.url,
            length=len(f"{title}{text}{shown}".encode()),
            limit=LARGEST,
            warnings=warnings,
            details=details,
        )

    def deliver(self, post: Post) -> Receipt:
        """Publish the item, in a node that keeps it; saying it again changes nothing."""

        async def publish(line: Line) -> None:
            with nothing_posted():
                await self._node.furnish(line)
            await self._node.put(line, post.details["id"], entry(post))

        visit(account_of(self), publish, PUBSUB)
        return self._receipt(post.details["id"])

    def find_existing(self, post: Post) -> Receipt | None:
        id = post.details["id"]
        with nothing_posted():
            there = visit(account_of(self), lambda line: self._node.holds(line, id), PUBSUB)
        return self._receipt(id) if there else None

    def update(self, receipt: Receipt, post: Post) -> Receipt:
        """Replace the item."""
        item = entry(post)
        visit(account_of(self), lambda line: self._node.put(line, receipt.id, item), PUBSUB)
        return self._receipt(receipt.id)

    def retract(self, receipt: Receipt) -> None:
        """Take the item from the node, and tell those who follow it."""
        visit(account_of(self), lambda line: self._node.take(line, receipt.id), PUBSUB)

    def check(self) -> list[str]:
        """Sign in, and look at the node; none is made."""
        with nothing_posted():
            found = visit(account_of(self), self._node.described, PUBSUB)
        return [f"signed in as {self.jid}", f"node {self.node} of {self._where} {found}"]

    @property
    def _where(self) -> str:
        return self.service or self.jid

    @property
    def _node(self) -> Node:
        return Node(service=self.service, name=self.node)

    def _receipt(self, id: str) -> Receipt:
        node, item = quote(self.node, safe=":"), quote(id)
        return Receipt(id=id, url=f"xmpp:{self._where}?;node={node};item={item}")
