"""Lines and rungs taken again make the same clocks, whenever the ticker ran and however little was proven."""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.events import CaseEvent, ClockEvent
from services.sla import announce, decide, fold, replay
from services.sla.clocks import Finished, Happening, Reached
from services.sla.fold import Known
from services.sla.replay import Fired, Line, Replay
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, NINE
from tests.unit.sla.test_engine import Step, event_of, log_of, steps
from tests.unit.sla.test_rests import MINUTE

LATE = st.lists(st.integers(0, 20_000), min_size=13, max_size=13)


@dataclass
class Sla:
    """Applies lines and ticks; what the ticker says goes on a topic."""

    known: Known = field(default_factory=Known)
    number: int = 0
    log: list[Line] = field(default_factory=list)
    topic: list[Fired] = field(default_factory=list)

    def apply(self, event: CaseEvent) -> None:
        self.number += 1
        self.log.append(Line(self.number, CASE, event))
        for happening in fold.take(CASE, event, self.known):
            self.tell(happening)

    def tick(self, minute: int) -> None:
        """Also beyond what is proven, as after a long silence of the marks: the next line may correct it."""
        now = NINE + minute * MINUTE
        for turn in decide.climb(list(self.known.clocks.values()), now, now, None, self.number):
            self.known.clocks[turn.clock.clock_id] = turn.clock
            for happening in turn.happened:
                self.tell(happening)

    def tell(self, happening: Happening) -> None:
        event = announce.event(happening)
        read = type(event).model_validate_json(event.model_dump_json())
        assert isinstance(read, ClockEvent)
        if one := replay.fired(CASE, read):
            self.topic.append(one)


@given(steps, LATE, st.integers(0, 20_000))
def test_taken_again_it_is_the_same(done: list[Step], ahead: list[int], end: int) -> None:
    """Whatever was paused, resumed, extended, resolved and redone."""
    sla = Sla()
    sla.apply(sample.registered(NINE, sample.full_plan()))
    since = 0
    for (minute, what, tick), late in zip(log_of(done), ahead, strict=False):
        if tick:
            sla.tick(minute + late)
        sla.apply(event_of(minute, what, since))
        since = minute
    sla.tick(end)
    again = Replay()
    again.hear(sla.topic)
    for line in sla.log:
        again.take(line)
    again.catch_up(sla.number)
    assert not again.odd
    assert again.cases[CASE] == sla.known


def test_what_a_line_of_the_log_caused_is_not_taken_twice() -> None:
    known = Known()
    happened = list(fold.take(CASE, sample.registered(), known))
    happened += fold.take(CASE, sample.responded(NINE + timedelta(minutes=3), "a"), known)
    assert any(isinstance(each, Finished) for each in happened)
    assert not any(replay.fired(CASE, announce.event(each)) for each in happened)


def test_a_rung_that_this_log_would_not_fire_is_named() -> None:
    known, again = Known(), Replay()
    list(fold.take(CASE, sample.registered(), known))
    minutes = NINE + timedelta(minutes=16)
    turn = decide.climb(list(known.clocks.values()), minutes, minutes, minutes, 1)[0]
    reached = turn.happened[0]
    assert isinstance(reached, Reached)
    told = replay.fired(CASE, announce.event(reached))
    assert told is not None
    again.hear([told])
    again.take(Line(1, CASE, sample.registered(NINE + timedelta(minutes=1))))
    again.catch_up(1)
    assert "fired" in again.odd[0][2]
