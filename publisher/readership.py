"""What operators do about readers by a program: done, and written down without any address.

What stood of readers among the actions would still be there when they are forgotten. The log of
each of them tells what was done, and goes with them.
"""

import re
from dataclasses import dataclass
from io import BufferedReader

from publisher import bouncing, forgetting, subscribing
from publisher.forgetting import NobodyKnown, StillSending
from publisher.importing.lines import lines
from publisher.importing.rows import Bad, sheet
from publisher.importing.taking import Asking, Intake, Manner, Taken, rehearse, take
from publisher.operating import Desk, NotPossible, Unknown
from publisher.storage import actions
from publisher.storage.forgetting import Erased
from publisher.subscribing import Choices, Unwelcome

ADDRESS = re.compile(r"[^\s<>()\"',;:/]+@[^\s<>()\"',;:/]+")  # not https://one.example/@somebody
TOLD = 100  # rows left out that are told


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Whether a reader is new on the list, or asked by the mail of that number."""

    added: bool = False
    question: int | None = None


@dataclass(frozen=True, kw_only=True)
class Import:
    """What became of the rows of a file, and why the first of those left out were."""

    taken: Taken
    left_out: tuple[Bad, ...]


@dataclass(frozen=True, kw_only=True)
class Believed:
    """How many bounces count now, and how many readers that stopped."""

    counted: int
    stopped: int


def join(
    desk: Desk, address: str, choices: Choices, *, asking: Asking | None = None, lift: bool = False
) -> Joined:
    """Put a reader on the list who is vouched for, or ask them first.

    Raises BadAddress, and NotPossible where something stands against the address; `lift` takes
    that away before.
    """
    known = {"engine": desk.engine, "choices": choices, "at": desk.now()}
    if lift:
        subscribing.lift([address], engine=desk.engine, at=desk.now())
    try:
        if asking:
            mail = {"carrier": asking.carrier, "lang": asking.lang}
            [question] = subscribing.ask([address], **known, **mail)  # type: ignore[arg-type]
            joined = Joined(question=question)
        else:
            [added] = subscribing.add([address], **known)  # type: ignore[arg-type]
            joined = Joined(added=added)
    except Unwelcome as error:
        raise NotPossible(f"{error}; if they ask for it themselves, lift that") from error
    if joined.added or joined.question is not None:
        _note(desk, "ask a reader" if asking else "add a reader", "lifted" if lift else "")
    return joined


def leave(desk: Desk, address: str) -> bool:
    """Take a reader off the list; False where they had left. Raises BadAddress, Unknown."""
    if subscribing.about(address, engine=desk.engine).reader is None:
        raise Unknown("nobody of this address is known")
    gone = subscribing.remove(address, engine=desk.engine, at=desk.now())
    if gone:
        _note(desk, "remove a reader")
    return gone


def lift(desk: Desk, address: str) -> bool:
    """Let an address be written to again; False where nothing stood against it."""
    [lifted] = subscribing.lift([address], engine=desk.engine, at=desk.now())
    if lifted:
        _note(desk, "lift a reader")
    return lifted


def forget(desk: Desk, address: str) -> Erased:
    """Erase a reader. Raises BadAddress, Unknown, and NotPossible while a mail is on its way."""
    try:
        erased = forgetting.forget(address, engine=desk.engine, at=desk.now())
    except NobodyKnown as error:
        raise Unknown("nobody of this address is known") from error
    except StillSending as error:
        raise NotPossible("a mail to them is on its way; say it again in a minute") from error
    _note(desk, "forget a reader")
    return erased


def believe(desk: Desk, issue: str, channel: str) -> Believed:
    """Let what came back of an issue and was set aside count after all.

    Raises NotPossible where nothing is set aside.
    """
    counted, stopped = bouncing.believe(issue, channel, engine=desk.engine, at=desk.now())
    if not counted:
        raise NotPossible(f"{issue} on {channel}: no bounces are set aside there any more")
    words = f"{counted} bounces count, {stopped} readers stopped"
    _note(desk, "believe", words, issue=issue, channel=channel)
    return Believed(counted=counted, stopped=stopped)


def take_over(desk: Desk, source: BufferedReader, manner: Manner, *, encoding: str) -> Import:
    """Take over the readers in a file. Raises Unreadable, and then took none."""
    return _imported(desk, source, manner, encoding, is_rehearsal=False)


def look_through(desk: Desk, source: BufferedReader, manner: Manner, *, encoding: str) -> Import:
    """Say what would become of the readers in a file. Raises Unreadable."""
    return _imported(desk, source, manner, encoding, is_rehearsal=True)


def _imported(
    desk: Desk, source: BufferedReader, manner: Manner, encoding: str, *, is_rehearsal: bool
) -> Import:
    told: list[Bad] = []

    def tell(bad: Bad) -> None:
        if len(told) < TOLD:
            told.append(Bad(bad.line, bad.last, without_addresses(bad.why)))

    intake = Intake(engine=desk.engine, manner=manner, tell=tell, progress=lambda _: None)
    text = lines(source, encoding)
    with text.text:
        taken = (rehearse if is_rehearsal else take)(sheet(text), intake)
    if not is_rehearsal:
        _note(desk, "import readers", f"{taken.rows} rows, {taken.left_out} left out")
    return Import(taken=taken, left_out=tuple(told))


def without_addresses(words: str) -> str:
    """Somebody's words with each address taken out of them."""
    return ADDRESS.sub("…", words)


def _note(desk: Desk, did: str, words: str = "", **about: str) -> None:
    with desk.engine.begin() as db:
        actions.note(db, desk.by, did, at=desk.now(), words=words, **about)
