"""Many equal commands at the very same moment: `python -m tests.faults.together 100 FOLDER WORDS…`.

Each is a process of its own, forked once everything is loaded, and waits until all are ready.
FOLDER gets what each of them said, and its exit code: `NUMBER.txt`, `NUMBER.code`.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from publisher.cli.main import main


def said_by(number: int, folder: Path, words: Sequence[str], gate: int) -> None:
    """Wait at the gate, then be the command; never returns."""
    out = os.open(folder / f"{number}.txt", os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.read(gate, 1)  # its other end is closed when all are there
    code = 1
    try:
        main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        (folder / f"{number}.code").write_text(str(code))
        os._exit(code)


def all_at_once(count: int, folder: Path, words: Sequence[str]) -> None:
    """Fork them, open the gate, and wait until the last has ended."""
    gate, opener = os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            os.close(opener)
            said_by(number, folder, words, gate)
        children.append(child)
    os.close(opener)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    all_at_once(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
