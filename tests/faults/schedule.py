"""What happens when: drawn from one seed, so that a seed replays it, timing aside."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WAYS = {"watched": 3, "published": 2}  # how an issue gets out, and how often
QUIET = 0.25  # of the mean pause: faults come in bursts, and far apart


@dataclass(frozen=True, kw_only=True)
class Step:
    """One event, `pause` seconds after the one before: an issue goes out, or a fault strikes.

    `seed` is what the fault draws its own chances from.
    """

    pause: float
    issue: int = 0
    way: str = ""
    fault: str = ""
    seed: int = 0


def drawn(
    *,
    seed: int,
    releases: int,
    kills: Mapping[str, int],
    killed: int,
    others: Mapping[str, int],
    troubled: int,
    pause: float,
) -> list[Step]:
    """A run: `releases` issues, `killed` kills and `troubled` other faults, well mixed.

    `kills` and `others` tell how often each fault is drawn, by name. The first event is an issue,
    and so is every n-th, so that there is always something under way.
    """
    chance = random.Random(seed)
    strikes = [*_chosen(chance, kills, killed), *_chosen(chance, others, troubled)]
    chance.shuffle(strikes)
    return list(_mixed(chance, strikes, releases=releases, pause=pause))


def _chosen(chance: random.Random, weights: Mapping[str, int], count: int) -> Sequence[str]:
    if not weights or not count:
        return []
    return chance.choices(list(weights), list(weights.values()), k=count)


def _mixed(
    chance: random.Random, strikes: Sequence[str], *, releases: int, pause: float
) -> Sequence[Step]:
    ways, odds = list(WAYS), list(WAYS.values())
    steps: list[Step] = []
    for number in range(1, releases + 1):
        steps.append(Step(pause=0.0, issue=number, way=chance.choices(ways, odds)[0]))
        mine = strikes[(number - 1) * len(strikes) // releases : number * len(strikes) // releases]
        for fault in mine:
            steps.append(
                Step(pause=_pause(chance, pause), fault=fault, seed=chance.randrange(2**32))
            )
    return steps


def _pause(chance: random.Random, mean: float) -> float:
    return mean * (QUIET + chance.expovariate(1) * (1 - QUIET))
