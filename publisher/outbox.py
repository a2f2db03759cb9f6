"""The mails that ask readers to confirm: an attempt each, and another when one is in doubt.

Unlike an issue, such a mail had better come twice than never, so a lost answer is no reason to
wait for a person: it goes out again under the same Message-ID.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from publisher import telling
from publisher.asking import VALID
from publisher.domain.channel import (
    ChannelError,
    Disconnected,
    Receipt,
    TryLater,
    Unsure,
)
from publisher.domain.delivery import Outcome, State, after_failure, settled_by
from publisher.domain.issue import Site
from publisher.publishing import UNHINTED, Worker, stop
from publisher.rendering.question import question as written
from publisher.storage import asks, suppressions
from publisher.storage.asks import Question
from publisher.storage.waiting import Hint

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """In whose name questions are asked: `page` and a token make the address to answer at."""

    site: Site
    page: str


def deliver(ask_id: int, worker: Worker, sender: Sender) -> None:
    """Make one attempt at one question. Safe to call twice, late, or not at all."""
    with worker.engine.begin() as db:
        question = asks.claim(db, ask_id, at=worker.now(), owner=worker.name)
        against = suppressions.reason(db, question.key) if question else ""
    if question is None:
        return
    outcome = _moot(question, against, worker) or _attempt(question, worker, sender)
    with worker.engine.begin() as db:
        asks.settle(db, question, outcome, at=worker.now())
    level = logging.INFO if outcome.state is State.DELIVERED else logging.WARNING
    log.log(level, "question %s: %s %s", question.id, outcome.state, outcome.note)


def _moot(question: Question, against: str, worker: Worker) -> Outcome | None:
    if question.expires_at <= worker.now():
        return Outcome(state=State.SKIPPED, note="too old to be answered")
    if against:
        return Outcome(state=State.SKIPPED, note=f"nothing is sent to this address: {against}")
    return None


def _attempt(question: Question, worker: Worker, sender: Sender) -> Outcome:
    try:
        receipt = _write(question, worker, sender)
    except Exception as error:  # noqa: BLE001  the boundary: _after() names it
        return _after(error, question, worker)
    return settled_by(receipt, found=False)


def _write(question: Question, worker: Worker, sender: Sender) -> Receipt:
    _, carrier = telling.carrier(question.key, worker.channels, first=question.channel)
    note = written(
        address=question.address,
        lang=question.lang,
        token=question.token,
        link=sender.page + question.token,
        site=sender.site,
        days=VALID.days,
    )
    return carrier.write(note)


def _after(error: Exception, question: Question, worker: Worker) -> Outcome:
    """Name what a failure comes to; a Disconnected stops its channel, and the question waits."""
    if isinstance(error, Disconnected):
        stop(question.channel, str(error), worker)
    elif not isinstance(error, ChannelError):
        log.error("question %s met a bug", question.id, exc_info=error)
    if isinstance(error, Disconnected | Unsure):
        error = TryLater(str(error))
    return after_failure(error, tries=question.attempt, in_doubt=False)


def sweep(worker: Worker, *, hint: Callable[[Hint], object]) -> int:
    """Give back what lost workers held, and hint at all that is due; how many hints that were."""
    at = worker.now()
    with worker.engine.begin() as db:
        asks.recover(db, at=at, lost=worker.lost, me=worker.name)
        due = asks.due(db, at=at, unhinted_since=at - UNHINTED)
    missed = [id for id in due if hint(Hint(ask=id)) is False]
    if missed:
        with worker.engine.begin() as db:
            asks.unsay(db, missed)
    return len(due) - len(missed)
