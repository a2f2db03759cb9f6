"""What the errors of XMPP servers ask for (RFC 6120 §8.3)."""

from slixmpp.exceptions import IqTimeout, XMPPError

from publisher.domain.channel import ChannelError, Disconnected, Refused, TryLater, Unsure

ACCOUNT = {"forbidden", "not-authorized", "registration-required", "subscription-required"}
LATER = {
    "resource-constraint",
    "recipient-unavailable",
    "remote-server-timeout",
    "policy-violation",
}
PERHAPS = {"internal-server-error", "undefined-condition"}  # what was asked may have been done


def named(error: XMPPError) -> ChannelError:
    """Name what an error (RFC 6120 §8.3) asks for."""
    if isinstance(error, IqTimeout):
        return Unsure("the server kept silent")
    said = f": {error.text}" if error.text else ""
    reason = f"{error.condition}{said}"[:200]
    if error.condition in PERHAPS:
        return Unsure(f"the server says {reason}")
    if error.condition in ACCOUNT:
        return Disconnected(f"the account may not do that: {reason}")
    if error.etype == "wait" or error.condition in LATER:
        return TryLater(f"the server asks to wait: {reason}")
    return Refused(f"the server says {reason}")
