"""The state machine: Hypothesis chooses what happens next, and shrinks what goes wrong."""

from contextlib import ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from publisher.domain.delivery import FAILED
from publisher.storage import pacing, pauses
from tests.model.outside import ANSWERS
from tests.model.steps import Fate
from tests.model.world import ISSUES, READERS, World, store

SLOTS = 3
slots = st.integers(0, SLOTS - 1)
fates = st.sampled_from([Fate.GOES_ON] * 6 + [fate for fate in Fate if fate is not Fate.GOES_ON])
answers = st.sampled_from([""] * 4 + [*ANSWERS[1:]])
moments = st.sampled_from([1, 3, 3, 31, 61, 601, 601, 25_000, -3600])
lapses = st.sampled_from([40, 601, 601, 601])
CHANNELS = ("open", "mute", "mail")
PEOPLE = (
    "publish",
    "retry",
    "retry",
    "settle",
    "pause",
    "cancel",
    "resume",
    "leave",
    "break_the_broker",
)


class Newsroom(RuleBasedStateMachine):
    """Three workers, two issues, three channels, and everything that may happen to them."""

    places: tuple[str, ...] = CHANNELS
    worlds = 0
    steps = 0
    looked_at = (-1, -1)

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.world = World(self.closing.enter_context(store()), self.places)
        for issue in ISSUES:
            self.world.publish(0, issue)
            self.world.finish(0)
        self.world.sweep(0)
        self.world.finish(0)

    # --- workers

    @rule(slot=slots, which=st.integers(0, 5), doubled=st.booleans())
    def begin(self, slot: int, which: int, doubled: bool) -> None:
        """Follow a hint, or look for what is due, and stop at the first step."""
        world = self.world
        if not world.idle(slot):
            world.go(slot)
        elif world.hints:
            hint = world.hints[which % len(world.hints)]
            if not doubled:
                world.hints.remove(hint)
            world.follow(slot, hint)
        else:
            world.sweep(slot)
            world.go(slot)

    @rule(slot=slots, fate=fates, answer=answers, seen=st.booleans())
    def go_on(self, slot: int, fate: Fate, answer: str, seen: bool) -> None:
        if self.world.actors:
            self.world.go(self._busy(slot), fate, answer, seen)

    @rule(slot=slots, times=st.integers(2, 6))
    def go_on_for_a_while(self, slot: int, times: int) -> None:
        if self.world.actors:
            self._go_on(self._busy(slot), times)

    def _busy(self, which: int) -> int:
        busy = sorted(self.world.actors)
        return busy[which % len(busy)]

    def _go_on(self, slot: int, times: int) -> None:
        for _ in range(times):
            if not self.world.idle(slot):
                self.world.go(slot)

    @rule(slot=slots, seconds=moments)
    def look_for_what_is_due(self, slot: int, seconds: int) -> None:
        self.world.tick(seconds)
        if self.world.idle(slot):
            self.world.sweep(slot)
            self.world.go(slot)

    @rule(sleeper=slots, seconds=lapses, times=st.integers(1, 6), wakes=st.integers(0, 3))
    def oversleep(self, sleeper: int, seconds: int, times: int, wakes: int) -> None:
        """Somebody sleeps in the middle of a task, and others take over what they held."""
        world = self.world
        sleeper = self._busy(sleeper) if world.actors else sleeper
        other = (sleeper + 1) % SLOTS
        hint = None if world.idle(sleeper) else world.actors[sleeper].hint
        if hint is None or not world.idle(other):
            return
        world.tick(seconds)
        world.sweep(other)
        world.finish(other)
        world.follow(other, hint)  # hints may come twice, and late
        self._go_on(other, times)
        self._go_on(sleeper, wakes)

    # --- people

    @rule(
        what=st.sampled_from(PEOPLE),
        issue=st.sampled_from(ISSUES),
        which_channel=st.integers(0, 2),
        which=st.integers(0, 9),
    )
    def somebody_acts(self, what: str, issue: str, which_channel: int, which: int) -> None:
        channel = self.places[which_channel % len(self.places)]
        self.world.steps += 1
        getattr(self, f"_{what}")(issue, channel, which)

    def _publish(self, issue: str, _: str, which: int) -> None:
        if self.world.idle(which % SLOTS):
            self.world.publish(which % SLOTS, issue)

    def _retry(self, issue: str, channel: str, which: int) -> None:
        failed = [row for row in self.world.rows() if row.state in FAILED]
        if failed:
            row = failed[which % len(failed)]
            issue, channel = row.issue, row.channel
        self.world.retry(issue, channel)

    def _settle(self, _: str, __: str, which: int) -> None:
        doubted = [row for row in self.world.rows() if row.state in ("held", "unsure", "refused")]
        if doubted and not self.world.under_way():
            self.world.answer_truly(doubted[which % len(doubted)])

    def _pause(self, issue: str, channel: str, _: int) -> None:
        with self.world.engine.begin() as db:
            pauses.pause(db, issue, channel, at=self.world.clock())

    def _cancel(self, issue: str, channel: str, _: int) -> None:
        with self.world.engine.begin() as db:
            pauses.cancel(db, issue, channel, at=self.world.clock())

    def _resume(self, issue: str, channel: str, _: int) -> None:
        with self.world.engine.begin() as db:
            pauses.resume(db, issue, channel)
            pacing.resume(db, channel)

    def _leave(self, _: str, __: str, which: int) -> None:
        self.world.leave(READERS[which % len(READERS)])

    def _break_the_broker(self, _: str, __: str, which: int) -> None:
        self.world.broker = which > 4
        self.world.hints.clear()

    # --- what must hold

    @invariant()
    def nothing_is_odd(self) -> None:
        if self.looked_at != self.world.moves:
            self.looked_at = self.world.moves
            odd = self.world.odd()
            assert not odd, odd

    def teardown(self) -> None:
        try:
            self.world.heal()
            odd = self.world.odd() + self.world.unfinished() + self.world.audited()
            assert not odd, odd
        finally:
            Newsroom.worlds += 1
            Newsroom.steps += self.world.steps
            self.closing.close()
