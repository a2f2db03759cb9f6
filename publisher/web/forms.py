"""What a browser sends with a form, and the mark that tells when it was shown."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")  # anything else cannot be one
MOST_FIELDS = 100
AT_LEAST = timedelta(seconds=2)  # that a person needs to fill in a form
AT_MOST = timedelta(hours=12)


async def _submitted(request: Request) -> FormData:
    """The fields of a body; none at all where it cannot be read as a form."""
    try:
        return await request.form(max_files=0, max_fields=MOST_FIELDS)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        return FormData()


Submitted = Annotated[FormData, Depends(_submitted)]


def values(form: FormData, name: str) -> list[str]:
    """All texts of one name, as they came."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def first(form: FormData, name: str) -> str:
    """The first text of a name, "" where there is none."""
    return next(iter(values(form, name)), "")


def chosen(form: FormData, name: str, offered: Sequence[str]) -> tuple[str, ...]:
    """What was ticked of what is offered; anything else was not."""
    ticked = values(form, name)
    return tuple(word for word in offered if word in ticked)


def mark(secret: bytes, at: datetime) -> str:
    """Proof that a form was shown at a moment. It needs no cookie, and names nobody."""
    shown = f"{int(at.timestamp()):x}"
    return f"{shown}.{_signature(secret, shown)}"


def is_timely(mark: str, secret: bytes, at: datetime) -> bool:
    """Whether a form comes back neither sooner than a person could, nor a day later."""
    shown = shown_at(mark, secret)
    return shown is not None and AT_LEAST <= at - shown <= AT_MOST


def shown_at(mark: str, secret: bytes) -> datetime | None:
    """When a form was shown, to the second; None for a mark that is not ours."""
    shown, _, signature = mark.partition(".")
    ours = _signature(secret, shown)
    if not hmac.compare_digest(signature.encode(), ours.encode()):
        return None
    return datetime.fromtimestamp(int(shown, 16), UTC)


def _signature(secret: bytes, shown: str) -> str:
    return hmac.digest(secret, f"shown {shown}".encode(), hashlib.sha256).hex()[:32]
