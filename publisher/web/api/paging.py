"""Long lists in parts: a cursor that nobody needs to read, and where the next part is.

https://www.rfc-editor.org/rfc/rfc8288
"""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, Response

from publisher.web.api.operations import answer
from publisher.web.api.problems import Problem, wrong

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
After = Annotated[
    str,
    Query(
        max_length=1000, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the part before this."
    ),
]


def number(cursor: str) -> int | None:
    """The number that a cursor stands for, None for none. Raises Problem."""
    match _read(cursor):
        case None:
            return None
        case [int(found)] if 0 <= found < 2**63:
            return found
    raise _strange()


def moment_and_key(cursor: str) -> tuple[datetime, str] | None:
    """The time and key that a cursor stands for, None for none. Raises Problem."""
    match _read(cursor):
        case None:
            return None
        case [str(at), str(key)] if "\0" not in key:
            try:
                return datetime.fromisoformat(at).astimezone(UTC), key
            except (ValueError, OverflowError) as error:
                raise _strange() from error
    raise _strange()


def _read(cursor: str) -> Any:
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True)) or [None]
    except (ValueError, RecursionError) as error:
        raise _strange() from error


def _strange() -> Problem:
    return wrong("query", "after", "this is no cursor of ours; take `next` of a part as it is")


def part(
    request: Request, items: Sequence[Any], next_: Sequence[Any] | None, *, personal: bool = False
) -> Response:
    """A part of a list, and the cursor of the next; None: this was the last."""
    cursor = _written(next_) if next_ else None
    headers = {"Link": f'<{_place(request, cursor)}>; rel="next"'} if cursor else {}
    return answer({"items": list(items), "next": cursor}, personal=personal, headers=headers)


def _place(request: Request, cursor: str) -> str:
    """Where the next part is: never by what a request says about its host."""
    query = request.url.include_query_params(after=cursor).query
    return f"{quote(request.scope['path'])}?{query}"


def _written(values: Sequence[Any]) -> str:
    told = [one.isoformat() if isinstance(one, datetime) else one for one in values]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
