"""What two people decide: the first one asks, and the second one has it done."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from publisher import accounts
from publisher.accounts import Role
from publisher.domain.issue import Edition
from publisher.operating.desk import Desk, NotPossible, note
from publisher.registry import Configured
from publisher.releasing import Site
from publisher.storage import consents, releases, users
from publisher.storage.consents import LASTS, Consent, Wanted


def of_two(site: Site, names: Iterable[str]) -> list[str]:
    """Those of these channels about which two people decide."""
    return sorted(n for n in names if site.rules.own.get(n, site.rules).two_people)


def agreed(
    db: Connection,
    desk: Desk,
    wanted: Wanted,
    channels: Iterable[str],
    editions: Sequence[Edition] = (),
) -> bool:
    """Whether this may be done: no two people are needed, or a second one wants the same.

    If not, this was the first one's word, and it is written down. Raises NotPossible for programs.
    """
    names = of_two(desk.site(), channels)
    if not names:
        return True
    if not desk.is_person:
        raise NotPossible(f"two people decide about {', '.join(names)}, at the operators' pages")
    at, content = desk.now(), _content(editions)
    first = consents.locked(db, wanted, at=at)
    if first.by != desk.by and first.content == content and _counts(db, first, at):
        consents.use_up(db, wanted)
        return True
    consents.give(db, Consent(wanted=wanted, by=desk.by, at=at, content=content))
    words = f"another person has to agree within {LASTS.total_seconds() / 3600:.0f} hours"
    note(db, desk, f"ask to {wanted.did}", wanted.issue, wanted.channel, words=words)
    return False


def withdraw(desk: Desk, issue: str) -> None:
    """Forget what was asked of a second person about an issue. Raises NotPossible for nothing."""
    with desk.engine.begin() as db:
        asked = consents.waiting(db, at=desk.now(), issue=issue)
        if not asked:
            raise NotPossible(f"{issue}: nothing waits for a second person any more")
        consents.withdraw(db, issue)
        words = ", ".join(dict.fromkeys(one.wanted.did for one in asked))
        note(db, desk, "withdraw", issue, words=words)


def _counts(db: Connection, consent: Consent, at: datetime) -> bool:
    """Whether a word is fresh, and of somebody who still may give it."""
    user = users.known(db, consent.by)
    return bool(user and at - consent.at < LASTS and accounts.may(user, Role.RELEASE))


def _content(editions: Sequence[Edition]) -> str:
    """What two people have to mean alike: the sources, byte for byte."""
    told = sorted(f"{one.lang} {one.revision}" for one in editions)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def unplanned(
    db: Connection, issue: str, langs: Iterable[str], channels: Mapping[str, Configured]
) -> set[str]:
    """The channels that would get something of an issue that was not planned there."""
    return {
        name
        for lang in langs
        for name in channels.keys() - releases.planned(db, issue, lang).keys()
        if channels[name].takes(issue, lang)
    }
