"""The machine is worth something only if it catches what is known to be wrong."""

import pytest

from tests.model.mutants import MUTANTS, Mutant, clear_statements
from tests.model.running import run

ENOUGH = 150  # examples in which each of them must be caught


@pytest.fixture(autouse=True)
def _true_statements() -> None:
    clear_statements()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_machine_catches_a_program_in_which(mutant: Mutant) -> None:
    places, seed = MUTANTS[mutant]
    with pytest.raises(AssertionError):
        run(places, examples=ENOUGH, shrink=False, mutant=mutant, seed=seed)
