"""Readers: how many there are, finding one, their whole story, and what an operator may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from publisher import forgetting, subscribing
from publisher.accounts import Role
from publisher.domain.channel import Corresponding, Mailing
from publisher.domain.subscriber import Standing
from publisher.forgetting import NobodyKnown, StillSending
from publisher.storage import actions, known, subscribers
from publisher.storage.engine import reading
from publisher.storage.waiting import Hint
from publisher.subscribing import BadAddress, Choices, Unwelcome
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door, Session
from publisher.web.forms import Submitted, chosen, first
from publisher.web.headers import READING
from publisher.web.languages import noted

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
    web, address = door.web, first(form, "address").strip()
    languages = chosen(form, "languages", web.languages)
    choices = Choices(languages=languages, lists=chosen(form, "lists", [*web.lists]))
    at = web.now()
    try:
        if first(form, "ask") == "yes":
            question = _asked(door, address, choices)
            if question is None:
                return Said(words=f"{address} {ON_THE_LIST}", ok=False)
            web.hint(Hint(ask=question))
        elif subscribing.add([address], engine=web.engine, choices=choices, at=at) != [True]:
            return Said(words=f"{address} {ON_THE_LIST}", ok=False)
    except (BadAddress, Unwelcome, LookupError) as error:
        return Said(words=str(error), ok=False)
    with web.engine.begin() as db:
        actions.note(db, session.user.name, "add a reader", at=at)
    return Said(words=address)


def _asked(door: Door, address: str, choices: Choices) -> int | None:
    """The question's number, None for who is on the list. Raises LookupError where none can ask."""
    web = door.web
    wanted = carriers(door, choices.lists)
    if not wanted:
        raise LookupError("no channel can write to one person, and so nobody can be asked")
    [question] = subscribing.ask(
        [address],
        engine=web.engine,
        choices=choices,
        carrier=wanted[0],
        lang=web.settings.site.language,
        at=web.now(),
    )
    return question


def carriers(door: Door, lists: Sequence[str]) -> list[str]:
    """The channels that can ask somebody by mail, those of these lists first."""
    able = [
        one.name
        for one in door.web.desk().channels().values()
        if isinstance(one.channel, Mailing) and isinstance(one.channel, Corresponding)
    ]
    return [name for name in (*lists, *able) if name in able]


def _done(door: Door, session: Session, number: int, do: str) -> Said:
    """Take somebody off the list, lift what stands against them, or forget them."""
    web, at = door.web, door.web.now()
    with reading(web.engine) as db:
        reader = subscribers.by_id(db, number) if number < 2**31 else None
    if reader is None:
        raise HTTPException(404)
    try:
        if do == "remove":
            done = subscribing.remove(reader.address, engine=web.engine, at=at)
        elif do == "lift":
            [done] = subscribing.lift([reader.address], engine=web.engine, at=at)
        elif do == "forget":
            done = bool(forgetting.forget(reader.address, engine=web.engine, at=at))
        else:
            raise HTTPException(404)
    except (BadAddress, NobodyKnown, StillSending) as error:
        return Said(words=str(error), ok=False)
    if not done:
        return Said(words="nothing was to be done: that is so already", ok=False)
    with web.engine.begin() as db:
        actions.note(db, session.user.name, f"{do} a reader", at=at, words=f"number {number}")
    return Said(words=DONE[do])
