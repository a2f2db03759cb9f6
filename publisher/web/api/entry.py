"""Who asks: a program with a token, in the header and nowhere else.

No cookie opens anything here, so nothing can be done in the name of somebody who only visits a page
of another site. The header is RFC 6750's: https://www.rfc-editor.org/rfc/rfc6750
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from publisher import tokens
from publisher.accounts import ROLES, Role
from publisher.floods import TooMany
from publisher.operating import Desk
from publisher.storage.tokens import Token
from publisher.web.api.problems import Problem, too_many
from publisher.web.network import network
from publisher.web.showing import Web

REALM = 'Bearer realm="publisher"'


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A program that was let in."""

    web: Web
    token: Token

    @cached_property
    def desk(self) -> Desk:
        """What its wishes are carried out with, in its name."""
        return replace(self.web.desk(), by=f"token {self.token.name}")

    def may(self, role: Role) -> bool:
        return tokens.may(self.token, role)

    @property
    def sees_readers(self) -> bool:
        """Whether readers' addresses are for its eyes."""
        return self.may(Role.RELEASE)

    def require(self, role: Role) -> None:
        """Raise Problem where this is not for it to do."""
        if not self.may(role):
            name = next(name for name, one in ROLES.items() if one is role)
            challenge = f'{REALM}, error="insufficient_scope", scope="{name}"'
            words = f"this takes a token with the role {name}, and yours is {self.token.role}"
            headers = {"WWW-Authenticate": challenge}
            raise Problem(403, "insufficient_scope", words, headers=headers)


def let_in(web: Web, request: Request, role: Role) -> Caller:
    """Who asks, by the token of the header. Raises Problem."""
    shown = _shown(request)
    try:
        token = tokens.recognise(
            shown,
            network=network(request, web.settings.proxies),
            engine=web.engine,
            at=web.now(),
        )
    except TooMany as error:
        raise too_many(error.retry_after) from error
    if token is None:
        challenge = f'{REALM}, error="invalid_token"'
        words = "this token opens nothing: it is wrong, over, or was taken away"
        raise Problem(401, "invalid_token", words, headers={"WWW-Authenticate": challenge})
    caller = Caller(web=web, token=token)
    caller.require(role)
    return caller


def _shown(request: Request) -> str:
    said = request.headers.getlist("authorization")
    scheme, _, shown = said[0].strip().partition(" ") if len(said) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not shown.strip():
        words = "show a token: Authorization: Bearer pub_…"
        raise Problem(401, "no_token", words, headers={"WWW-Authenticate": REALM})
    return shown.strip()


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Asks = Annotated[Caller, Depends(_caller)]
