"""Whatever is slow, down or set back: the rungs of a clock are those that fell due before the act, once, in order.

A small city in memory: a router whose log lags, whose commands wait, and which writes honest marks; an sla that
applies the log in any pieces, forgets its memory, and whose clock jumps. The judge knows only what happened when.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts import plans
from services.contracts.events import CaseEvent, ShardMark, Watermark
from services.contracts.ids import CaseId, ClockId
from services.contracts.plans import Measure
from services.contracts.values import ClockKind
from services.sla import decide, ladder
from services.sla.clocks import Clock, Finished, Outcome, Reached, Started
from services.sla.marks import Marks
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE

MINUTE = timedelta(minutes=1)
TOPIC = "suban.commands.a.v1"
FOREVER = NINE + timedelta(days=400)
SHARD = 0


@dataclass
class Act:
    """What was done to a case at `at` (minutes after nine), and how much later the router took it."""

    case: CaseId
    event: CaseEvent
    taken: datetime


@dataclass
class City:
    """Router and sla. `log` is suban.cases.v1 of one shard; `applied` how much of it sla has taken."""

    waiting: list[Act]
    limit: int
    now: datetime = NINE
    log: list[Act] = field(default_factory=list)
    applied: int = 0
    marks: Marks = field(default_factory=lambda: Marks([TOPIC]))
    clocks: dict[CaseId, dict[ClockId, Clock]] = field(default_factory=dict)
    reached: list[Reached] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)

    def pass_time(self, minutes: float) -> None:
        """Postgres' clock may go back; a shard's time does not."""
        self.now = max(self.now + timedelta(microseconds=1), self.now + minutes * MINUTE)
        due = sorted((act for act in self.waiting if act.taken <= self.now), key=lambda act: act.taken)
        self.waiting = [act for act in self.waiting if act.taken > self.now]
        self.log += due

    def mark(self) -> None:
        """Everything appended to the command topic before the first act that still waits has been executed."""
        first = min((act.event.at for act in self.waiting if act.event.at <= self.now), default=self.now)
        progress = min(self.now, first - timedelta(microseconds=1))
        self.marks.feed(
            Watermark(
                shards={SHARD: ShardMark(number=len(self.log), at=self.now)}, commands={TOPIC: progress}
            )
        )

    def apply(self, many: int) -> None:
        for act in self.log[self.applied : self.applied + many]:
            known = self.clocks.setdefault(act.case, {})
            for turn in decide.on_event(act.case, act.event, tuple(known.values())):
                known[turn.clock.clock_id] = turn.clock
                self.finished += [each for each in turn.happened if isinstance(each, Finished)]
                assert all(isinstance(each, Started | Finished) for each in turn.happened), "a false breach"
        self.applied = min(len(self.log), self.applied + many)

    def tick(self) -> None:
        """As handlers.on_tick, with a dictionary for a database."""
        reach = decide.reach(self.marks.watermark(SHARD, self.applied), self.now, MINUTE * 0, False, MINUTE)
        if reach.until is None:
            return
        until = reach.until
        every = (clock for known in self.clocks.values() for clock in known.values())
        due = sorted(
            (c.next_rung_at, c.clock_id, c) for c in every if c.next_rung_at and c.next_rung_at <= until
        )
        batch = due[: self.limit]
        horizon = batch[-1][0] if len(batch) == self.limit else until
        turns = decide.climb([clock for _, _, clock in batch], horizon, self.now, reach.proven)
        for turn in turns:
            self.clocks[turn.clock.case_id][turn.clock.clock_id] = turn.clock
        for happening in decide.in_order(turns):
            if isinstance(happening, Reached):
                self.reached.append(happening)
            elif isinstance(happening, Finished):
                self.finished.append(happening)

    def restart(self) -> None:
        """What is in memory is gone; rows stay."""
        self.marks = Marks([TOPIC])

    def settle(self) -> None:
        self.now = FOREVER
        self.pass_time(0)
        self.mark()
        self.apply(len(self.log))
        for _ in range(200):
            self.tick()


def acts_of(
    name: int, received: int, taken: int, answer: tuple[int, int] | None, end: tuple[int, int] | None
) -> list[Act]:
    case, start = sample.case(name), NINE + received * MINUTE
    known = start + taken * MINUTE
    acts = [Act(case, sample.registered(start, taken=known), known)]
    for moment, make in ((answer, sample.responded), (end, sample.resolved)):
        if moment is not None:
            done = known + moment[0] * MINUTE
            acts.append(Act(case, make(done, "a"), done + moment[1] * MINUTE))
    return acts


moments = st.none() | st.tuples(st.integers(0, 70), st.integers(0, 50))
cases = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20), moments, moments), min_size=1, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass_time"), st.integers(-60, 60)), st.tuples(st.just("apply"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["mark", "tick", "restart"]), st.none()),
    ),
    max_size=60,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(cases=cases, steps=steps, limit=st.integers(1, 4))
def test_every_history_fires_the_same_rungs(
    cases: list[tuple[int, int, tuple[int, int] | None, tuple[int, int] | None]],
    steps: list[tuple[str, int | None]],
    limit: int,
) -> None:
    acts = [act for name, row in enumerate(cases) for act in acts_of(name, *row)]
    city = City(list(acts), limit)
    for step, amount in steps:
        getattr(city, step)(*([] if amount is None else [amount]))
    city.settle()
    for name, row in enumerate(cases):
        for kind in (ClockKind.RESPONSE, ClockKind.CLOSE):
            judge(city, sample.case(name), kind, NINE + row[0] * MINUTE, acts)


def measure(kind: ClockKind) -> Measure:
    found = sample.plan().measure(kind)
    assert found is not None
    return found


def judge(city: City, case: CaseId, kind: ClockKind, start: datetime, acts: list[Act]) -> None:
    """From what was done when, and the plan: nothing else."""
    ends = ("case.responded", "case.resolved") if kind is ClockKind.RESPONSE else ("case.resolved",)
    stop = min((act.event.at for act in acts if act.case == case and act.event.TYPE in ends), default=None)
    ladder_of = ladder.steps(sample.plan().ladder, measure(kind), start)
    expected = [step.percent for step in ladder_of if stop is None or step.at < stop]
    mine = [each for each in city.reached if each.clock.case_id == case and each.clock.kind is kind]
    assert [each.step.percent for each in mine] == expected
    assert all(each.fired_at >= each.step.at and not each.unconfirmed for each in mine)
    done = [each for each in city.finished if each.clock.case_id == case and each.clock.kind is kind]
    assert len(done) == (stop is not None)
    if stop is not None:
        assert (done[0].outcome is Outcome.MET) is (stop <= plans.due_at(measure(kind), start))
