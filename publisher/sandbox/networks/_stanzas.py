"""A pretend XMPP server's stream: RFC 6120 as far as a client needs it, one task a connection."""

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from xml.etree import ElementTree as ET

CLIENT = "jabber:client"
STREAM = "http://etherx.jabber.org/streams"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
REVOKED = "revoked"  # the one password that is not accepted

Stanza = ET.Element
for _prefix, _namespace in (("stream", STREAM), ("", CLIENT)):
    if _prefix:
        ET.register_namespace(_prefix, _namespace)


class HungUp(Exception):
    """The conversation is over."""


@dataclass(kw_only=True)
class Client:
    """One connection, and who it is once it has signed in."""

    writer: asyncio.StreamWriter
    domain: str
    jid: str = ""
    rooms: dict[str, str] = field(default_factory=dict)  # nick by room

    @property
    def bare(self) -> str:
        return self.jid.partition("/")[0]

    def say(self, stanza: Stanza | str) -> None:
        text = stanza if isinstance(stanza, str) else ET.tostring(stanza, encoding="unicode")
        self.writer.write(text.encode())

    def hang_up(self) -> None:
        self.writer.transport.abort()
        raise HungUp


Heard = Callable[[Client, Stanza], Awaitable[None]]


def element(name: str, namespace: str = CLIENT, text: str = "", **attributes: str) -> Stanza:
    """An element. `from_` is written for `from`."""
    known = {key.rstrip("_"): value for key, value in attributes.items()}
    made = ET.Element(f"{{{namespace}}}{name}", known)
    made.text = text or None
    return made


def reply(client: Client, to: Stanza, *children: Stanza) -> None:
    """Answer an IQ with a result."""
    sender = to.get("to") or client.bare
    made = element("iq", type="result", id=to.get("id", ""), to=client.jid, from_=sender)
    made.extend(children)
    client.say(made)


def error(client: Client, to: Stanza, kind: str, condition: str, text: str = "") -> None:
    """Answer a stanza with an error (RFC 6120 §8.3)."""
    name = to.tag.rpartition("}")[2]
    sender = to.get("to") or client.bare
    made = element(name, type="error", id=to.get("id", ""), to=client.jid, from_=sender)
    why = ET.SubElement(made, f"{{{CLIENT}}}error", {"type": kind})
    ET.SubElement(why, f"{{{STANZAS}}}{condition}")
    if text:
        ET.SubElement(why, f"{{{STANZAS}}}text").text = text
    client.say(made)


async def converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, domain: str, heard: Heard
) -> None:
    """Sign a client in, and let each further stanza be `heard`, until it leaves."""
    client, numbers = Client(writer=writer, domain=domain), count(1)
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        await _stream(reader, client, numbers, heard)
    except (HungUp, ConnectionError, ET.ParseError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _stream(
    reader: asyncio.StreamReader, client: Client, numbers: "count[int]", heard: Heard
) -> None:
    parser: Any = ET.XMLPullParser(("start", "end"))
    depth = 0
    while data := await reader.read(65536):
        parser.feed(data)
        for event, found in parser.read_events():
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                _greet(client, next(numbers))
            elif event == "end" and depth == 0:
                client.say("</stream:stream>")
                raise HungUp
            elif event == "end" and depth == 1 and await _heard(client, found, heard):
                parser, depth = ET.XMLPullParser(("start", "end")), 0
                break  # the stream begins anew


def _greet(client: Client, number: int) -> None:
    header = f"from='{client.domain}' id='s{number}' version='1.0' xml:lang='en'"
    client.say(
        f"<?xml version='1.0'?><stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' {header}>"
    )
    bind = f"<bind xmlns='{BIND}'/>"
    plain = f"<mechanisms xmlns='{SASL}'><mechanism>PLAIN</mechanism></mechanisms>"
    client.say(f"<stream:features>{bind if client.jid else plain}</stream:features>")


async def _heard(client: Client, stanza: Stanza, heard: Heard) -> bool:
    """Act on a stanza; True where the stream begins anew."""
    if stanza.tag == f"{{{SASL}}}auth":
        return _sign_in(client, stanza)
    if not client.jid:
        client.hang_up()
    if stanza.find(f"{{{BIND}}}bind") is not None:
        bound = element("bind", BIND)
        ET.SubElement(bound, f"{{{BIND}}}jid").text = client.jid
        reply(client, stanza, bound)
    else:
        await heard(client, stanza)
    return False


def _sign_in(client: Client, auth: Stanza) -> bool:
    _, user, password = base64.b64decode(auth.text or "").decode().split("\0")
    if password == REVOKED or not user:
        client.say(f"<failure xmlns='{SASL}'><not-authorized/></failure>")
        return False
    client.jid = f"{user}@{client.domain}/stand-in"
    client.say(f"<success xmlns='{SASL}'/>")
    return True
