"""One message to one person, until their server's answer or ours."""

from hashlib import sha256
from typing import Any

from slixmpp import JID
from slixmpp.exceptions import XMPPError

from channels._xml import clean
from channels._xmpp import Line
from channels._xmpperrors import named
from publisher.domain.channel import ChannelError, Disconnected, Post, Receipt, Refused

PLUGINS = ("xep_0199", "xep_0359")
LEAVE = {
    "en": "To get no more of these:",
    "de": "Abbestellen:",
    "fr": "Pour ne plus rien recevoir :",
    "es": "Para no recibir más:",
    "it": "Per non riceverne più:",
}


async def told(line: Line, to: str, words: str, *, id: str) -> None:
    """Send a message, and wait until our server has dealt with it.

    A server handles what it is sent one after the other, so once it answers a ping it has taken
    the message, or has refused it before. What another server says later is heard by nobody.
    Raises the four failures; Refused for what is the reader's own affair.
    """
    refusals: list[Any] = []

    def hear(stanza: Any) -> None:
        if stanza["id"] == id:
            refusals.append(stanza["error"])

    message: Any = line.client.make_message(mto=JID(to), mbody=clean(words), mtype="chat")
    message["id"] = message["origin_id"]["id"] = id
    line.client.add_event_handler("message_error", hear)
    try:
        message.send()
        await _answered(line)
    finally:
        line.client.del_event_handler("message_error", hear)
    for why in refusals:
        error = XMPPError(condition=why["condition"], text=why["text"], etype=why["type"])
        failure = named(error)
        # what an account may not do is said to it on signing in; here somebody wants no messages
        raise Refused(f"{to}: {failure}") if isinstance(failure, Disconnected) else failure


async def _answered(line: Line) -> None:
    plugins: Any = line.client.plugin
    ping = plugins["xep_0199"].send_ping(JID(line.client.boundjid.domain), timeout=line.timeout)
    try:
        await line.ask(ping)
    except (Refused, Disconnected):
        return  # a server without XEP-0199 answers, too


async def outcome(line: Line, post: Post) -> Receipt | ChannelError:
    try:
        return await sent(line, post)
    except ChannelError as error:
        return error


async def sent(line: Line, post: Post) -> Receipt:
    if post.to is None:
        raise ValueError("a message needs a reader")
    leave = LEAVE.get(post.lang.partition("-")[0], LEAVE["en"])
    words = f"{post.text}\n\n{leave} {post.to.unsubscribe_url}"
    id = f"{post.key}.{sha256(post.to.token.encode()).hexdigest()[:16]}"
    await told(line, post.to.address.partition(":")[2], words, id=id)
    return Receipt(id=id)
