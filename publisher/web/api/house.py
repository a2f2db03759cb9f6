"""Who asks, which programs may, and who did what."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from publisher import accounts, documents, tokens
from publisher.accounts import Role
from publisher.operating import Unknown
from publisher.readership import without_addresses
from publisher.storage import actions, users
from publisher.storage import paging as parts
from publisher.storage import tokens as kept
from publisher.storage.engine import reading
from publisher.tokens import BadToken
from publisher.web.api.entry import Asks, Caller
from publisher.web.api.operations import answer, changing, done, looking
from publisher.web.api.paging import After, Limit, number, part
from publisher.web.api.problems import wrong
from publisher.web.api.shapes import house
from publisher.web.api.shapes.words import PLAIN, Named, Part
from publisher.web.showing import Web


def routers(web: Web) -> tuple[APIRouter, ...]:
    return _everybodys(web), _lists(web), _tokens(web), _users(web)


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


def _lists(web: Web) -> APIRouter:
    routes = looking(web, Role.ADMIN, tag="house")

    @routes.get("/tokens", response_model=house.Tokens)
    def list_tokens() -> Response:
        """All tokens, without what opens anything."""
        with reading(web.engine) as db:
            found = kept.every(db)
        return answer({"items": [documents.token(one) for one in found]})

    @routes.get("/users", response_model=house.Users)
    def list_users() -> Response:
        """Who may sign in to the operators' pages, as what, and when they last did."""
        with reading(web.engine) as db:
            found = users.everybody(db)
        return answer({"items": [documents.user(one) for one in found]})

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


def _users(web: Web) -> APIRouter:
    """No key is taken here either: nothing of a password is kept but its hash."""
    routes = changing(web, Role.ADMIN, tag="house", keyed=False)

    @routes.post("/users", status_code=201, response_model=house.User)
    def add_user(caller: Asks, body: house.Welcoming) -> Response:
        """Let somebody sign in, by a password or by what an OpenID provider says of them."""
        if not (body.password or body.subject.strip()):
            raise wrong("body", "#/password", "say a password, or the subject at the provider")
        known = {"role": body.role, "subject": body.subject}
        with web.engine.begin() as db:
            accounts.add(db, body.name, body.password or "", **known, at=web.now())
            _note(db, caller, "add user", f"{body.name} ({body.role})")
            found = users.known(db, body.name)
        return answer(found and documents.user(found), 201, personal=True)

    @routes.post("/users/{name}/password", status_code=204)
    def change_password(name: Named, caller: Asks, body: house.NewPassword) -> Response:
        """Set another password, and end all of their sessions."""
        with web.engine.begin() as db:
            accounts.change_password(db, name, body.password)
            _note(db, caller, "change password", name)
        return done()

    @routes.post("/users/{name}/role", status_code=204)
    def change_role(name: Named, caller: Asks, body: house.NewRole) -> Response:
        """Let somebody do more or less from now on."""
        with web.engine.begin() as db:
            accounts.change_role(db, name, body.role)
            _note(db, caller, "change role", f"{name} ({body.role})")
        return done()

    @routes.delete("/users/{name}", status_code=204)
    def remove_user(name: Named, caller: Asks) -> Response:
        """Take an account away; its sessions are over at once."""
        with web.engine.begin() as db:
            accounts.remove(db, name)
            _note(db, caller, "remove user", name)
        return done()

    return routes


def _note(db: Connection, caller: Caller, did: str, words: str) -> None:
    actions.note(db, caller.desk.by, did, at=caller.web.now(), words=words)
