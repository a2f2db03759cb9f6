"""What is asked to be done about an issue, and what became of it."""

from typing import Literal

from pydantic import BaseModel, Field

from publisher.web.api.shapes.words import Asked, Word


class Places(Asked):
    """Some channels; none means all of them."""

    channels: list[Word] = Field(default=[], max_length=100, examples=[["fosstodon"]])


class Publishing(Places):
    """The same, and whether what has errors is published all the same."""

    despite_errors: bool = False


class Correcting(Places):
    """The same, and what else is to be done about what was wrong."""

    tell: bool = Field(
        default=False, description="Mail `correction:` once to those who were mailed the issue."
    )
    leave: bool = Field(default=False, description="Correct nothing, and ask no more.")


class Testing(Places):
    """Where a test copy of the mail goes."""

    to: Word = Field(min_length=1, examples=["ines@news.example"])


class Place(Asked):
    """One channel."""

    channel: Word = Field(min_length=1, examples=["readers"])


class MaybePlace(Asked):
    """One channel, or the release that waits."""

    channel: Word | None = Field(default=None, min_length=1)


class Taking(Asked):
    """Where to take back what is out: on these channels, or everywhere."""

    channels: list[Word] = Field(default=[], max_length=100, examples=[["fosstodon"]])
    everywhere: bool = False


class Settling(Asked):
    """A person's answer for what is held."""

    channel: Word = Field(min_length=1, examples=["reddit"])
    answer: Literal["delivered", "resend", "skip"]
    url: Word = Field(default="", description="Where it is, with `delivered`.")
    reader: Word = Field(default="", description="Only this reader's mail.")
    lang: Word = Field(default="", description="Only the edition in this language.")


class Planned(BaseModel):
    """How many deliveries are new."""

    planned: int


class Tried(BaseModel):
    """How many deliveries are tried again."""

    tried: int


class Settled(BaseModel):
    """How many deliveries that was the answer for."""

    settled: int


class Outcome(BaseModel):
    """What became of one post, in the channel's words."""

    channel: str
    lang: str
    outcome: str
    words: str
    url: str


class Told(BaseModel):
    """A mail or an answer about what was wrong, and how many are new on a channel."""

    issue: str
    lang: str
    channel: str
    planned: int


class Corrected(BaseModel):
    """What became of each post that is out, who is told, and the languages that are left."""

    corrections: list[Outcome]
    told: list[Told]
    left: list[str] = Field(examples=[["en"]])


class Copy(BaseModel):
    """One test copy: whether it was taken, and the server's words."""

    channel: str
    lang: str
    ok: bool
    words: str


class Tested(BaseModel):
    """What became of each copy."""

    copies: list[Copy]


class Retracted(BaseModel):
    """What became of each post that was out."""

    retractions: list[Outcome]


class Cancelled(BaseModel):
    """How many deliveries are skipped, or which languages are never released."""

    skipped: int
    langs: list[str]


class Langs(BaseModel):
    """The languages of an issue that it was about."""

    langs: list[str] = Field(examples=[["en", "de"]])
