"""What can be done at the pages: what each deed is called, what it will do, and its use case."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Engine

from publisher import operating, readership
from publisher.accounts import Role
from publisher.operating import Desk, NotPossible, Unknown
from publisher.storage import subscribers
from publisher.storage.engine import reading
from publisher.web.admin import pages
from publisher.web.languages import noted


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants done, and about what."""

    do: str
    issue: str = ""
    channel: str = ""
    lang: str = ""
    answer: str = ""
    url: str = ""
    reader: str = ""  # their number: no address stands in an URL
    to: str = ""
    despite: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.channel,) if self.channel else ()


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that can be done: what it is called, what it will do, and the use case."""

    title: str
    will: str
    do: Callable[[Desk, Wish], object]
    needs_channel: bool = False
    back: str = "issue"  # the page that shows what came of it
    role: Role = Role.RELEASE


def reader_of(engine: Engine, wish: Wish) -> str:
    """The address of the one reader that a wish is about, "" where it is about all.

    Raises Unknown.
    """
    if not wish.reader:
        return ""
    number = pages.number(wish.reader)
    with reading(engine) as db:
        found = subscribers.by_id(db, number) if number and number < 2**31 else None
    if found is None:
        raise Unknown("there is no such reader any more")
    return str(found.address)


def _settle(desk: Desk, wish: Wish) -> None:
    about = {"url": wish.url, "lang": wish.lang, "reader": reader_of(desk.engine, wish)}
    operating.settle(desk, wish.issue, wish.channel, wish.answer, **about)


def _rehearse(desk: Desk, wish: Wish) -> None:
    copies = operating.rehearse(desk, wish.issue, wish.to, wish.names)
    failed = [f"{one.channel} ({one.lang}): {one.words}" for one in copies if not one.ok]
    if failed:
        raise NotPossible("; ".join(failed))


def _tell(desk: Desk, wish: Wish) -> None:
    """What is out is corrected, too: that answers the question that was asked.

    Where that is not possible after all, the question stays; that readers are told is done.
    """
    if operating.tell(desk, wish.issue, wish.names):
        with suppress(NotPossible):
            operating.correct(desk, wish.issue)


DEEDS = {
    "publish": Deed(
        title=noted("Publish"),
        will=noted(
            "It goes to every channel that takes it and has it not yet. Nothing is sent twice."
        ),
        do=lambda desk, wish: operating.publish(
            desk, wish.issue, wish.names, despite_errors=bool(wish.despite)
        ),
    ),
    "test": Deed(
        title=noted("Send a test copy"),
        will=noted(
            "One address gets the mail as it is now. Nothing is planned, and nobody else gets it."
        ),
        do=_rehearse,
        back="preview",
    ),
    "retry": Deed(
        title=noted("Retry"),
        will=noted(
            "What failed, was refused or is held is tried again. What is out stays as it is."
        ),
        do=lambda desk, wish: operating.retry(desk, wish.issue, wish.names),
    ),
    "settle": Deed(
        title=noted("Settle"),
        will=noted("Look whether it is there, and say what is so. Your answer is final."),
        do=_settle,
        needs_channel=True,
    ),
    "pause": Deed(
        title=noted("Pause"),
        will=noted("Nothing more of it is begun there. What is in hand is finished."),
        do=lambda desk, wish: operating.pause(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "resume": Deed(
        title=noted("Resume"),
        will=noted("It goes on exactly where it was."),
        do=lambda desk, wish: operating.resume(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "cancel": Deed(
        title=noted("Cancel"),
        will=noted("What waits there is skipped, for good. What is out stays out."),
        do=lambda desk, wish: operating.cancel(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "correct": Deed(
        title=noted("Correct"),
        will=noted(
            "What changed at the source is carried to what is out, where that can be edited."
        ),
        do=lambda desk, wish: operating.correct(desk, wish.issue, wish.names),
    ),
    "tell": Deed(
        title=noted("Tell readers what was wrong"),
        will=noted(
            "Who was mailed the issue gets, once, what the correction in its head says."
            " What is out is corrected where it can be."
        ),
        do=_tell,
    ),
    "leave": Deed(
        title=noted("Leave it as it is"),
        will=noted("What is out stays as it is, and nobody is asked about this change any more."),
        do=lambda desk, wish: operating.leave(desk, wish.issue),
    ),
    "believe": Deed(
        title=noted("Let the bounces count"),
        will=noted(
            "Readers whose addresses are gone get no more mail. The channel stays as it is."
        ),
        do=lambda desk, wish: readership.believe(desk, wish.issue, wish.channel),
        needs_channel=True,
    ),
    "retract": Deed(
        title=noted("Take back"),
        will=noted("What is out there is deleted, where the network allows it. Mail stays."),
        do=lambda desk, wish: operating.retract(desk, wish.issue, wish.names),
        needs_channel=True,
    ),
    "release": Deed(
        title=noted("Release now"),
        will=noted("It goes out now on every channel, whatever it waits for."),
        do=lambda desk, wish: operating.release(desk, wish.issue),
    ),
    "withdraw": Deed(
        title=noted("Withdraw the request"),
        will=noted("Nobody is asked to agree any more, and nothing is sent. It can be asked anew."),
        do=lambda desk, wish: operating.withdraw(desk, wish.issue),
        back="tasks",
    ),
    "hold": Deed(
        title=noted("Hold"),
        will=noted("It is kept back until somebody releases it."),
        do=lambda desk, wish: operating.hold(desk, wish.issue),
    ),
    "call-off": Deed(
        title=noted("Call off"),
        will=noted("It is never released by itself. What is out stays out."),
        do=lambda desk, wish: operating.call_off(desk, wish.issue),
    ),
    "pause-channel": Deed(
        title=noted("Pause the channel"),
        will=noted("Nothing more is begun there, of any issue, until it is resumed."),
        do=lambda desk, wish: operating.pause_channel(desk, wish.channel),
        needs_channel=True,
        back="channels",
    ),
    "resume-channel": Deed(
        title=noted("Resume the channel"),
        will=noted("What waits there is due now."),
        do=lambda desk, wish: operating.resume_channel(desk, wish.channel),
        needs_channel=True,
        back="channels",
    ),
}
