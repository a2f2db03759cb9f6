"""Interleavings that need much luck to be met, step by step, and the mutants that each catches."""

from collections.abc import Callable, Iterator

import pytest

from publisher.storage.waiting import Hint
from tests.model import mutants
from tests.model.mutants import Mutant, clear_statements
from tests.model.running import one_thread
from tests.model.steps import Fate
from tests.model.world import World, store

Story = Callable[[World, Hint], None]
LEASE = 601  # seconds, and a little more


def go(world: World, slot: int, steps: int, answer: str = "") -> None:
    """So many steps; the last one meets the answer."""
    for left in reversed(range(steps)):
        world.go(slot, answer="" if left else answer)


def others_take_over(world: World) -> None:
    world.tick(LEASE)
    world.sweep(1)
    world.finish(1)


def a_late_word_of_a_post(world: World, hint: Hint) -> None:
    """Told to come later, asleep before saying so, and awake while another's post is under way."""
    world.follow(0, hint)
    go(world, 0, 3, answer="later")
    go(world, 0, 1)
    others_take_over(world)
    world.follow(1, hint)
    world.finish(1)  # not there yet
    world.tick(31)
    world.follow(1, hint)
    go(world, 1, 4)  # claimed, looked, marked, taken
    world.finish(0)


def a_late_word_of_a_copy(world: World, hint: Hint) -> None:
    """The same with a mail: a person has it sent again."""
    world.follow(0, hint)
    while world.actors[0].place != "dot":
        world.go(0)
    go(world, 0, 1, answer="later")
    go(world, 0, 1)
    others_take_over(world)
    held = world.rows()[0]
    world.follow(1, Hint(delivery=held.id))
    world.finish(1)
    world.answer_truly(held)
    world.follow(1, hint)
    while world.actors[1].place != "answer":
        world.go(1)
    world.finish(0)


def a_post_on_its_way(world: World, hint: Hint) -> None:
    world.follow(0, hint)
    go(world, 0, 3, answer="late")
    world.finish(0)
    world.tick(3)
    world.follow(0, hint)
    world.finish(0)
    world.tick(LEASE)


def an_answer_that_nobody_heard(world: World, hint: Hint) -> None:
    world.follow(0, hint)
    go(world, 0, 3, answer="unheard")
    world.finish(0)
    world.tick(31)
    world.follow(0, hint)
    world.finish(0)


def a_kill_before_the_mark_is_through(world: World, hint: Hint) -> None:
    world.follow(0, hint)
    go(world, 0, 1)
    world.go(0, Fate.KILLED_BEFORE)


STORIES: list[tuple[Story, str, Mutant]] = [
    (a_late_word_of_a_post, "open", mutants.no_fence),
    (a_late_word_of_a_copy, "mail", mutants.no_fence_for_copies),
    (a_post_on_its_way, "open", mutants.not_there_means_never),
    (an_answer_that_nobody_heard, "open", mutants.no_look),
    (a_kill_before_the_mark_is_through, "open", mutants.sent_before_the_mark_is_committed),
]
told = pytest.mark.parametrize(
    ("story", "place", "mutant"), STORIES, ids=[story.__name__ for story, _, _ in STORIES]
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[pytest.MonkeyPatch]:
    with one_thread() as patch:
        yield patch
    clear_statements()


def odd_after(story: Story, place: str) -> list[str]:
    with store() as engine:
        world = World(engine, (place,))
        world.publish(0, "first")
        world.finish(0)
        world.sweep(0)
        world.finish(0)
        story(world, world.hints[0])
        odd = world.odd()
        world.heal()
        return odd + world.odd() + world.unfinished()


@told
def test_nothing_is_lost_or_doubled_after(story: Story, place: str, mutant: Mutant) -> None:
    assert odd_after(story, place) == []


@told
def test_a_known_bad_program_is_caught_after(
    story: Story, place: str, mutant: Mutant, _one_thread: pytest.MonkeyPatch
) -> None:
    clear_statements()
    mutant(_one_thread)
    assert odd_after(story, place) != []
