"""Channels, tokens, and who did what."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from publisher.accounts import NAME
from publisher.tokens import DAYS, MOST_DAYS
from publisher.web.api.shapes.words import Asked

RoleName = Literal["read", "release", "admin"]


class Channel(BaseModel):
    """A channel: whether it may send, and when it last did."""

    name: str = Field(examples=["fosstodon"])
    kind: str = Field(examples=["mastodon"])
    languages: list[str]
    paused_at: datetime | None
    rests_until: datetime | None
    failures: int
    reason: str
    last_delivered_at: datetime | None


class Channels(BaseModel):
    """All of them."""

    items: list[Channel]


class Checked(BaseModel):
    """What a channel's network says of its credentials and limits."""

    name: str
    ok: bool
    found: list[str]
    warnings: list[str]


class Token(BaseModel):
    """A program's token, without what opens anything."""

    name: str = Field(examples=["ci"])
    role: RoleName
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class Tokens(BaseModel):
    """All of them."""

    items: list[Token]


class Making(Asked):
    """A token to make."""

    name: str = Field(pattern=f"^{NAME.pattern}$", examples=["website"])
    role: RoleName = "read"
    days: int = Field(default=DAYS, ge=1, le=MOST_DAYS)


class Made(BaseModel):
    """The token, now and never again."""

    name: str
    role: RoleName
    token: str = Field(examples=["pub_…"])


class Action(BaseModel):
    """What somebody did."""

    at: datetime
    by: str = Field(examples=["token ci"])
    did: str = Field(examples=["retry"])
    issue: str
    channel: str
    words: str
