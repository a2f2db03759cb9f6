"""Elements whose inside a parser of HTML does not take for HTML.

One that is left open takes the rest of the page with it: as bare markup, or out of sight.
Source: https://html.spec.whatwg.org/multipage/parsing.html#parsing-html-fragments
"""

import re

from publisher.domain.issue import BadSource
from publisher.rendering.shortcodes.code import code_spans, inside

SELF_CLOSED = re.compile(r"<(script|iframe|template|video|audio)\b([^<>]*)/>", re.IGNORECASE)
# Elements that only frame words. nh3 0.3 takes what stands in <card> for that of a <template>.
FRAME = re.compile(
    r"</?(?:card|noembed|noframes|noscript|plaintext|textarea|title|xmp)\b[^<>]*>", re.IGNORECASE
)
# Elements that no page shows.
HIDDEN = re.compile(
    r"<(noembed|noframes|noscript|title)\b[^<>]*>"
    r"(?:(?!<(?:noembed|noframes|noscript|title)\b).){0,4000}?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
UNSEEN = re.compile(r"<(script|style|iframe|template)\b", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def closed_as_written(html: str) -> str:
    """The HTML with a closing tag where `/>` is meant as one, as in JSX: HTML ignores it there."""
    return SELF_CLOSED.sub(r"<\1\2></\1>", html)


def without_frames(html: str) -> str:
    """The HTML without elements that would show the markup in them, or nothing of what follows."""
    return FRAME.sub("", HIDDEN.sub("", html))


def refuse_left_open(path: str, html: str, *, body: str, body_line: int) -> None:
    """Raise BadSource, with its line in the body, for an element that would hide the rest."""
    looked_at = COMMENT.sub(lambda comment: " " * len(comment[0]), html).lower()
    position = 0
    while opening := UNSEEN.search(looked_at, position):
        name = opening[1]
        position = looked_at.find(f"</{name}", opening.end())
        if position < 0:
            line = _line(body, name)
            reason = f"<{name}> is not closed: all that follows would be lost"
            remedy = f"close it, or write `<{name}>` where it is only spoken of"
            raise BadSource(path, reason, line=line and body_line + line - 1, remedy=remedy)


def _line(body: str, name: str) -> int:
    """The line on which the first such element stands that nothing closes, 0 if none is seen."""
    code = code_spans(body)
    closed = body.lower().rfind(f"</{name}")
    openings = re.finditer(rf"<{name}\b", body, re.IGNORECASE)
    found = (at.start() for at in openings if at.start() > closed and not inside(code, at.start()))
    start = next(found, -1)
    return body.count("\n", 0, start) + 1 if start >= 0 else 0
