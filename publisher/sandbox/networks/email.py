"""Mail, as one of the stand-ins: the SMTP server of `publisher.sandbox.smtp`, and its mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from publisher.sandbox import mailbox
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public
from publisher.sandbox.smtp import serving_smtp
from publisher.sandbox.standing import StandIn, Tables


@contextmanager
def _serve(outside: Outside, port: int) -> Iterator[str]:
    with serving_smtp(outside, port=port) as (host, found):
        yield f"smtp://{host}:{found}"


def _channels(url: str) -> Tables:
    place = urlsplit(url)
    readers = {
        "kind": "email",
        "host": place.hostname,
        "port": place.port,
        "tls": "none",
        "from": "The Towpath Packet <packet@towpath.example>",
        "list_id": "packet.towpath.example",
        "bounce_address": "bounces@towpath.example",
        "connections": 2,
    }
    return {"readers": readers}


def _shown(kept: Kept) -> Public:
    mail = mailbox.opened(kept)
    return Public(heading=mail.subject, text=mail.text, notes=(mail.envelope,))


STAND_IN = StandIn(name="Mail", serve=_serve, channels=_channels, shown=_shown, card="letter")
