"""What bodies, paths and lists are made of."""

from typing import Annotated, Generic, TypeVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict, StringConstraints

PLAIN = r"^[^\u0000-\u001f\u007f]*$"  # no control characters: nothing that ends a line, no NUL
Item = TypeVar("Item")

Word = Annotated[str, StringConstraints(max_length=500, pattern=PLAIN)]
Key = Annotated[
    str,
    Path(
        min_length=1,
        max_length=300,
        pattern=PLAIN,
        description="The issue's key; with several newsletters `name/key`, the slash as it is.",
        examples=["2026-11-05-newsletter"],
    ),
]
Named = Annotated[
    str,
    Path(
        min_length=1,
        max_length=100,
        pattern=r"^[^\u0000-\u001f\u007f/]+$",
        examples=["fosstodon"],
    ),
]


class Asked(BaseModel):
    """A body that says nothing that we do not know."""

    model_config = ConfigDict(extra="forbid")


class Part(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next: str | None
