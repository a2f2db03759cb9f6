"""A store whose making was killed is made by the next who opens it."""

from functools import partial
from pathlib import Path

from publisher import publishing, subscribing
from publisher.storage import engine as storage
from publisher.storage import migrating
from publisher.storage.engine import reading
from publisher.storage.reports import standings
from publisher.testing.crashes import killed_before
from tests.publisher.fakes import NOW, FakeChannel, configured, edition


def made(folder: Path) -> None:
    engine = storage.connect(f"sqlite:///{folder}/store.db")
    storage.migrate(engine)
    engine.dispose()


def test_a_store_killed_while_it_was_made_is_made_by_the_next(tmp_path: Path) -> None:
    for step in range(1, 100):
        folder = tmp_path / str(step)
        folder.mkdir()
        through = killed_before(step, partial(made, folder)).through
        made(folder)
        assert works(folder), f"killed before step {step}"
        if through:
            assert step > 2  # around the one commit, and what opens the file
            return
    raise AssertionError("it is never made")


def works(folder: Path) -> bool:
    """Whether a release can be planned there."""
    engine = storage.connect(f"sqlite:///{folder}/store.db")
    storage.require_current(engine)
    subscribing.add(["ann@one.example"], engine=engine)
    fake = configured("fake", FakeChannel(), "en")
    with engine.begin() as db:
        publishing.plan([edition()], db=db, channels={"fake": fake}, at=NOW)
    with reading(engine) as db:
        planned = standings(db)
        current = migrating.current(db) == migrating.head()
    engine.dispose()
    return current and len(planned) == 1
