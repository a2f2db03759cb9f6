"""The model check for as long as a person likes.

    python -m tests.model [--examples 5000] [--seed 7]

Without a seed each run looks elsewhere. What breaks a promise is printed as a program of few steps.
"""

import argparse
import secrets
import time

from tests.model.machine import Newsroom
from tests.model.running import run


def main() -> None:
    told = argparse.ArgumentParser(prog="make model", description=__doc__)
    told.add_argument("--examples", type=int, default=1000)
    told.add_argument("--seed", type=int, default=None)
    chosen = told.parse_args()
    seed = secrets.randbelow(1 << 32) if chosen.seed is None else chosen.seed
    print(f"{chosen.examples} examples, --seed {seed}", flush=True)
    began = time.monotonic()
    run(examples=chosen.examples, seed=seed)
    took = time.monotonic() - began
    print(f"{Newsroom.worlds:,} interleavings of {Newsroom.steps:,} steps in {took:.0f} s:")
    print(f"{Newsroom.worlds / took:.1f} interleavings a second, nothing lost, nothing twice")


if __name__ == "__main__":
    main()
