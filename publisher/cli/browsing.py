"""A browser that is sent to a network's page, and comes back to this machine with an answer.

Source: RFC 8252 (OAuth 2.0 for native apps) §7.3 and §8.9, RFC 6749 §4.1.2.
"""

import asyncio
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

from publisher.domain.channel import Refused, TryLater

HOST = "127.0.0.1"
PATIENCE = 300.0  # seconds until a person has signed in and said yes
HEADERS = 100  # lines; no browser sends more
PAGE = """HTTP/1.1 {status}\r
Content-Type: text/html; charset=utf-8\r
Cache-Control: no-store\r
Referrer-Policy: no-referrer\r
Connection: close\r
\r
<!doctype html>
<html lang="en">
<title>Publisher</title>
<p>{words}</p>
</html>
"""
DONE = ("200 OK", "Publisher has its answer. You can close this page and go back to the terminal.")
ELSEWHERE = ("404 Not Found", "There is nothing here.")


def new_state() -> str:
    """What only the answer to this very question carries (RFC 6749 §10.12)."""
    return secrets.token_urlsafe(24)


def redirect_uri(port: int) -> str:
    """Where the browser comes back to; some networks want it registered, to the letter."""
    return f"http://{HOST}:{port}/"


def show(url: str) -> bool:
    """Open a page in the person's browser, if there is a desk for one. Does not wait."""
    seen = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, seen)):
        return False  # what would open is a browser of text, in the middle of this terminal
    threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()
    return True


def await_redirect(
    port: int, opened: Callable[[], None], *, seconds: float = PATIENCE
) -> dict[str, str]:
    """Listen on 127.0.0.1, call `opened`, and return the query that the browser comes back with.

    Raises TryLater where none came in time, and OSError where the port is taken.
    """
    return asyncio.run(_redirected(port, opened, seconds))


async def _redirected(port: int, opened: Callable[[], None], seconds: float) -> dict[str, str]:
    came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                query = await _query(reader)
                is_answer = bool(query.get("state") or query.get("error"))
                status, words = DONE if is_answer else ELSEWHERE
                writer.write(PAGE.format(status=status, words=words).encode())
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        if is_answer and not came.done():
            came.set_result(query)

    async with await asyncio.start_server(answer, HOST, port):
        opened()
        try:
            return await asyncio.wait_for(came, seconds)
        except TimeoutError:
            words = f"the browser did not come back within {seconds:.0f} seconds; run it again"
            raise TryLater(f"{words}, with --no-browser if it runs on another machine") from None


async def _query(reader: asyncio.StreamReader) -> dict[str, str]:
    request = (await reader.readline()).decode("latin-1").split()
    for _ in range(HEADERS):
        if not (await reader.readline()).strip():
            break
    return query_of(request[1]) if len(request) == 3 and request[0] == "GET" else {}


def query_of(address: str) -> dict[str, str]:
    """What stands behind the question mark of an address."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def judged(query: Mapping[str, str], state: str) -> Mapping[str, str]:
    """The answer, if it is one to our question, and no error. Raises Refused."""
    if not secrets.compare_digest(query.get("state", "").encode(), state.encode()):
        raise Refused(
            "the browser came back with the answer to another question (its `state` differs):"
            " run it again, and use only the page that opens then"
        )
    if error := query.get("error"):
        said = ": ".join(filter(None, (error, query.get("error_description"))))
        plain = "".join(c for c in said if c.isprintable())[:200]
        remedy = "; run it again, and allow it" if error == "access_denied" else ""
        raise Refused(f"not granted: {plain}{remedy}")
    return query
