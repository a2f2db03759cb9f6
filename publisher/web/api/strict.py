"""JSON as its authors meant it: no name twice, no NaN, and not a thousand levels deep.

What two programs read differently is how one gets past the other: RFC 8259 §4, RFC 7493.
"""

import json
from typing import Any

from publisher.web.api.problems import Problem

DEEPEST = 20


def require_sound(body: bytes) -> None:
    """Raise Problem for a body that is no JSON, or such as programs read in different ways."""
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise Problem(400, "malformed", f"the body is no JSON: {why}") from error
    if _depth(found) > DEEPEST:
        raise Problem(400, "malformed", "the body is no JSON that we take: it is nested too deep")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _depth(found: Any) -> int:
    """How deep a value is nested; one more than DEEPEST is deep enough to know."""
    level, depth = [found], 0
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth
