"""Channels, tokens, and who did what."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from publisher.accounts import LONGEST, NAME, SHORTEST
from publisher.tokens import DAYS, MOST_DAYS
from publisher.web.api.shapes.words import PLAIN, Asked

RoleName = Literal["read", "release", "admin"]
Password = Annotated[str, StringConstraints(min_length=SHORTEST, max_length=LONGEST)]


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


class User(BaseModel):
    """Somebody who may sign in."""

    name: str = Field(examples=["ines"])
    role: RoleName
    made_at: datetime
    seen_at: datetime | None


class Users(BaseModel):
    """All of them."""

    items: list[User]


class Welcoming(Asked):
    """Somebody who may sign in: by a password, or as whom an OpenID provider knows them."""

    name: str = Field(pattern=f"^{NAME.pattern}$", examples=["ines"])
    role: RoleName = "release"
    password: Password | None = Field(default=None, examples=["correct horse battery"])
    subject: str = Field(default="", max_length=255, pattern=PLAIN)


class NewPassword(Asked):
    """Another password; it ends all of their sessions."""

    password: Password = Field(examples=["correct horse battery"])


class NewRole(Asked):
    """What somebody may do from now on."""

    role: RoleName


class Action(BaseModel):
    """What somebody did."""

    at: datetime
    by: str = Field(examples=["token ci"])
    did: str = Field(examples=["retry"])
    issue: str
    channel: str
    words: str
