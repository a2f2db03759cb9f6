"""Readers: how many there are, finding one, their whole story, and what an operator may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from publisher import readership, wishes
from publisher.accounts import Role
from publisher.domain.subscriber import Standing
from publisher.importing.taking import Asking
from publisher.operating import NotPossible, Unknown
from publisher.storage import known, subscribers
from publisher.storage.engine import reading
from publisher.storage.waiting import Hint
from publisher.subscribing import BadAddress, Choices
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door, Session
from publisher.web.forms import Submitted, chosen, first
from publisher.web.headers import READING
from publisher.web.languages import noted
from publisher.wishes import BadWish

MOST = 100  # readers of one search
ON_THE_LIST = "is on the list already"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the page says of what was just done, or of why it was not."""

    words: str = ""
    ok: bool = True


def router(door: Door) -> APIRouter:
    """GET and POST /admin/readers (find, add), GET and POST /admin/readers/NUMBER.

    An address stands in no URL: those end up in logs.
    """
    routes = APIRouter()

    @routes.api_route("/readers", methods=READING)
    def readers(request: Request) -> Response:
        return _overview(door, request, door.seen(request, Role.RELEASE))

    @routes.post("/readers")
    def find_or_add(request: Request, form: Submitted) -> Response:
        session = door.acting(request, form, Role.RELEASE)
        if first(form, "do") == "add":
            return _overview(door, request, session, said=_added(door, session, form))
        return _overview(door, request, session, part=first(form, "part").strip()[:200])

    @routes.api_route("/readers/{number:int}", methods=READING)
    def reader(request: Request, number: int) -> Response:
        return _story(door, request, door.seen(request, Role.RELEASE), number)

    @routes.post("/readers/{number:int}")
    def change(request: Request, number: int, form: Submitted) -> Response:
        do = first(form, "do")
        role = Role.ADMIN if do == "forget" else Role.RELEASE
        session = door.acting(request, form, role)
        if do == "forget" and first(form, "sure") != "yes":
            return _story(door, request, session, number, said=Said(words=UNSURE, ok=False))
        said = _done(door, session, number, do)
        if do == "forget" and said.ok:
            return RedirectResponse(f"{door.path}/readers", 303, headers=pages.FRESH)
        return _story(door, request, session, number, said=said)

    return routes


DONE = {
    "remove": noted("taken off the list"),
    "lift": noted("it may be written to again"),
    "forget": noted("forgotten"),
}
UNSURE = "nothing was forgotten: tick the box, if it is meant"


def _overview(
    door: Door, request: Request, session: Session, *, part: str = "", said: Said = Said()
) -> Response:
    with reading(door.web.engine) as db:
        states, languages = subscribers.numbers(db)
        found = subscribers.find(db, part.replace("\0", ""), most=MOST) if part else ()
    values: dict[str, Any] = {
        "states_of": [(state.value, states.get(state, 0)) for state in Standing],
        "languages": sorted(languages.items(), key=lambda pair: -pair[1]),
        "part": part,
        "found": found,
        "most": MOST,
        "said": said,
    }
    status = 200 if said.ok else 409
    return pages.page(
        door, request, "readers.html", session=session, here="readers", status=status, **values
    )


def _story(
    door: Door, request: Request, session: Session, number: int, *, said: Said = Said()
) -> Response:
    """All that is known of one reader."""
    with door.web.engine.begin() as db:  # the first look at suppressions makes their key
        reader = subscribers.by_id(db, number) if number < 2**31 else None
        if reader is None:
            raise HTTPException(404)
        story = known.of(db, reader.address_key)
    values: dict[str, Any] = {"reader": reader, "story": story, "said": said}
    status = 200 if said.ok else 409
    return pages.page(
        door, request, "reader.html", session=session, here="readers", status=status, **values
    )


# --- what is done


def _added(door: Door, session: Session, form: FormData) -> Said:
    """Put somebody on the list, or ask them first."""
    web, desk, address = door.web, door.desk(session), first(form, "address").strip()
    lists = chosen(form, "lists", [*web.lists])
    choices = Choices(languages=chosen(form, "languages", web.languages), lists=lists)
    try:
        carrier = asking(door, lists) if first(form, "ask") == "yes" else None
        joined = readership.join(desk, address, choices, asking=carrier)
    except (BadAddress, BadWish, NotPossible) as error:
        return Said(words=str(error), ok=False)
    if joined.question is not None:
        web.hint(Hint(ask=joined.question))
    elif not joined.added:
        return Said(words=f"{address} {ON_THE_LIST}", ok=False)
    return Said(words=address)


def asking(door: Door, lists: Sequence[str]) -> Asking:
    """Which channel asks somebody by mail, one of these lists first. Raises BadWish."""
    there = wishes.mailing(door.web.desk().channels())
    return wishes.asking(lists, there, door.web.settings.site.language)


def _done(door: Door, session: Session, number: int, do: str) -> Said:
    """Take somebody off the list, lift what stands against them, or forget them."""
    web, desk = door.web, door.desk(session)
    with reading(web.engine) as db:
        reader = subscribers.by_id(db, number) if number < 2**31 else None
    if reader is None or do not in DONE:
        raise HTTPException(404)
    try:
        if do == "remove":
            done = readership.leave(desk, reader.address)
        elif do == "lift":
            done = readership.lift(desk, reader.address)
        else:
            done = bool(readership.forget(desk, reader.address))
    except (BadAddress, NotPossible, Unknown) as error:
        return Said(words=str(error), ok=False)
    if not done:
        return Said(words="nothing was to be done: that is so already", ok=False)
    return Said(words=DONE[do])
