"""A pretend XMPP server: personal and other PubSub nodes, rooms, messages to people.

Documents: RFC 6120, XEP-0060, XEP-0045, XEP-0313, XEP-0308
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from publisher.sandbox.networks._gathering import Gathering
from publisher.sandbox.networks._stanzas import converse
from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public
from publisher.sandbox.standing import StandIn, Tables

DOMAIN = "stand-in.example"
ROOMS, NEWS = f"rooms.{DOMAIN}", f"news.{DOMAIN}"
HOW = {"item": "an item of", "room": "a message in", "chat": "a message to"}


@contextmanager
def serving_xmpp(
    outside: Outside, *, port: int = 0, closed: tuple[str, ...] = (), archives: bool = True
) -> Iterator[str]:
    """Serve accounts @DOMAIN, rooms @ROOMS and the PubSub service NEWS from a thread.

    Yields `xmpp://host:port`. Any name and any password but an empty one and "revoked" are good;
    every room exists, those named in `closed` for members only; without `archives` rooms keep
    nothing. Raises OSError when the port is taken.
    """
    listener = socket.create_server(("127.0.0.1", port))
    gathering = Gathering(outside=outside, rooms=ROOMS, closed=closed, archives=archives)
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    serve = _serve(listener, partial(converse, domain=DOMAIN, heard=gathering.hear), over)
    thread = threading.Thread(target=loop.run_until_complete, args=(serve,), daemon=True)
    thread.start()
    try:
        yield f"xmpp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(timeout=5)
        loop.close()


async def _serve(listener: socket.socket, talk: Any, over: asyncio.Event) -> None:
    server = await asyncio.start_server(talk, sock=listener)
    await over.wait()
    server.close()
    talking = asyncio.all_tasks() - {asyncio.current_task()}
    for task in talking:
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)
    await asyncio.sleep(0)  # one turn for their lines to close


@contextmanager
def _start(outside: Outside, port: int) -> Iterator[str]:
    with serving_xmpp(outside, port=port) as url:
        yield url


def _channels(url: str) -> Tables:
    place = urlsplit(url)
    account = {
        "jid": f"packet@{DOMAIN}",
        "password": "pretend-password",
        "host": place.hostname,
        "port": place.port,
        "tls": "none",
    }
    room = {"room": f"towpath@{ROOMS}", "nick": "Packet"}
    return {
        "messages": {"kind": "xmpp_message", **account},
        "movim": {"kind": "xmpp_pubsub", **account},
        "room": {"kind": "xmpp_room", **account, **room},
    }


def _shown(kept: Kept) -> Public:
    said = kept.fields
    notes = (f"{HOW[said['how']]} {said['place']}",)
    return Public(
        heading=said["title"] or said["place"], url=said["url"], text=said["text"], notes=notes
    )


STAND_IN = StandIn(name="XMPP", serve=_start, channels=_channels, shown=_shown)
