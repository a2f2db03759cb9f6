"""Doing something: a page that says what will happen and asks, and then the use case itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from publisher import operating
from publisher.accounts import Role
from publisher.addresses import BadAddress
from publisher.config import BadConfig
from publisher.operating import Desk, NotPossible, Unknown
from publisher.storage import actions, consents, reports
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.admin.sessions import Door, Session
from publisher.web.forms import Submitted, first
from publisher.web.headers import READING
from publisher.web.languages import noted

SENDING = ("publish", "release", "retry", "settle")
LONGEST = 2000  # characters of one field


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants done, and about what."""

    do: str
    issue: str = ""
    channel: str = ""
    lang: str = ""
    answer: str = ""
    url: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.channel,) if self.channel else ()


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that can be done: what it is called, what it will do, and the use case."""

    title: str
    will: str
    do: Callable[[Desk, Wish], object]
    needs_channel: bool = False
    back: str = "issue"  # the page that shows what came of it
    role: Role = Role.RELEASE


DEEDS = {
    "publish": Deed(
        title=noted("Publish"),
        will=noted(
            "It goes to every channel that takes it and has it not yet. Nothing is sent twice."
        ),
        do=lambda desk, wish: operating.publish(desk, wish.issue, wish.names),
    ),
    "retry": Deed(
        title=noted("Retry"),
        will=noted(
            "What failed, was refused or is held is tried again. What is out stays as it is."
        ),
        do=lambda desk, wish: operating.retry(desk, wish.issue, wish.names),
    ),
    "settle": Deed(
        title=noted("Settle"),
        will=noted("Look whether it is there, and say what is so. Your answer is final."),
        do=lambda desk, wish: operating.settle(
            desk, wish.issue, wish.channel, wish.answer, url=wish.url, lang=wish.lang
        ),
        needs_channel=True,
    ),
    "pause": Deed(
        title=noted("Pause"),
        will=noted("Nothing more of it is begun there. What is in hand is finished."),
        do=lambda desk, wish: operating.pause(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "resume": Deed(
        title=noted("Resume"),
        will=noted("It goes on exactly where it was."),
        do=lambda desk, wish: operating.resume(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "cancel": Deed(
        title=noted("Cancel"),
        will=noted("What waits there is skipped, for good. What is out stays out."),
        do=lambda desk, wish: operating.cancel(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "correct": Deed(
        title=noted("Correct"),
        will=noted(
            "What changed at the source is carried to what is out, where that can be edited."
        ),
        do=lambda desk, wish: operating.correct(desk, wish.issue, wish.names),
    ),
    "retract": Deed(
        title=noted("Take back"),
        will=noted("What is out there is deleted, where the network allows it. Mail stays."),
        do=lambda desk, wish: operating.retract(desk, wish.issue, wish.names),
        needs_channel=True,
    ),
    "release": Deed(
        title=noted("Release now"),
        will=noted("It goes out now on every channel, whatever it waits for."),
        do=lambda desk, wish: operating.release(desk, wish.issue),
    ),
    "hold": Deed(
        title=noted("Hold"),
        will=noted("It is kept back until somebody releases it."),
        do=lambda desk, wish: operating.hold(desk, wish.issue),
    ),
    "call-off": Deed(
        title=noted("Call off"),
        will=noted("It is never released by itself. What is out stays out."),
        do=lambda desk, wish: operating.call_off(desk, wish.issue),
    ),
    "pause-channel": Deed(
        title=noted("Pause the channel"),
        will=noted("Nothing more is begun there, of any issue, until it is resumed."),
        do=lambda desk, wish: operating.pause_channel(desk, wish.channel),
        needs_channel=True,
        back="channels",
    ),
    "resume-channel": Deed(
        title=noted("Resume the channel"),
        will=noted("What waits there is due now."),
        do=lambda desk, wish: operating.resume_channel(desk, wish.channel),
        needs_channel=True,
        back="channels",
    ),
}


def router(door: Door) -> APIRouter:
    """GET and POST /admin/do/DEED, about `issue`, `channel` and `lang`."""
    routes = APIRouter()

    @routes.api_route("/do/{name}", methods=READING)
    def ask(request: Request, name: str) -> Response:
        deed = _deed(name)
        session = door.seen(request, deed.role)
        return _ask(door, request, session, deed, _wish(name, request.query_params))

    @routes.post("/do/{name}")
    def act(request: Request, name: str, form: Submitted) -> Response:
        deed = _deed(name)
        session = door.acting(request, form, deed.role)
        wish = _wish(name, form)
        desk = door.desk(session)
        try:
            deed.do(desk, wish)
        except Unknown as error:
            return _ask(door, request, session, deed, wish, trouble=str(error), status=404)
        except (NotPossible, BadAddress, BadConfig) as error:
            return _ask(door, request, session, deed, wish, trouble=str(error), status=409)
        return RedirectResponse(_back(door, deed, wish), 303, headers=pages.FRESH)

    return routes


def _deed(name: str) -> Deed:
    try:
        return DEEDS[name]
    except KeyError:
        raise HTTPException(404) from None


def _wish(name: str, said: Any) -> Wish:
    def one(field: str) -> str:
        value = first(said, field) if isinstance(said, FormData) else said.get(field, "")
        return value.strip().replace("\0", "")[:LONGEST]

    fields = ("issue", "channel", "lang", "answer", "url")
    return Wish(do=name, **{field: one(field) for field in fields})


def _ask(
    door: Door,
    request: Request,
    session: Session,
    deed: Deed,
    wish: Wish,
    *,
    trouble: str = "",
    status: int = 200,
) -> Response:
    """Say what will happen, or why it does not, with how things stand by now."""
    about = wish.issue or wish.channel
    if not about or (deed.needs_channel and not wish.channel):
        raise HTTPException(404)
    with reading(door.web.engine) as db:
        there = reports.standings(db, wish.issue) if wish.issue else []
        asked = consents.waiting(db, at=door.web.now(), issue=wish.issue)
    there = [s for s in there if not wish.channel or s.channel == wish.channel]
    there = [s for s in there if not wish.lang or s.lang == wish.lang]
    values: dict[str, Any] = {"deed": deed, "wish": wish, "standings": there, "trouble": trouble}
    values["asked"] = [one for one in asked if one.wanted.did == wish.do]
    values["of_two"] = _of_two(door, wish) if wish.do in SENDING else []
    values["back"] = _back(door, deed, wish)
    return pages.page(door, request, "do.html", session=session, here="", status=status, **values)


def _of_two(door: Door, wish: Wish) -> list[str]:
    """The channels that this may send to and about which two people decide."""
    try:
        site = door.web.desk().site()
    except BadConfig:
        return []  # the wish itself will say what is wrong
    return operating.of_two(site, wish.names or site.channels)


def _back(door: Door, deed: Deed, wish: Wish) -> str:
    """The page that shows what came of it, with the note of what was done."""
    if deed.back != "issue":
        return f"{door.path}/{deed.back}"
    with reading(door.web.engine) as db:
        last = [line.id for line in actions.of(db, wish.issue)][-1:]
    done = f"?done={last[0]}" if last else ""
    return f"{door.path}/issues/{quote(wish.issue)}{done}"
