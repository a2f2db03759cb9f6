"""The files of the feed channels, for feed readers that ask again and again."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from publisher.web.conditional import Content, answer
from publisher.web.headers import READING
from publisher.web.series import Feed, Series

BRIEFLY = {"Cache-Control": "public, max-age=300"}
SAFE = ":/?#[]@!$&'()*+,;=%~"  # of an address, what may stand as it is


def router(feeds: Sequence[Series]) -> APIRouter:
    """GET /feeds/NAME."""
    routes = APIRouter()

    @routes.api_route("/feeds/{name}", methods=READING)
    def feed(name: str, request: Request) -> Response:
        meant = [known for series in feeds if (known := series.named(name))]
        for known in meant:
            if known.path.is_file():
                return answer(request, _snapshot(known), headers=_links(known) | BRIEFLY)
        raise HTTPException(404)

    return routes


def _snapshot(feed: Feed) -> Content:
    """What a file holds now. Raises HTTPException 404 as long as nothing was published to it."""
    try:
        with feed.path.open("rb") as file:
            body = file.read()
            changed = os.fstat(file.fileno()).st_mtime
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise HTTPException(404) from None
    written = datetime.fromtimestamp(int(changed), UTC)
    return Content(body=body, media_type=feed.media_type, changed=written)


def _links(feed: Feed) -> dict[str, str]:
    """Where to subscribe to news of it (WebSub §4)."""
    if not feed.hub:
        return {}
    places = {"hub": feed.hub, "self": feed.url}
    return {
        "Link": ", ".join(f'<{quote(at, safe=SAFE)}>; rel="{why}"' for why, at in places.items())
    }
