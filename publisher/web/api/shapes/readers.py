"""Readers, and what comes back of their mail."""

from datetime import datetime

from pydantic import BaseModel, Field

from publisher.domain.subscriber import LONGEST_WAIT, Standing
from publisher.web.api.shapes.words import Asked, Word


class Joining(Asked):
    """Somebody to put on the list."""

    address: Word = Field(examples=["ann@example.org"])
    name: Word = ""
    languages: list[Word] = Field(default=[], max_length=50, examples=[["de"]])
    lists: list[Word] = Field(default=[], max_length=50)
    else_after: int | None = Field(default=None, ge=1, le=LONGEST_WAIT)
    ask: bool = Field(default=False, description="Ask them to confirm first, by mail.")
    lift: bool = Field(default=False, description="Take away what stands against the address.")


class Joined(BaseModel):
    """Whether they are new on the list, or asked by a mail."""

    added: bool
    asked: bool


class Reader(BaseModel):
    """A reader as the list has them."""

    address: str
    name: str
    languages: list[str]
    lists: list[str]
    else_after: int | None
    state: Standing
    origin: str
    added_at: datetime
    changed_at: datetime
    domain: str


class Suppression(BaseModel):
    """Why nothing is sent to an address."""

    reason: str
    at: datetime


class ReaderEvent(BaseModel):
    """What a reader said, or was learnt of them."""

    at: datetime
    event: str
    how: str
    place: str
    words: str


class Question(BaseModel):
    """A mail that asked them to confirm."""

    asked_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None
    state: str


class ReadersDelivery(BaseModel):
    """A mail to them."""

    issue: str
    lang: str
    channel: str
    state: str
    attempts: int
    reason: str
    changed_at: datetime


class ReadersBounce(BaseModel):
    """What came back of one."""

    at: datetime
    kind: str
    status: str
    words: str


class KnownReader(Reader):
    """All that is known of a reader."""

    suppression: Suppression | None
    events: list[ReaderEvent]
    questions: list[Question]
    deliveries: list[ReadersDelivery]
    bounces: list[ReadersBounce]


class Forgotten(BaseModel):
    """How much was erased."""

    mails: int
    events: int
    questions: int
    bounces: int
    mentions: int


class LeftOut(BaseModel):
    """Rows that were not taken, and why."""

    line: int
    last: int
    why: str


class Imported(BaseModel):
    """What became of the rows. `left_out` tells of the first hundred."""

    rows: int
    added: int
    confirmed: int
    changed: int
    ended: int
    kept: int
    doubled: int
    odd_languages: int
    odd_days: int
    left_out_rows: int
    left_out: list[LeftOut]
    is_rehearsal: bool


class Bounce(BaseModel):
    """What came back of a mail."""

    at: datetime
    issue: str
    channel: str
    lang: str
    reader: str
    kind: str
    status: str
    words: str
    verdict: str


class Believing(Asked):
    """Which bounces are right after all."""

    issue: Word = Field(min_length=1, examples=["2026-11-05-newsletter"])
    channel: Word = Field(min_length=1, examples=["readers"])


class Believed(BaseModel):
    """How many bounces count now, and how many readers that stopped."""

    counted: int
    stopped: int
