"""The authorization code grant as stand-ins offer it: a page that asks, and codes for tokens.

Source: RFC 6749 §4.1, PKCE: RFC 7636
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from publisher.sandbox.joining import names
from publisher.sandbox.templates import TEMPLATES


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person has allowed, until its code is exchanged."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str


@dataclass(kw_only=True)
class Consent:
    """The page of one network that asks, and the codes that it gave out, each good for once.

    Every client is known, and may come back to this machine; any password but "revoked" will do.
    """

    network: str
    path: str
    codes: dict[str, Grant] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        ask = Route(self.path, self.ask, methods=["GET"])
        return [ask, Route(self.path, self.answer, methods=["POST"])]

    async def ask(self, request: Request) -> Response:
        """Show the page, or 400 where the question is none (RFC 6749 §4.1.2.1)."""
        asked = request.query_params
        home = asked.get("redirect_uri", "").startswith(("http://127.0.0.1:", "http://localhost:"))
        if not home or not asked.get("client_id") or asked.get("response_type") != "code":
            return HTMLResponse("<h1>Stand-in: client_id, redirect_uri or type are wrong</h1>", 400)
        page = TEMPLATES.get_template("consent.html")
        scopes = asked.get("scope", "").replace(",", " ").split()
        return HTMLResponse(page.render(name=names()[self.network], scopes=scopes))

    async def answer(self, request: Request) -> Response:
        """Send the browser back, with a code for what is still ticked, or with the refusal."""
        asked, form = request.query_params, await request.form()
        back = {"state": asked.get("state", "")}
        if form.get("answer") == "allow":
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = Grant(
                client_id=asked["client_id"],
                redirect_uri=asked["redirect_uri"],
                scopes=tuple(str(scope) for scope in form.getlist("scope")),
                challenge=asked.get("code_challenge", ""),
            )
        else:
            back |= {"error": "access_denied", "error_description": "The resource owner said no."}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    def redeemed(self, form: Mapping[str, str], client_id: str) -> Grant | None:
        """What a code stands for, once, and only for who asked, by RFC 6749 §4.1.3."""
        grant = self.codes.pop(form.get("code", ""), None)
        if grant is None or grant.client_id != client_id:
            return None
        same = grant.redirect_uri == form.get("redirect_uri")
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return grant if same and grant.challenge in ("", proof) else None
