"""A stand-in of which some addresses answer as a test says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class Scripted:
    """Pass on to `inner` what `answers` does not name. `asked` has every method and path."""

    inner: ASGIApp
    answers: Mapping[tuple[str, str], Response] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = (scope["method"], scope["path"])
        self.asked.append(known)
        await self.answers.get(known, self.inner)(scope, receive, send)
