"""What all addresses share: the methods that only read, and the headers of every answer."""

import re
from collections.abc import Mapping
from logging import LogRecord

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = ["GET", "HEAD"]
PRIVATE = (
    "/unsubscribe/",
    "/confirm/",
    "/preferences/",
)  # pages whose address is a secret between a reader and us

TOKEN_IN_PATH = re.compile(f"({'|'.join(PRIVATE)})[^ ]+")


def page_headers() -> dict[str, str]:
    """Let a page show pictures and styles of ours, ask nobody else, and run nothing."""
    policy = {
        "default-src": "'none'",
        "img-src": "'self'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # "no-referrer" everywhere would make browsers send `Origin: null` with our own forms
        "Referrer-Policy": "same-origin",
    }


def without_token(record: LogRecord) -> bool:
    """A filter for logs of requests: takes the tokens out of the addresses."""
    if isinstance(record.args, tuple):
        record.args = tuple(map(_redacted, record.args))
    return True


def _redacted(said: object) -> object:
    return TOKEN_IN_PATH.sub(r"\1…", said) if isinstance(said, str) else said


class Guarded:
    """ASGI middleware: adds `headers` to answers that lack them, and keeps private pages so.

    Requests are answered with or without `root` in front of their path, for some proxies take
    it off and some do not.
    """

    def __init__(self, app: ASGIApp, root: str, headers: Mapping[str, str]) -> None:
        self.app = app
        self.root = root
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if any(private in scope["path"] for private in PRIVATE):
                    headers["Referrer-Policy"] = "no-referrer"
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app({**scope, "root_path": self.root}, receive, guarded)
