"""Who asks, which programs may, and who did what."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from publisher import documents, tokens
from publisher.accounts import Role
from publisher.operating import Unknown
from publisher.readership import without_addresses
from publisher.storage import paging as parts
from publisher.storage import tokens as kept
from publisher.storage.engine import reading
from publisher.tokens import BadToken
from publisher.web.api.entry import Asks
from publisher.web.api.operations import answer, changing, done, looking
from publisher.web.api.paging import After, Limit, number, part
from publisher.web.api.shapes import house
from publisher.web.api.shapes.words import PLAIN, Named, Part
from publisher.web.showing import Web


def routers(web: Web) -> tuple[APIRouter, ...]:
    return _everybodys(web), _list_of_tokens(web), _tokens(web)


def _everybodys(web: Web) -> APIRouter:
    routes = looking(web, Role.READ, tag="house")

    @routes.get("/me", response_model=house.Token)
    def who_am_i(caller: Asks) -> Response:
        """The token that asks, what it may do, and until when."""
        return answer(documents.token(caller.token))

    @routes.get("/actions", response_model=Part[house.Action])
    def list_actions(
        request: Request,
        caller: Asks,
        issue: Annotated[str, Query(max_length=300, pattern=PLAIN)] = "",
        limit: Limit = 100,
        after: After = "",
    ) -> Response:
        """What operators and programs did, the last first."""
        with reading(web.engine) as db:
            found = parts.actions_(db, most=limit + 1, before=number(after), issue=issue)
        items = [documents.action(row) for row in found[:limit]]
        if not caller.sees_readers:
            items = [one | {"words": without_addresses(one["words"])} for one in items]
        return part(request, items, [found[limit - 1].id] if len(found) > limit else None)

    return routes


def _list_of_tokens(web: Web) -> APIRouter:
    routes = looking(web, Role.ADMIN, tag="house")

    @routes.get("/tokens", response_model=house.Tokens)
    def list_tokens() -> Response:
        """All tokens, without what opens anything."""
        with reading(web.engine) as db:
            found = kept.every(db)
        return answer({"items": [documents.token(one) for one in found]})

    return routes


def _tokens(web: Web) -> APIRouter:
    """No key is taken here: a stored answer would keep the token itself."""
    routes = changing(web, Role.ADMIN, tag="house", keyed=False)

    @routes.post("/tokens", status_code=201, response_model=house.Made)
    def add_token(caller: Asks, body: house.Making) -> Response:
        """Make a token. It is answered now and never again."""
        known = {"role": body.role, "days": body.days}
        with web.engine.begin() as db:
            shown = tokens.add(db, body.name, by=caller.desk.by, at=web.now(), **known)  # type: ignore[arg-type]
        return answer({"name": body.name, "role": body.role, "token": shown}, 201, personal=True)

    @routes.delete("/tokens/{name}", status_code=204)
    def remove_token(name: Named, caller: Asks) -> Response:
        """Take a token away; it opens nothing from now on, not even this."""
        try:
            with web.engine.begin() as db:
                tokens.remove(db, name, by=caller.desk.by, at=web.now())
        except BadToken as error:
            raise Unknown(f"{name}: there is no such token") from error
        return done()

    return routes
