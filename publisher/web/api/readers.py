"""Readers: personal data, so nothing of them is for the role that only looks."""

from dataclasses import asdict
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from publisher import documents, readership, subscribing, wishes
from publisher.accounts import Role
from publisher.domain.subscriber import Standing, one_line
from publisher.operating import Unknown
from publisher.storage import subscribers
from publisher.storage.engine import reading
from publisher.storage.subscribers import Wanted
from publisher.storage.waiting import Hint
from publisher.subscribing import Choices
from publisher.web.api.described import Answers
from publisher.web.api.entry import Asks, Caller
from publisher.web.api.operations import answer, changing, done, looking
from publisher.web.api.paging import After, Limit, number, part
from publisher.web.api.problems import Problem, wrong
from publisher.web.api.reading import address_key
from publisher.web.api.shapes import readers as shapes
from publisher.web.api.shapes.words import PLAIN, Part
from publisher.web.showing import Web
from publisher.wishes import BadWish

Address = Annotated[
    str,
    Path(
        max_length=300,
        pattern=PLAIN,
        description="As typed, of mail or behind `xmpp:`.",
        examples=["ann@example.org"],
    ),
]
WAS_ON_IT: Answers = {
    200: {"model": shapes.Joined, "description": "They were on the list."},
}
Filter = Annotated[str, Query(max_length=100, pattern=PLAIN)]


def routers(web: Web) -> tuple[APIRouter, ...]:
    return _looking(web), _changing(web), _erasing(web)


def _looking(web: Web) -> APIRouter:
    routes = looking(web, Role.RELEASE, tag="readers")

    @routes.get("/subscribers", response_model=Part[shapes.Reader])
    def list_readers(
        request: Request,
        caller: Asks,
        *,
        state: Annotated[Standing | None, Query(description="Only who stands so.")] = None,
        list_: Annotated[Filter, Query(alias="list", description="Only who gets its mail.")] = "",
        language: Annotated[Filter, Query(description="Only who reads this edition.")] = "",
        limit: Limit = 100,
        after: After = "",
    ) -> Response:
        """All readers, those who have left included, the first who came first."""
        wanted = _wanted(caller, state, list_, language)
        with reading(web.engine) as db:
            found = subscribers.page(db, wanted, after=number(after) or 0, limit=limit + 1)
        items = [documents.reader(row) for row in islice(found, limit)]
        more = [found[limit - 1].id] if len(found) > limit else None
        return part(request, items, more, personal=True)

    @routes.get("/subscribers/{address:path}", response_model=shapes.KnownReader)
    def read_reader(address: Address) -> Response:
        """All that is known of one reader: choices, consent, mail, bounces."""
        address_key(address, "path", "address")
        known = subscribing.about(address, engine=web.engine)
        if known.reader is None:
            raise Unknown("nobody of this address is known")
        return answer(documents.known(known), personal=True)

    return routes


def _changing(web: Web) -> APIRouter:
    routes = changing(web, Role.RELEASE, tag="readers")

    @routes.post("/subscribers", status_code=201, response_model=shapes.Joined, responses=WAS_ON_IT)
    def add_reader(caller: Asks, body: shapes.Joining) -> Response:
        """Put somebody on the list whom you vouch for, or have them asked. 200: was on it."""
        joined = _join(caller, body)
        status = 201 if joined.added or joined.question else 200
        told = {"added": joined.added, "asked": joined.question is not None}
        return answer(told, status, personal=True)

    @routes.delete("/subscribers/{address:path}", status_code=204)
    def remove_reader(address: Address, caller: Asks) -> Response:
        """Take a reader off the list; what is known of them stays."""
        address_key(address, "path", "address")
        readership.leave(caller.desk, address)
        return done()

    return routes


def _erasing(web: Web) -> APIRouter:
    routes = changing(web, Role.ADMIN, tag="readers")

    @routes.post("/subscribers/{address:path}/forget", response_model=shapes.Forgotten)
    def forget_reader(address: Address, caller: Asks) -> Response:
        """Erase a reader: address, name, choices, and what servers said of them."""
        address_key(address, "path", "address")
        return answer(asdict(readership.forget(caller.desk, address)), personal=True)

    return routes


def _wanted(caller: Caller, state: Standing | None, list_: str, language: str) -> Wanted:
    there = wishes.mailing(caller.desk.site().channels)
    try:
        return Wanted(
            state=state or "",
            list="".join(wishes.known_lists([list_] if list_ else [], there)),
            language=wishes.language_code(language) if language else "",
            default=caller.web.settings.site.language,
        )
    except BadWish as error:
        raise wrong("query", error.what, str(error)) from error


PLACES = {"list": "#/lists", "language": "#/languages"}


def _join(caller: Caller, body: shapes.Joining) -> readership.Joined:
    there = wishes.mailing(caller.desk.site().channels)
    site = caller.web.settings.site.language
    address_key(body.address, "body", "#/address")
    try:
        lists = wishes.known_lists(body.lists, there)
        languages = wishes.known_languages(body.languages, there)
        days = wishes.known_else_after(
            body.else_after, languages=languages, lists=lists, there=there, site=site
        )
        asking = wishes.asking(lists, there, site) if body.ask else None
    except BadWish as error:
        raise _of_body(error) from error
    choices = Choices(languages=languages, lists=lists, name=one_line(body.name), else_after=days)
    joined = readership.join(caller.desk, body.address, choices, asking=asking, lift=body.lift)
    if joined.question:
        caller.web.hint(Hint(ask=joined.question))
    return joined


def _of_body(error: BadWish) -> Problem:
    return wrong("body", PLACES.get(error.what, f"#/{error.what}"), str(error))
