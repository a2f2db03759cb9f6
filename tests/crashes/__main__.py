"""`make crashes`: a release killed at each of its crash points, and what became of it."""

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.crashes import calls, five
from tests.crashes.five import Tried

MEMORY = Path("/dev/shm")  # noqa: S108  quick to write to, where there is one


def main() -> None:
    asked = _asked(sys.argv[1:])
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        five.scene(Path(folder), readers=asked.readers) as there,
    ):
        enumerate_ = calls.enumerated if asked.strace else five.enumerated
        tried = list(_told(enumerate_(there, every=asked.every)))
    print("\n".join(_summed_up(tried)))
    sys.exit(1 if any(one.wrong for one in tried) else 0)


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crashes", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th point alone")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--strace", action="store_true", help="at system calls, by strace(1)")
    return parser.parse_args(words)


def _told(found: Iterator[Tried]) -> Iterator[Tried]:
    """Say what each came to, on the way."""
    for one in found:
        ended = f"killed at {one.what}" if one.what else "not killed"
        print(f"{one.step:4}  {ended}: {_outcome(one)}", flush=True)
        yield one


def _outcome(one: Tried) -> str:
    if one.wrong:
        return "WRONG: " + "; ".join(one.wrong)
    return (
        f"{one.held} of {one.in_window} mails held in doubt" if one.in_window else "all is out once"
    )


def _summed_up(tried: Sequence[Tried]) -> Iterator[str]:
    killed = [one for one in tried if one.what]
    yield f"\n{len(killed)} crash points of a release to five channels, by what came next:"
    for what, count in sorted(Counter(_kind(one.what) for one in killed).items()):
        yield f"  {count:4} × {what}"
    window = [one for one in killed if one.in_window]
    held, most = sum(one.held for one in window), max((one.held for one in window), default=0)
    yield f"not reached, so not tried: {sum(not one.what for one in tried)}"
    yield f"with a mail between its mark and its settlement: {len(window)} of them"
    yield f"mails held in doubt for that: {held}, at most {most} by one kill"
    yield f"against a promise: {sum(bool(one.wrong) for one in tried)}"


def _kind(what: str) -> str:
    """`pwrite64 17` is a `pwrite64`."""
    return re.sub(r" \d+$", "", what)


if __name__ == "__main__":
    main()
