"""The whole clock engine against counting minute by minute, whenever the ticker runs and whatever is repeated.

A log of what a router could write for one case: pauses with a cap, resumes, extensions, resolves and redos. The engine
ticks at random moments, forgets nothing it stored, and may be restarted; the oracle walks the minutes of the log.
"""

from dataclasses import dataclass, field
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.events import CaseEvent
from services.contracts.values import ClockKind
from services.sla import decide
from services.sla.clocks import Clock, Reached
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, NINE
from tests.unit.sla.test_rests import MINUTE

TARGET = 24 * 60
PERCENTS = (50, 80, 100, 150, 200)
CAP = 300
HORIZON = 16_000


@dataclass
class Engine:
    clocks: dict[str, Clock] = field(default_factory=dict)
    fired: list[tuple[int, int]] = field(default_factory=list)

    def apply(self, event: CaseEvent) -> None:
        for turn in decide.on_event(CASE, event, tuple(self.clocks.values())):
            self.clocks[str(turn.clock.clock_id)] = turn.clock

    def tick(self, minute: int) -> None:
        now = NINE + minute * MINUTE
        for turn in decide.climb(list(self.clocks.values()), now, now, now):
            self.clocks[str(turn.clock.clock_id)] = turn.clock
            for each in turn.happened:
                if isinstance(each, Reached) and each.clock.kind is ClockKind.CLOSE:
                    self.fired.append((each.step.percent, (each.step.at - NINE) // MINUTE))


Step = tuple[str, int, bool]  # what, minutes after the last, whether the ticker runs before it
steps = st.lists(
    st.tuples(
        st.sampled_from(["pause", "resume", "extend", "resolve", "redo"]), st.integers(1, 900), st.booleans()
    ),
    max_size=12,
)


def log_of(steps: list[Step]) -> list[tuple[int, str, bool]]:
    """(minute, what, tick before): only what is legal: a pause while it runs, a redo after a resolve, …"""
    found, minute, state = [], 0, "running"
    legal = {
        "running": {"pause": "paused", "extend": "running", "resolve": "resolved"},
        "paused": {"resume": "running", "resolve": "resolved"}, "resolved": {"redo": "running"},
    }  # fmt: skip
    for what, gap, tick in steps:
        minute += gap
        if what in legal[state]:
            state = legal[state][what]
            found.append((minute, what, tick))
    return found


def event_of(minute: int, what: str, since: int) -> CaseEvent:
    at: datetime = NINE + minute * MINUTE
    match what:
        case "pause":
            return sample.paused(at, at + CAP * MINUTE)
        case "resume":
            return sample.resumed(at, NINE + since * MINUTE)
        case "extend":
            return sample.extended(at, 400 * MINUTE)
        case "resolve":
            return sample.resolved(at, "b")
    return sample.reopened(at, NINE + since * MINUTE)


def expected(log: list[tuple[int, str, bool]]) -> list[tuple[int, int]]:
    """Walk the minutes: progress runs while nothing rests; a rung falls due when it has got so far."""
    moments = {minute: what for minute, what, _ in log}
    fired: list[tuple[int, int]] = []
    progress, extended, resting, resolved, rung = 0, 0, 0, False, 0
    for minute in range(HORIZON):
        what = moments.get(minute)
        late = progress > TARGET + extended  # a pause or an extension after due moves nothing
        match what:
            case "pause":
                resting = 0 if late else CAP
            case "resume":
                resting = 0
            case "extend":
                extended += 0 if late else 400
            case "resolve":
                resolved, resting = True, 0
            case "redo":
                resolved = False
        while (
            not resolved and not resting and rung < 5 and progress >= TARGET * PERCENTS[rung] / 100 + extended
        ):
            fired.append((PERCENTS[rung], minute))
            rung += 1
        if not resolved and not resting:
            progress += 1
        resting = max(resting - 1, 0)
    return fired


@settings(max_examples=300, deadline=None)
@given(steps=steps, last=st.lists(st.integers(0, HORIZON), max_size=4))
def test_every_rung_falls_due_when_the_minutes_say_so(steps: list[Step], last: list[int]) -> None:
    log, engine, since = log_of(steps), Engine(), 0
    engine.apply(sample.registered())
    for minute, what, tick in log:
        if tick:
            engine.tick(minute - 1)
        event = event_of(minute, what, since)
        engine.apply(event)
        since = minute
    end = log[-1][0] if log else 0
    for minute in sorted(each for each in last if each > end):
        engine.tick(minute)
    engine.tick(HORIZON - 1)
    assert engine.fired == expected(log)
