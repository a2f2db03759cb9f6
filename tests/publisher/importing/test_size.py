"""Files larger than the memory there is, and stores that are full."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from publisher import subscribing
from publisher.storage.engine import connect, migrate
from tests.publisher.importing.files import imported

ROWS, NOTES = 6_000, 50_000
ALLOWED = 150_000_000  # bytes more than the program has once it is loaded; the file has 300 MB

CHILD = f"""
import io, resource, sys
from pathlib import Path
from publisher.importing.lines import lines
from publisher.importing.newcomers import Terms
from publisher.importing.rows import sheet
from publisher.importing.taking import Intake, Manner, take
from publisher.publishing import utcnow
from publisher.storage.engine import connect, migrate

engine = connect(sys.argv[1])
migrate(engine)
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {ALLOWED}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


class Long(io.RawIOBase):
    rows = iter([b"email,notes\\n", *range({ROWS})])
    left = b""

    def readable(self):
        return True

    def readinto(self, buffer):
        if not self.left:
            row = next(self.rows, b"")
            notes = b"x" * {NOTES}
            self.left = row if isinstance(row, bytes) else b"r%d@example.org,%b\\n" % (row, notes)
        piece, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


manner = Manner(terms=Terms(source="long.csv", known=frozenset()), at=utcnow())
intake = Intake(engine=engine, manner=manner, tell=print, progress=lambda rows: None)
print(take(sheet(lines(io.BufferedReader(Long()))), intake).fates["added"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_a_file_larger_than_the_memory_there_is_is_taken(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/publisher.db"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, address],
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert (done.stdout, done.returncode) == (f"{ROWS}\n", 0), done.stderr


def _full(engine: Engine) -> None:
    """Let the file have a few pages more than it has."""

    @event.listens_for(engine, "engine_connect")
    def limit(db: object) -> None:
        raw = db.connection.driver_connection  # type: ignore[attr-defined]
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count = {pages + 20}")


def test_a_full_disk_leaves_nothing_of_an_import(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/publisher.db")
    migrate(engine)
    subscribing.add(["old@example.org"], engine=engine)
    _full(engine)
    rows = "".join(f"r{n}@example.org\n" for n in range(3000))
    with pytest.raises(OperationalError, match="full"):
        imported(f"email\n{rows}", engine)
    with engine.begin() as db:
        for table in ("subscribers", "reader_log"):
            assert db.scalar(text(f"select count(*) from {table}")) == 1  # noqa: S608  own names
    engine.dispose()
