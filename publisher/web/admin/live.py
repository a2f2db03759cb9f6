"""Live pages: what changed is written once, and sent to all who watch.

Server-sent events as https://html.spec.whatwg.org/multipage/server-sent-events.html says. A page's
part is made at most once a second, whoever watches, and sent where it differs from what is there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from publisher.storage import reports
from publisher.storage.engine import reading
from publisher.web import languages
from publisher.web.admin import issues, matrix, pages, tasks
from publisher.web.admin.sessions import Door, Session

EVERY = 1.0  # seconds between two looks at the store, while somebody watches
ANYWAY = 10  # looks after which a part is made anew, for not everything is in the log
LASTS = 60.0  # seconds of a stream; then the browser comes again, and is asked who it is
SILENCE = 15.0  # seconds after which a proxy might think that nobody is there
RESTS, LONGEST = 12, 2.5  # times as long as a look took, for what is costly; at most seconds
MOST = 500  # watchers; more get a page that stands still

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Part:
    """A part of a page that some watch, and how it is written."""

    write: Callable[[], str]
    watchers: int = 0
    text: str = ""
    mark: str = ""
    version: tuple[int, ...] = ()
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, text: str) -> None:
        """Wake all who watch, if it reads otherwise by now."""
        mark = pages.mark_of(text)
        if mark != self.mark:
            self.text, self.mark = text, mark
            self.changed.set()
            self.changed = asyncio.Event()


@dataclass(kw_only=True)
class Hub:
    """All who watch in this process."""

    engine: Engine
    parts: dict[str, Part] = field(default_factory=dict)
    looking: asyncio.Task[None] | None = None

    async def watch(self, name: str, write: Callable[[], str], seen: str) -> AsyncIterator[str]:
        """The events for somebody who has `seen` a part, until their time is up."""
        part = self.parts.setdefault(name, Part(write=write))
        part.watchers += 1
        try:
            if self.looking is None or self.looking.done():
                self.looking = asyncio.create_task(self._look())
            async for event in _events(part, seen):
                yield event
        finally:
            part.watchers -= 1
            if not part.watchers:
                self.parts.pop(name, None)

    @property
    def watchers(self) -> int:
        return sum(part.watchers for part in self.parts.values())

    async def _look(self) -> None:
        looks = 0
        while self.parts:
            began = monotonic()
            try:
                version = await run_in_threadpool(self._version)
                for part in [*self.parts.values()]:
                    if part.version != version or looks % ANYWAY == 0:
                        part.show(await run_in_threadpool(part.write))
                        part.version = version
            except Exception:  # whatever it is, the next look may go better
                log.warning("live pages cannot be made just now", exc_info=True)
            looks += 1
            await asyncio.sleep(max(EVERY, min(RESTS * (monotonic() - began), LONGEST)))

    def _version(self) -> tuple[int, ...]:
        with reading(self.engine) as db:
            return reports.version(db)


async def _events(part: Part, seen: str) -> AsyncIterator[str]:
    yield "retry: 1000\n\n"
    end = monotonic() + LASTS
    while (left := end - monotonic()) > 0:
        changed = part.changed
        if part.mark and part.mark != seen:
            seen = part.mark
            yield _event(part)
            continue
        try:
            await asyncio.wait_for(changed.wait(), min(left, SILENCE))
        except TimeoutError:
            yield ": still here\n\n"


def _event(part: Part) -> str:
    lines = "".join(f"data: {line}\n" for line in part.text.splitlines())
    return f"id: {part.mark}\n{lines}\n"


def router(door: Door) -> APIRouter:
    """GET /admin/live/matrix, /issue and /tasks: streams for who is signed in."""
    routes, hub = APIRouter(), Hub(engine=door.web.engine)

    @routes.get("/live/matrix")
    async def of_matrix(request: Request) -> Response:
        window = matrix.window(request)
        session = await run_in_threadpool(door.session, request)
        write = _writer(door, request, session, "matrix", lambda: matrix.known(door, **window))
        return _stream(hub, request, session, f"matrix {window}", write)

    @routes.get("/live/issue")
    async def of_issue(request: Request, key: str = "") -> Response:
        session = await run_in_threadpool(door.session, request)
        write = _writer(door, request, session, "issue", lambda: issues.known(door, key))
        return _stream(hub, request, session, f"issue {key}", write)

    @routes.get("/live/tasks")
    async def of_tasks(request: Request) -> Response:
        session = await run_in_threadpool(door.session, request)
        write = _writer(door, request, session, "tasks", lambda: tasks.known(door))
        return _stream(hub, request, session, "tasks", write)

    return routes


def _writer(
    door: Door,
    request: Request,
    session: Session | None,
    name: str,
    known: Callable[[], dict[str, Any]],
) -> Callable[[], str]:
    lang = languages.wanted(request.headers.get("accept-language", ""))
    may = session is not None and session.may("release")

    def write() -> str:
        try:
            said = {"sees_readers": may, "may_act": may, **known()}
            return pages.part(door, f"{name}-live.html", lang=lang, **said)
        except HTTPException:  # it is not there any more
            return ""

    return write


def _stream(
    hub: Hub, request: Request, session: Session | None, name: str, write: Callable[[], str]
) -> Response:
    if session is None or hub.watchers >= MOST:
        return Response(status_code=204, headers=pages.FRESH)  # a browser then asks no more
    seen = request.headers.get("last-event-id", "") or request.query_params.get("seen", "")
    lang = languages.wanted(request.headers.get("accept-language", ""))
    events = hub.watch(f"{name} {lang} {session.may('release')}", write, seen)
    headers = pages.FRESH | {"X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)
