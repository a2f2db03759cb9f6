"""Signing requests to X: OAuth 1.0a, by an app for an account.

Source: RFC 5849 · https://docs.x.com/fundamentals/authentication/oauth-1-0a/authorizing-a-request
"""

import logging
from dataclasses import dataclass, field

import httpx
from oauthlib.oauth1 import Client

logging.getLogger("oauthlib").setLevel(logging.INFO)  # below that it tells the account's token


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The app's two and the account's two; the latter "" while nobody has signed in."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False, default="")
    token_secret: str = field(repr=False, default="")

    @property
    def number(self) -> str:
        """The account's, with which X begins its tokens; "" where this one does not."""
        number = self.token.partition("-")[0]
        return number if number.isdecimal() else ""

    def sign(self, request: httpx.Request, **more: str) -> httpx.Request:
        """Sign a request whose body is no form (RFC 5849 §3.4.1.3.1)."""
        signer = Client(
            self.consumer_key,
            client_secret=self.consumer_secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            **more,
        )
        _, headers, _ = signer.sign(str(request.url), http_method=request.method)
        request.headers["Authorization"] = headers["Authorization"]
        return request
