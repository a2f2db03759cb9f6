"""A room's archive (XEP-0313), looked through page by page."""

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

from slixmpp import JID

from channels._xmpp import Line
from publisher.domain.channel import Refused

LOOK_BACK = timedelta(days=14)
PAGES, PAGE = 20, 50  # of an archive that are looked through, and the messages of each
NO_ARCHIVE = ("service-unavailable", "feature-not-implemented", "item-not-found")


async def said_of_late(line: Line, room: str) -> AsyncIterator[Any]:
    """What was said in a room, oldest first. The library's own iterator hides every error.

    Raises NotImplementedError where that cannot be told, and the four failures.
    """
    plugins: Any = line.client.plugin
    mam, since, after = plugins["xep_0313"], datetime.now(UTC) - LOOK_BACK, ""
    for _ in range(PAGES):
        rsm = {"max": PAGE, **({"after": after} if after else {})}
        found = await _page(line, room, mam.retrieve(JID(room), start=since, rsm=rsm))
        for one in found["mam"]["results"]:
            yield one
        after = str(found["mam_fin"]["rsm"]["last"])
        if not after or found["mam_fin"].xml.get("complete") in ("true", "1"):
            return
    raise NotImplementedError(f"{room} is too lively to be looked through: look there")


async def _page(line: Line, room: str, asked: Awaitable[Any]) -> Any:
    try:
        return await line.ask(asked)
    except Refused as refusal:
        if any(word in str(refusal) for word in NO_ARCHIVE):
            raise NotImplementedError(f"{room} keeps no archive: look there") from refusal
        raise
