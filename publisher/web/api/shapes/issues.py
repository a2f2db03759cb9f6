"""Issues: what they are, where they are, when they go."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from publisher.domain.delivery import State


class Finding(BaseModel):
    """Something odd, and what to do about it."""

    kind: str
    detail: str
    line: int
    remedy: str
    severity: Literal["error", "warning"]


class Image(BaseModel):
    """A picture of an edition."""

    src: str
    alt: str
    caption: str


class Edition(BaseModel):
    """An edition: of the source as it is now, or, where that has none, as it was planned."""

    known_from: Literal["source", "archive"]
    key: str
    lang: str
    path: str
    title: str
    date: datetime
    url: str
    summary: str
    authors: list[str]
    tags: list[str]
    html: str
    text: str
    links: list[str]
    draft: bool
    aliases: list[str]
    not_before: datetime | None
    expires: datetime | None
    images: list[Image]
    card: str
    warnings: list[Finding]


class PlannedEdition(BaseModel):
    """An edition as it was planned."""

    key: str = Field(examples=["2026-11-05-newsletter"])
    lang: str = Field(examples=["en"])
    title: str
    url: str
    date: datetime
    revision: str
    path: str


class Delivery(BaseModel):
    """An edition on a channel. `readers` counts copies by state where each reader has one."""

    channel: str = Field(examples=["fosstodon"])
    kind: str = Field(examples=["mastodon"])
    lang: str
    state: State
    attempts: int
    url: str
    remote_id: str
    reason: str
    next_attempt_at: datetime | None
    readers: dict[str, int] | None


class Issue(BaseModel):
    """How an issue stands, as `publisher status ISSUE --json` tells it."""

    key: str = Field(examples=["2026-11-05-newsletter"])
    editions: list[PlannedEdition]
    deliveries: list[Delivery]


class Attempt(BaseModel):
    """One attempt at a delivery, or a person's word about it."""

    channel: str
    lang: str
    reader: str | None
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    reason: str
    remote_id: str
    url: str
    worker: str


class Receipt(BaseModel):
    """What is out on a channel, since when, and its proof. `readers` counts delivered copies."""

    lang: str
    channel: str
    kind: str
    at: datetime
    url: str
    remote_id: str
    readers: int | None


class Receipts(BaseModel):
    """What is out of an issue."""

    key: str = Field(examples=["2026-11-05-newsletter"])
    receipts: list[Receipt]


class Preview(BaseModel):
    """What a channel would get."""

    channel: str
    kind: str
    lang: str
    title: str
    text: str
    html: str
    url: str
    length: int
    limit: int | None
    warnings: list[Finding]
    refused: str


class Step(BaseModel):
    """When an edition goes to a channel, and why then."""

    channel: str
    at: datetime | None
    why: str
    planned: bool


class Plan(BaseModel):
    """An edition on its way out."""

    key: str
    lang: str
    seen_at: datetime
    live_at: datetime | None
    trouble: str
    held: bool
    released: bool
    cancelled: bool
    channels: list[Step]


class Plans(BaseModel):
    """All that waits."""

    items: list[Plan]
