"""Readers from a file, and into one."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from publisher import exporting, readership, wishes
from publisher.accounts import Role
from publisher.domain.subscriber import Standing, one_line
from publisher.importing.fates import Known
from publisher.importing.newcomers import Terms
from publisher.importing.taking import Manner
from publisher.readership import Import
from publisher.storage.arrivals import Fate
from publisher.web.api import replaying
from publisher.web.api.described import CSV_OR_LINES
from publisher.web.api.entry import Asks, Caller
from publisher.web.api.operations import LARGEST_FILE, answer, looking, measured, streaming
from publisher.web.api.problems import wrong
from publisher.web.api.shapes import readers as shapes
from publisher.web.api.shapes.words import PLAIN, Word
from publisher.web.showing import Web
from publisher.wishes import BadWish

CHUNK = 64 * 1024  # bytes
FORMATS = {
    "csv": (exporting.table, "text/csv"),
    "jsonl": (exporting.json_lines, "application/jsonl"),
}
_CSV: dict[str, Any] = {
    "schema": {"type": "string"},
    "example": "email,name\nann@example.org,Ann\n",
}
FILE = {"requestBody": {"required": True, "content": {"text/csv": _CSV}}}
Words = Annotated[list[Word], Query(max_length=50, default_factory=list)]
Encoding = Literal["utf-8", "latin-1", "cp1252"]


def routers(web: Web) -> tuple[APIRouter, ...]:
    return _looking(web), _streaming(web)


def _looking(web: Web) -> APIRouter:
    routes = looking(web, Role.RELEASE, tag="readers")

    @routes.get("/subscribers/export", response_class=Response, responses=CSV_OR_LINES)
    def export_readers(
        format_: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
    ) -> Response:
        """All readers, as `POST /subscribers/import` takes them back."""
        write, kind = FORMATS[format_]
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline=""))
            write(file, engine=web.engine)
            file.seek(0)
            stack.pop_all()  # it is closed once it is sent
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="readers.{format_}"',
        }
        return StreamingResponse(_chunks(file), headers=headers, media_type=kind)

    return routes


def _chunks(file: IO[str]) -> Iterator[str]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _streaming(web: Web) -> APIRouter:
    routes = streaming(web, Role.RELEASE, tag="readers")

    @routes.post(
        "/subscribers/import",
        response_model=shapes.Imported,
        openapi_extra=FILE,
    )
    async def import_readers(
        request: Request,
        caller: Asks,
        *,
        language: Words,
        list_: Annotated[list[Word], Query(alias="list", max_length=50, default_factory=list)],
        ask: bool = False,
        update: bool = False,
        dry_run: bool = False,
        encoding: Encoding = "utf-8",
        source: Annotated[str, Query(max_length=100, pattern=PLAIN)] = "the API",
    ) -> Response:
        """Take over readers: CSV with a header, or an address a line. All that can be, or none."""
        wish = {"languages": language, "lists": list_}
        manner = await run_in_threadpool(_manner, caller, wish, source, ask=ask, update=update)
        with tempfile.TemporaryFile() as file:
            digest = hashlib.sha256()
            async for chunk in measured(request, LARGEST_FILE):
                digest.update(chunk)
                file.write(chunk)
            file.seek(0)

            async def act() -> Response:
                return await run_in_threadpool(_take, caller, file, manner, encoding, dry_run)

            return await replaying.once(request, caller, digest.digest(), act)

    return routes


def _manner(
    caller: Caller, wish: dict[str, list[str]], source: str, *, ask: bool, update: bool
) -> Manner:
    there = wishes.mailing(caller.desk.site().channels)
    try:
        lists = wishes.known_lists(wish["lists"], there)
        languages = wishes.known_languages(wish["languages"], there)
        site = caller.web.settings.site.language
        asking = wishes.asking(lists, there, site) if ask else None
    except BadWish as error:
        raise wrong("query", error.what, str(error)) from error
    terms = Terms(
        source=one_line(source),
        known=frozenset(there),
        languages=languages,
        lists=lists,
        welcome=Standing.UNCONFIRMED if ask else Standing.CONFIRMED,
    )
    known = Known.OVERWRITTEN if update else Known.KEPT
    return Manner(terms=terms, at=caller.web.now(), asking=asking, known=known)


def _take(caller: Caller, file: Any, manner: Manner, encoding: str, is_rehearsal: bool) -> Response:
    do = readership.look_through if is_rehearsal else readership.take_over
    return answer(
        _told(do(caller.desk, file, manner, encoding=encoding), is_rehearsal), personal=True
    )


def _told(found: Import, is_rehearsal: bool) -> dict[str, Any]:
    taken = found.taken
    fates = {fate.value: taken.fates[fate] for fate in Fate if fate is not Fate.LEFT_OUT}
    return {
        "rows": taken.rows,
        **fates,
        "doubled": taken.doubled,
        "odd_languages": taken.odd_languages,
        "odd_days": taken.odd_days,
        "left_out_rows": taken.left_out,
        "left_out": [asdict(bad) for bad in found.left_out],
        "is_rehearsal": is_rehearsal,
    }
