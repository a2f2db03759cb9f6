"""OAuth 1.0a as a stand-in checks it: signatures, and the sign-in that ends in a PIN.

Source: RFC 5849 · https://docs.x.com/fundamentals/authentication/oauth-1-0a/pin-based-oauth
"""

import base64
import hmac
import re
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha1
from urllib.parse import parse_qsl, quote, unquote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from publisher.sandbox.serving import base
from publisher.sandbox.templates import TEMPLATES

SKEW = 300  # seconds that a clock may be wrong
CODE = """<!doctype html><html lang="en"><title>Stand-in, not a real {name}</title>
<p><small>Stand-in, not a real {name}</small></p><h1>{words}</h1></html>"""


@dataclass(kw_only=True)
class Signing:
    """One network's apps and accounts, whatever their keys; all of them have the same `secret`.

    `user` and `handle` are those of the account that signs in.
    """

    name: str
    secret: str
    user: str
    handle: str
    seen: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/request_token", self.request_token, methods=["POST"]),
            Route("/oauth/authorize", self.ask, methods=["GET"]),
            Route("/oauth/authorize", self.answer, methods=["POST"]),
            Route("/oauth/access_token", self.access_token, methods=["POST"]),
        ]

    async def signed(self, request: Request) -> dict[str, str] | None:
        """The parameters of a request that is signed as RFC 5849 §3 has it; None for another."""
        kind, _, told = request.headers.get("Authorization", "").partition(" ")
        found = re.findall(r'(\w+)="([^"]*)"', told)
        oauth = {name: unquote(value) for name, value in found}
        fresh = abs(time.time() - int(oauth.get("oauth_timestamp", "0"))) < SKEW
        nonce = oauth.get("oauth_nonce", "")
        if kind != "OAuth" or not fresh or not nonce or nonce in self.seen:
            return None
        signature = oauth.pop("oauth_signature", "")
        right = self._signature(request, oauth, await _form(request))
        if not hmac.compare_digest(signature, right):
            return None
        self.seen.add(nonce)
        return oauth

    def _signature(
        self, request: Request, oauth: dict[str, str], form: list[tuple[str, str]]
    ) -> str:
        """HMAC-SHA1 over method, address and sorted parameters (§3.4.1)."""
        query = parse_qsl(request.url.query, keep_blank_values=True)
        pairs = sorted((_quoted(name), _quoted(it)) for name, it in [*oauth.items(), *query, *form])
        listed = "&".join(f"{name}={it}" for name, it in pairs)
        address = base(request) + request.url.path
        signed = "&".join(map(_quoted, (request.method, address, listed)))
        of_token = self.secret if "oauth_token" in oauth else ""
        key = f"{_quoted(self.secret)}&{_quoted(of_token)}".encode()
        return base64.b64encode(hmac.new(key, signed.encode(), sha1).digest()).decode()

    async def request_token(self, request: Request) -> Response:
        oauth = await self.signed(request)
        if oauth is None or "oauth_token" in oauth:
            return PlainTextResponse("Could not authenticate you.", 401)
        if oauth.get("oauth_callback") != "oob":
            return PlainTextResponse("Callback URL not approved for this client application.", 403)
        token = secrets.token_urlsafe(12)
        self.asked.add(token)
        return _told(
            oauth_token=token, oauth_token_secret=self.secret, oauth_callback_confirmed="true"
        )

    async def ask(self, request: Request) -> Response:
        if request.query_params.get("oauth_token") not in self.asked:
            return HTMLResponse(self._page("There is no request token for this page."), 400)
        page = TEMPLATES.get_template("consent.html")
        return HTMLResponse(page.render(name=self.name, scopes=[]))

    async def answer(self, request: Request) -> Response:
        form, token = await request.form(), request.query_params.get("oauth_token", "")
        if form.get("answer") != "allow" or token not in self.asked:
            return HTMLResponse(self._page("You have denied the app."))
        pin = f"{secrets.randbelow(10**7):07}"
        self.pins[token] = pin
        return HTMLResponse(self._page(f"Go back to the app and enter this PIN: {pin}"))

    async def access_token(self, request: Request) -> Response:
        oauth = await self.signed(request) or {}
        pin = self.pins.pop(oauth.get("oauth_token", ""), "")
        if not pin or oauth.get("oauth_verifier") != pin:
            return PlainTextResponse("Error processing your OAuth request: Invalid verifier", 401)
        made = f"{self.user}-{secrets.token_hex(20)}"
        known = {"user_id": self.user, "screen_name": self.handle}
        return _told(oauth_token=made, oauth_token_secret=self.secret, **known)

    def _page(self, words: str) -> str:
        return CODE.format(name=self.name, words=words)


async def _form(request: Request) -> list[tuple[str, str]]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return []
    return parse_qsl((await request.body()).decode(), keep_blank_values=True)


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")


def _told(**values: str) -> Response:
    return PlainTextResponse(urlencode(values), media_type="text/html")
