"""Taking readers over from a file: looked through first, and taken over once that is wanted."""

import logging
import secrets
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as Uploaded
from starlette.exceptions import HTTPException

from publisher.accounts import Role
from publisher.domain.subscriber import Standing, one_line
from publisher.importing.fates import Known
from publisher.importing.lines import ENCODINGS, Unreadable, lines
from publisher.importing.newcomers import Terms
from publisher.importing.rows import Bad, sheet
from publisher.importing.taking import Intake, Manner, rehearse, take
from publisher.storage import actions
from publisher.web.admin import pages
from publisher.web.admin.readers import asking
from publisher.web.admin.sessions import Door
from publisher.web.admin.shelf import Case, Shelf, Wanted
from publisher.web.forms import Submitted, chosen, first
from publisher.web.headers import READING
from publisher.wishes import BadWish

LARGEST = 100 * 1024 * 1024  # bytes: over a million readers
TOLD = 50  # rows left out that are told one by one

log = logging.getLogger(__name__)


def router(door: Door) -> APIRouter:
    """GET and POST /admin/readers/import, GET and POST /admin/readers/imports/NUMBER."""
    routes, shelf = APIRouter(), Shelf(folder=door.web.settings.state / "imports")

    @routes.api_route("/readers/import", methods=READING)
    def form(request: Request) -> Response:
        return _form(door, request)

    @routes.post("/readers/import", max_body_size=LARGEST)
    async def upload(request: Request) -> Response:
        await run_in_threadpool(door.seen, request, Role.RELEASE)  # before anything is taken in
        async with request.form(max_files=1, max_fields=50) as sent:
            return await run_in_threadpool(_uploaded, door, request, shelf, sent)

    @routes.api_route("/readers/imports/{number}", methods=READING)
    def case(request: Request, number: str) -> Response:
        session = door.seen(request, Role.RELEASE)
        values: dict[str, Any] = {"case": _case(shelf, number), "here": "readers"}
        return pages.page(door, request, "import.html", session=session, **values)

    @routes.post("/readers/imports/{number}")
    def begin(request: Request, number: str, form: Submitted) -> Response:
        session = door.acting(request, form, Role.RELEASE)
        found = _case(shelf, number)
        if found.state == "looked":
            _start(door, shelf, replace(found, by=session.user.name, state="taking", trouble=""))
        return _to(door, number)

    return routes


def _case(shelf: Shelf, number: str) -> Case:
    try:
        return shelf.read(number)
    except LookupError:
        raise HTTPException(404) from None


def _to(door: Door, number: str) -> Response:
    return RedirectResponse(f"{door.path}/readers/imports/{number}", 303, headers=pages.FRESH)


def _form(door: Door, request: Request, *, trouble: str = "") -> Response:
    session = door.seen(request, Role.RELEASE)
    status = 409 if trouble else 200
    return pages.page(
        door,
        request,
        "import-form.html",
        session=session,
        status=status,
        here="readers",
        trouble=trouble,
        encodings=ENCODINGS,
    )


def _uploaded(door: Door, request: Request, shelf: Shelf, sent: FormData) -> Response:
    """Put the file on the shelf, and begin to look through it."""
    session = door.acting(request, sent, Role.RELEASE)
    file = sent.get("file")
    if not isinstance(file, Uploaded) or not file.filename:
        return _form(door, request, trouble="choose a file")
    encoding = first(sent, "encoding")
    wanted = Wanted(
        languages=chosen(sent, "languages", door.web.languages),
        lists=chosen(sent, "lists", [*door.web.lists]),
        ask=first(sent, "ask") == "yes",
        update=first(sent, "update") == "yes",
        encoding=encoding if encoding in ENCODINGS else ENCODINGS[0],
    )
    case = Case(
        number=secrets.token_urlsafe(16),
        name=one_line(Path(file.filename).name)[:200],
        by=session.user.name,
        wanted=wanted,
    )
    shelf.put(case.number, file.file)
    _start(door, shelf, case)
    return _to(door, case.number)


def _start(door: Door, shelf: Shelf, case: Case) -> None:
    """Go to work on a case, unless somebody is at it."""
    if not shelf.begin(case):
        return
    shelf.write(case)
    Thread(target=_work, args=(door, shelf, case), name=f"import {case.number}").start()


def _work(door: Door, shelf: Shelf, case: Case) -> None:
    """Look a file through, or take it over."""
    was = case.state
    try:
        _go_through(door, shelf, case, is_look=was == "looking")
        if was == "taking":
            _note(door, case)
        case.state = "looked" if was == "looking" else "taken"
    except (Unreadable, BadWish) as error:
        case.state, case.trouble = "failed", str(error)
    except Exception as error:  # the page has to tell it, whatever it is
        log.exception("an import of readers failed")
        case.state, case.trouble = "failed", f"{type(error).__name__}; the log has more"
    finally:
        shelf.end(case, was)


def _note(door: Door, case: Case) -> None:
    words = ", ".join(f"{number} {fate}" for fate, number in case.fates.items())
    with door.web.engine.begin() as db:
        actions.note(db, case.by, "import readers", at=door.web.now(), words=words)


def _go_through(door: Door, shelf: Shelf, case: Case, *, is_look: bool) -> None:
    last = 0.0

    def progress(rows: int) -> None:
        nonlocal last
        case.rows = rows
        if time.monotonic() - last > 0.5:
            last = time.monotonic()
            shelf.write(case)

    def tell(bad: Bad) -> None:
        if len(case.left_out) < TOLD:
            case.left_out.append((bad.line, one_line(bad.why)))

    case.left_out = []
    intake = Intake(
        engine=door.web.engine, manner=_manner(door, case), tell=tell, progress=progress
    )
    with ExitStack() as stack:
        source = stack.enter_context(shelf.file(case.number, "csv").open("rb"))
        text = lines(source, case.wanted.encoding)
        stack.enter_context(text.text)
        taken = (rehearse if is_look else take)(sheet(text), intake)
    case.rows, case.doubled = taken.rows, taken.doubled
    case.fates = {str(fate): number for fate, number in taken.fates.items() if number}


def _manner(door: Door, case: Case) -> Manner:
    wanted = case.wanted
    terms = Terms(
        source=case.name,
        known=frozenset(door.web.lists),
        languages=wanted.languages,
        lists=wanted.lists,
        welcome=Standing.UNCONFIRMED if wanted.ask else Standing.CONFIRMED,
    )
    return Manner(
        terms=terms,
        at=door.web.now(),
        asking=asking(door, wanted.lists) if wanted.ask else None,
        known=Known.OVERWRITTEN if wanted.update else Known.KEPT,
    )
