"""Channels: how they are, whether their networks let us in, pausing one as a whole."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from publisher import checking, documents, operating, secrecy
from publisher.accounts import Role
from publisher.operating import Unknown
from publisher.readership import without_addresses
from publisher.registry import Configured
from publisher.storage import paging
from publisher.storage.engine import reading
from publisher.web.api.entry import Asks
from publisher.web.api.operations import answer, changing, done, looking
from publisher.web.api.shapes import house
from publisher.web.api.shapes.words import Named
from publisher.web.showing import Web


def routers(web: Web) -> tuple[APIRouter, ...]:
    return _looking(web), _changing(web)


def _looking(web: Web) -> APIRouter:
    routes = looking(web, Role.READ, tag="channels")

    @routes.get("/channels", response_model=house.Channels)
    def list_channels(caller: Asks) -> Response:
        """The channels of the configuration, whether each may send, and when it last did."""
        with reading(web.engine) as db:
            stopped, last = paging.stopped(db), paging.last_deliveries(db)
        there = caller.desk.site().channels.values()
        items = [_channel(one, stopped.get(one.name), last.get(one.name)) for one in there]
        if not caller.sees_readers:  # nor any other address that a server's words name
            items = [one | {"reason": without_addresses(one["reason"])} for one in items]
        return answer({"items": items})

    return routes


def _changing(web: Web) -> APIRouter:
    routes = changing(web, Role.RELEASE, tag="channels")

    @routes.post("/channels/{name}/check", response_model=house.Checked)
    def check_channel(name: Named, caller: Asks) -> Response:
        """Ask the network whether the credentials hold, and what it takes. Nothing is posted."""
        there = caller.desk.channels()
        if name not in there:
            raise Unknown(f"there is no channel {name} in the configuration")
        found = documents.checked(checking.of_channel(there[name]))
        for words in ("found", "warnings"):
            found[words] = [secrecy.removed(one) for one in found[words]]
        return answer(found)

    @routes.post("/channels/{name}/pause", status_code=204)
    def pause_channel(name: Named, caller: Asks) -> Response:
        """Begin nothing more on the channel, until it is resumed."""
        operating.pause_channel(caller.desk, name)
        return done()

    @routes.post("/channels/{name}/resume", status_code=204)
    def resume_channel(name: Named, caller: Asks) -> Response:
        """Let the channel go on that was paused, or that rests after failures."""
        operating.resume_channel(caller.desk, name)
        return done()

    return routes


def _channel(channel: Configured, row: Any, last: datetime | None) -> dict[str, Any]:
    return {
        "name": channel.name,
        "kind": channel.kind,
        "languages": channel.languages,
        "paused_at": row.paused_at if row else None,
        "rests_until": row.open_until if row else None,
        "failures": row.failures if row else 0,
        "reason": row.reason if row else "",
        "last_delivered_at": last,
    }
