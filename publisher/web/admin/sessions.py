"""Who is signed in: a signed cookie, and a mark in each form that no other site can know."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from publisher import accounts
from publisher.accounts import ROLES, Role
from publisher.operating import Desk
from publisher.storage import secrets
from publisher.storage.users import User
from publisher.web.forms import first
from publisher.web.showing import Web

NAME = "publisher"
LASTS = timedelta(hours=12)
MARK = "mark"  # the field of a form that no other site can fill in


@dataclass(frozen=True, kw_only=True)
class Session:
    """One person at one browser. `mark` stands in their forms."""

    user: User
    mark: str

    def may(self, role: str) -> bool:
        return accounts.may(self.user, ROLES[role])


@dataclass(frozen=True, kw_only=True)
class Door:
    """Who is let in to the pages below /admin, by a cookie that is signed and kept nowhere."""

    web: Web

    @property
    def path(self) -> str:
        return f"{self.web.prefix}admin"

    @property
    def _is_safe(self) -> bool:
        """Whether browsers reach us by TLS."""
        return urlsplit(self.web.settings.public_url).scheme == "https"

    @property
    def _place(self) -> tuple[str, str]:
        """The cookie's name and path. `__Host-` keeps neighbouring hosts from setting one.

        https://www.rfc-editor.org/rfc/rfc6265bis#section-4.1.3.2
        """
        return (f"__Host-{NAME}", "/") if self._is_safe else (NAME, self.path)

    def let_in(self, response: Response, user: User) -> None:
        """Give the browser a cookie that is good for half a day."""
        told = [user.name, user.session, int(self.web.now().timestamp())]
        value = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
        name, path = self._place
        response.set_cookie(
            name,
            f"{value}.{self._signature(value)}",
            max_age=int(LASTS.total_seconds()),
            path=path,
            secure=self._is_safe,
            httponly=True,
            samesite="lax",
        )

    def let_out(self, response: Response) -> None:
        name, path = self._place
        response.delete_cookie(name, path=path, secure=self._is_safe, httponly=True, samesite="lax")

    def session(self, request: Request) -> Session | None:
        """Who is signed in; None for nobody, and for a cookie that is forged, old or revoked."""
        value, _, signature = request.cookies.get(self._place[0], "").rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(value).encode()):
            return None
        name, session, at = json.loads(_decoded(value))
        if not timedelta(0) <= self.web.now() - datetime.fromtimestamp(at, UTC) <= LASTS:
            return None
        user = accounts.of_session(name, session, engine=self.web.engine)
        return Session(user=user, mark=self._signature(f"form {value}")) if user else None

    def remember(
        self, response: Response, purpose: str, told: list[str], *, lasts: timedelta
    ) -> None:
        """Give the browser something to bring back soon, which nobody else can make."""
        said = [int(self.web.now().timestamp()), *told]
        value = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
        response.set_cookie(
            f"{self._place[0]}-{purpose}",
            f"{value}.{self._signature(f'brought back {purpose} {value}')}",
            max_age=int(lasts.total_seconds()),
            path=self._place[1],
            secure=self._is_safe,
            httponly=True,
            samesite="lax",
        )

    def remembered(self, request: Request, purpose: str, *, lasts: timedelta) -> list[str] | None:
        """What the browser brings back; None for nothing, and for what is forged or too old."""
        said = request.cookies.get(f"{self._place[0]}-{purpose}", "")
        value, _, signature = said.rpartition(".")
        known = self._signature(f"brought back {purpose} {value}")
        if not hmac.compare_digest(signature.encode(), known.encode()):
            return None
        at, *told = json.loads(_decoded(value))
        age = self.web.now() - datetime.fromtimestamp(at, UTC)
        return told if timedelta(0) <= age <= lasts else None

    def forget(self, response: Response, purpose: str) -> None:
        """Take back what the browser was given."""
        name, path = self._place
        response.delete_cookie(
            f"{name}-{purpose}", path=path, secure=self._is_safe, httponly=True, samesite="lax"
        )

    def seen(self, request: Request, role: Role = Role.READ) -> Session:
        """Who asks for a page. Raises HTTPException: 303 to where one signs in, or 403."""
        session = self.session(request)
        if session is None:
            back = request.url.path.removeprefix(self.web.prefix.rstrip("/"))
            query = f"?{request.url.query}" if request.url.query else ""
            where = f"{self.path}/sign-in?back={quote(back + query, safe='/')}"
            raise HTTPException(303, headers={"Location": where, "Cache-Control": "no-store"})
        if not accounts.may(session.user, role):
            raise HTTPException(403)
        return session

    def acting(self, request: Request, form: FormData, role: Role) -> Session:
        """Who does something by a form, which has to be ours. Raises HTTPException."""
        require_own_page(request)
        session = self.seen(request, role)
        if not hmac.compare_digest(first(form, MARK).encode(), session.mark.encode()):
            raise HTTPException(403)
        return session

    def desk(self, session: Session) -> Desk:
        """What somebody's wishes are carried out with, in their name."""
        return replace(self.web.desk(), by=session.user.name, is_person=True, now=self.web.now)

    def _signature(self, value: str) -> str:
        return hmac.digest(self._key, value.encode(), hashlib.sha256).hex()

    @cached_property
    def _key(self) -> bytes:
        with self.web.engine.begin() as db:
            return secrets.key(db, "sessions")


def _decoded(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def require_own_page(request: Request) -> None:
    """Raise HTTPException 403 for what another site had a browser send.

    Browsers say so: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403)
