"""One notification by the library Apprise: where an address leads, and what became of it.

Source: https://appriseit.com/library/ · It repeats nothing here, sleeps and splits nothing, keeps
no files, follows no redirects, and waits in this very thread, so nothing goes on behind our back.
"""

import logging
import re
from typing import Any
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset
from apprise.common import OverflowMode

from channels._http import REMOVED, plain

SHORTEST = 4  # characters: what is shorter stands in every other word
UNSAID = "it does not say why"

# They name whole addresses, which are secrets here; what is worth knowing goes into a reason.
SAID = logging.getLogger("apprise")
SAID.propagate = False
SAID.setLevel(logging.WARNING)
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def service(address: str, *, timeout: float) -> Any:
    """What an address leads to, ready to send one message; None where Apprise knows no such."""
    asset = AppriseAsset(
        app_id="Publisher",
        async_mode=False,
        allow_templates=False,
        http_redirects=False,
        interpret_emojis=False,
        pem_autogen=False,
        pgp_autogen=False,
        service_timeout=0,
        storage_mode="memory",
    )
    found: Any = Apprise.instantiate(address, asset=asset)
    if found:
        found.retry, found.optional, found.request_rate_per_sec = 0, False, 0
        found.overflow_mode = OverflowMode.UPSTREAM
        found.socket_connect_timeout = min(timeout, 3.05)
        found.socket_read_timeout = timeout
    return found


def sent(service: Any, *, title: str, body: str, format: str) -> str | None:
    """Send. None where it was taken, else the service's words on why that is not known."""
    sender = Apprise(asset=service.asset)
    sender.add(service)
    result = sender.notify(body=body, title=title, body_format=format)
    if result:
        return None
    said = [entry.message for one in result.results for entry in one.logs()]
    said += [entry.message for entry in result.call_logs()]
    return plain("; ".join(dict.fromkeys(said))) or UNSAID


def formats(service: Any) -> set[str]:
    """In which of text, markdown and html a service takes a message as it is."""
    taken = service.notify_format
    return {one.value for one in (taken if isinstance(taken, tuple) else (taken,))}


def without(address: str, words: str) -> str:
    """Words in which nothing is left of an address: most of its parts may be secrets."""
    _, _, rest = address.partition("://")
    written = (rest, re.sub("%[0-9a-f]{2}", "/", rest, flags=re.IGNORECASE), unquote(rest))
    parts = {part for one in written for part in re.split(r"[/:@?&=#,+]", one)}
    hidden = sorted((one for one in parts if len(one) >= SHORTEST), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, hidden)), re.IGNORECASE)
    return pattern.sub(REMOVED, words) if hidden else words
