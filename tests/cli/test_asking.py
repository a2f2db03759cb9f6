"""What one person asked of another at the pages, as the command line tells it."""

from publisher.publishing import utcnow
from publisher.storage import consents
from publisher.storage.consents import Consent, Wanted
from publisher.storage.engine import connect, migrate
from tests.cli.home import Home


def test_status_tells_what_waits_for_a_second_person(home: Home) -> None:
    engine = connect(f"sqlite:///{home.folder}/publisher.db")
    migrate(engine)
    wanted = Wanted(did="publish", issue="2026-11", channel="readers")
    with engine.begin() as db:
        consents.locked(db, wanted, at=utcnow())
        consents.give(db, Consent(wanted=wanted, by="ines", at=utcnow(), content=""))
    engine.dispose()
    told = home.run("status")
    assert "ines asks to publish 2026-11 readers; another person has to agree until" in told.out
    assert "/admin/tasks" in told.out
