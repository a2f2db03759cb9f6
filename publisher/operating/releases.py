"""What is done about an issue that waits for its release."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from publisher import releasing
from publisher.operating.agreeing import agreed, of_two, unplanned
from publisher.operating.desk import Desk, NotPossible, note, require_free
from publisher.storage import consents, releases
from publisher.storage.consents import Wanted
from publisher.storage.engine import reading


def hold(desk: Desk, issue: str) -> list[str]:
    """Keep an issue back until it is released; its languages that wait."""
    with desk.engine.begin() as db:
        consents.withdraw(db, issue)
        return _say(db, desk, "hold", issue, releasing.hold)


def release(desk: Desk, issue: str) -> list[str]:
    """Let an issue go out now, whatever it waits for; its languages that waited."""
    require_free(desk)
    site = desk.site()
    with reading(desk.engine) as db:
        langs = [one.lang for one in releases.of(db, issue) if one.waits]
    editions = [e for e in (site.edition(issue, lang) for lang in langs) if e]
    wanted = Wanted(did="release", issue=issue)
    with desk.engine.begin() as db:
        new = unplanned(db, issue, langs, site.channels)
        if not agreed(db, desk, wanted, new, editions):
            return []
        meant = {one.lang: one.revision for one in editions} if of_two(site, new) else None
        langs = _say(db, desk, "release", issue, partial(releasing.release, agreed=meant))
    desk.go_on()
    return langs


def call_off(desk: Desk, issue: str) -> list[str]:
    """Never release what waits of an issue; its languages that waited."""
    with desk.engine.begin() as db:
        consents.withdraw(db, issue)
        return _say(db, desk, "call off", issue, releasing.cancel)


def _say(
    db: Connection, desk: Desk, did: str, issue: str, word: Callable[..., list[str]]
) -> list[str]:
    langs = word(db, issue, at=desk.now())
    if not langs:
        raise NotPossible(f"nothing of {issue} waits for a release any more")
    note(db, desk, did, issue, words=", ".join(langs))
    return langs
