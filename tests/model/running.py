"""Running the machine: so many examples, the same ones each time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest import MonkeyPatch

from publisher import ledger, mailing
from tests.model.machine import CHANNELS, Newsroom
from tests.model.mutants import Mutant
from tests.model.outside import AtOnce

STEPS = 50  # of one example


@contextmanager
def one_thread() -> Iterator[MonkeyPatch]:
    """Have a mailing commit in its own thread, at once: what runs beside cannot be repeated."""
    with MonkeyPatch.context() as patch:
        patch.setattr(mailing, "ThreadPoolExecutor", AtOnce)
        patch.setattr(ledger, "GROUPING", 0)
        yield patch


def run(
    places: tuple[str, ...] = CHANNELS,
    *,
    examples: int,
    shrink: bool = True,
    seed: int | None = None,
    mutant: Mutant | None = None,
) -> None:
    """Raises what the first example that breaks a promise raises, as short as can be."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=seed is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        print_blob=False,
    )
    logging.disable(logging.CRITICAL)
    try:
        with one_thread() as patch:
            if mutant:
                mutant(patch)
            machine = type("Newsroom", (Newsroom,), {"places": places})
            if seed is not None:
                machine = hypothesis.seed(seed)(machine)
            run_state_machine_as_test(machine, settings=chosen)
    finally:
        logging.disable(logging.NOTSET)
