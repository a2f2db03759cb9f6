"""An account on an XMPP server, as a channel's settings name it."""

from dataclasses import dataclass, field
from typing import Any

from slixmpp.jid import JID, InvalidJID

TLS = ("starttls", "implicit", "none")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who signs in where. Without `host` the domain's SRV records tell; `timeout` in seconds."""

    jid: str
    password: str = field(repr=False)
    host: str = ""
    port: int = 5222
    tls: str = "starttls"
    timeout: float = 15


def account_rules(channel: Any) -> list[tuple[str, object, str]]:
    """What the settings of an account must be, for `require`."""
    return [
        ("jid", is_bare(channel.jid), "an account such as news@example.org"),
        ("password", channel.password, "the account's password"),
        ("port", 0 < channel.port < 65536, "1 to 65535"),
        ("tls", channel.tls in TLS, ", ".join(TLS)),
        ("timeout", channel.timeout > 0, "more than 0 seconds"),
    ]


def account_of(channel: Any) -> Account:
    """The account that a channel's settings name."""
    names = ("jid", "password", "host", "port", "tls", "timeout")
    return Account(**{name: getattr(channel, name) for name in names})


def is_bare(text: str) -> bool:
    """Whether a text is a bare JID, `user@domain` (RFC 7622)."""
    try:
        found = JID(text)
    except InvalidJID:
        return False
    return bool(found.user) and found.bare == found.full and bool(text)
