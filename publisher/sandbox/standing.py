"""What a network's module says of itself, so that it can stand in for the network."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from publisher.sandbox.outside import Kept, Outside
from publisher.sandbox.publicpage import Public
from publisher.sandbox.serving import serving

FEED_URL = "{feed_url}"  # in a table of `channels`: where the sandbox's feed is read

Serve = Callable[[Outside, int], AbstractContextManager[str]]
Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """A pretend network, called `name` by people.

    `serve(outside, port)` runs it, port 0 a free one, and yields its URL without a trailing
    slash; raises OSError where the port is taken. `channels(url)` are the tables, by channel
    name, of a configuration that posts there. `shown` says how the sandbox's page shows a post;
    `card`, the macro of `cards.html` that does, where the usual one does not do.
    """

    name: str
    serve: Serve
    channels: Callable[[str], Tables]
    shown: Callable[[Kept], Public]
    card: str = "notice"


def web(app: Callable[[Outside], ASGIApp]) -> Serve:
    """How a network is served that is an application of the web."""

    @contextmanager
    def serve(outside: Outside, port: int) -> Iterator[str]:
        with serving(app(outside), port=port) as url:
            yield url

    return serve
