"""Random histories of some cases, told to an engine in any pieces, twice, over restarts; the model judges at the end."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.contracts.calendars import Calendar
from services.contracts.countings import Counting
from services.contracts.events import CaseEvent
from services.contracts.ids import CaseId
from services.contracts.plans import Close, Counted, Measure, Plan, Response, Rung
from services.contracts.values import Audience, ClockKind
from services.sla import clocks
from services.sla.course import Account
from tests.unit.sla import model, sample
from tests.unit.sla.model import DESK, HORIZON, TARGETS, Act, History
from tests.unit.sla.sample import NINE

MINUTE = timedelta(minutes=1)
JUST_BEFORE = timedelta(microseconds=1)
Numbered = tuple[int, CaseId, CaseEvent]
Said = tuple[str, dict[str, Any]]
"""Type and data of a clock event."""

LADDER = tuple(
    Rung(offset=MINUTE, audience=(Audience.HEAD,)) if ":" in name
    else Rung(percent=int(name), audience=(Audience.HANDLER,)) for name in model.LADDER
)  # fmt: skip
OFFICE = Calendar(
    name="office",
    zone="Asia/Shanghai",
    week=(("09:00-12:00", "14:00-18:00"),) * 7,
    closed=((NINE + timedelta(days=1)).date(),),
)


def plan(counted: Counted | None) -> Plan:
    """With six kinds of clocks, all counted alike."""
    of = {kind: Measure(target=minutes * MINUTE, counted=counted) for kind, minutes in TARGETS.items()}
    others = {ClockKind(kind): each for kind, each in of.items() if kind not in ("response", "close")}
    promise = sample.plan(ladder=LADDER)
    response = Response(target=of["response"].target, counted=counted, counts=promise.response.counts)
    return promise.model_copy(
        update={
            "response": response,
            "close": Close(target=of["close"].target, counted=counted),
            "clocks": others,
        }
    )


PLANS = (plan(None), plan(Counted(by=Counting.WORKING_TIME, days=OFFICE)))
"""As model.WORKED has them."""


class Engine(Protocol):
    """What is tried. `told` is every clock event so far, in order."""

    told: list[Said]

    def take(self, lines: Sequence[Numbered]) -> None: ...
    def tick(self, now: datetime, proven: datetime, silent: bool) -> None: ...
    def restart(self) -> None: ...
    def account(self, case: CaseId, until: datetime) -> Account: ...
    def close(self) -> None: ...


LEGAL = {
    "desk": ("dispatch", "dispatch", "review", "withdraw"),
    "sent": ("accept", "accept", "return", "respond", "withdraw"),
    "at work": ("respond", "pause", "extend", "resolve", "return", "pause"),
    "paused": ("resume", "pause", "extend", "resolve", "respond"),
    "resolved": ("redo",),
    "over": (),
}
AFTER = {"dispatch": "sent", "accept": "at work", "return": "desk", "pause": "paused", "resume": "at work",
         "resolve": "resolved", "redo": "at work", "withdraw": "over"}  # fmt: skip


@dataclass
class Case:
    """What the router knows, and what of it is not yet on the log."""

    id: CaseId
    plan: Plan
    works: Sequence[bool]
    received: int
    state: str = "desk"
    unit: str = DESK
    serial: int = 0
    to_review: str = ""
    paused: int = 0
    acts: list[Act] = field(default_factory=list)
    waiting: deque[CaseEvent] = field(default_factory=deque)

    def does(self, minute: int, what: str, amount: int, unit: str) -> None:
        """Nothing when it is not to be done now."""
        if what == "review" and not self.to_review:
            return
        self.serial += 1
        before, self.unit = self.unit, {"dispatch": unit, "return": DESK}.get(what, self.unit)
        event = self._event(NINE + minute * MINUTE, what, amount, before)
        name = {"dispatch": str(self.serial), "redo": str(self.serial), "return": str(self.serial)}.get(
            what, ""
        )
        self.acts.append(Act(minute, what, self.unit, amount, name))
        self.state = AFTER.get(what, self.state)
        self.to_review = {"return": name, "review": ""}.get(what, self.to_review)
        self.paused = minute if what == "pause" else self.paused
        self.waiting.append(event)

    def _event(self, at: datetime, what: str, amount: int, before: str) -> CaseEvent:
        since, name = NINE + self.paused * MINUTE, str(self.serial)
        match what:
            case "dispatch":
                found: CaseEvent = sample.dispatched(at, self.unit).model_copy(update={"assignment_id": name})
            case "accept":
                found = sample.accepted(at, self.unit, sample.LI)
            case "respond":
                found = sample.responded(at, self.unit)
            case "return":
                found = sample.returned(at, before).model_copy(
                    update={"assignment_id": name, "version": self.serial}
                )
            case "review":
                found = sample.reviewed(at, at - MINUTE, at, DESK)
            case "pause":
                found = sample.paused(at, at + amount * MINUTE, unit=self.unit)
            case "resume":
                found = sample.resumed(at, since, unit=self.unit)
            case "extend":
                found = sample.extended(at, amount * MINUTE, unit=self.unit)
            case "resolve":
                found = sample.resolved(at, self.unit)
            case "redo":
                resolved = NINE + self.acts[-1].minute * MINUTE
                found = sample.reopened(at, resolved, self.unit, self.serial)
            case _:
                found = sample.withdrawn(at, self.unit)
        return found


class ClockMachine(RuleBasedStateMachine):
    """A shard: a router that does what is legal, a log that lags, and an engine."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = self.make()
        self.cases: list[Case] = []
        self.log: list[Numbered] = []
        self.now = self.ended = 0
        self.may_be_silent = False

    def make(self) -> Engine:
        raise NotImplementedError

    def case_id(self, number: int) -> CaseId:
        return sample.case(number)

    @initialize(silent=st.booleans())
    def begin(self, silent: bool) -> None:
        """Whether the router is ever away for so long that rungs fire unconfirmed."""
        self.may_be_silent = silent

    @precondition(lambda self: len(self.cases) < 3)
    @rule(lag=st.integers(0, 40), counted=st.sampled_from((0, 1)))
    def receive(self, lag: int, counted: int) -> None:
        promise, works = PLANS[counted], model.WORKED[counted]
        received, self.now = self.now, self.now + lag
        case = Case(self.case_id(len(self.cases)), promise, works, received)
        case.acts.append(Act(self.now, "register", DESK, 0, "1"))
        case.waiting.append(sample.registered(NINE + received * MINUTE, promise, NINE + self.now * MINUTE))
        self.cases.append(case)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 2), pick=st.integers(0, 5), amount=st.sampled_from((5, 30, 60, 90, 300)),
          unit=st.sampled_from(("a", "b")), gap=st.sampled_from((1, 1, 4, 10, 25, 60, 121, 700)))  # fmt: skip
    def act(self, which: int, pick: int, amount: int, unit: str, gap: int) -> None:
        case = self.cases[which % len(self.cases)]
        legal = LEGAL[case.state]
        if legal and self.now + gap < HORIZON // 3:
            self.now += gap
            case.does(self.now, legal[pick % len(legal)], amount, unit)

    @precondition(lambda self: self.now < HORIZON // 3)
    @rule(minutes=st.sampled_from((1, 7, 30, 120, 700)))
    def pass_time(self, minutes: int) -> None:
        self.now += minutes

    @precondition(lambda self: any(case.waiting for case in self.cases))
    @rule(order=st.lists(st.integers(0, 2), min_size=1, max_size=6))
    def deliver(self, order: list[int]) -> None:
        """Of one case in order, of several in any."""
        batch: list[Numbered] = []
        for which in order:
            case = self.cases[which % len(self.cases)]
            if case.waiting:
                batch.append((len(self.log) + 1, case.id, case.waiting.popleft()))
                self.log.append(batch[-1])
        if batch:
            self.engine.take(batch)

    @precondition(lambda self: self.log)
    @rule(many=st.integers(1, 8))
    def repeat(self, many: int) -> None:
        """What was on the log once more."""
        self.engine.take(self.log[-many:])

    @rule(silent=st.booleans())
    def tick(self, silent: bool) -> None:
        waiting = [case.waiting[0].at - JUST_BEFORE for case in self.cases if case.waiting]
        now = NINE + self.now * MINUTE
        self.engine.tick(now, min([now, *waiting]), silent and self.may_be_silent)

    @rule()
    def restart(self) -> None:
        self.engine.restart()

    def teardown(self) -> None:
        try:
            self._finish()
            for case in self.cases:
                self._judge(case)
        finally:
            self.engine.close()

    def _finish(self) -> None:
        while any(case.waiting for case in self.cases):
            self.deliver(list(range(len(self.cases))))
        self.ended, self.now = self.now, HORIZON
        self.tick(False)

    def _judge(self, case: Case) -> None:
        history = History(case.received, case.acts, case.works)
        for (kind, name), told in history.told().items():
            clock = str(clocks.clock_id(case.id, ClockKind(kind), name))
            mine = [(what, data) for what, data in self.engine.told if data["clock_id"] == clock]
            assert [what for what, _ in mine].count("clock.started") == 1, (kind, name)
            judge_clock(told, mine, history)
        judge_account(history, self.engine.account(case.id, NINE + self.ended * MINUTE), self.ended)


def minute_of(instant: str) -> int:
    return (datetime.fromisoformat(instant) - NINE) // MINUTE


def judge_clock(told: model.Told, mine: Sequence[Said], history: History) -> None:
    """Rungs once, in order, each at its instant; outcome and due of every stop. A rung that nothing proved may be
    one too many, and a breach too many is taken back."""
    rungs = [data for _, data in mine if "percent" in data]
    fired = [(data["percent"], minute_of(data["rung_at"])) for data in rungs]
    assert [percent for percent, _ in fired] == sorted({percent for percent, _ in fired}), "once, in order"
    assert all(data["late_by"] >= 0 for data in rungs)
    stops = [data for what, data in mine if what == "clock.stopped"]
    corrected = [data for what, data in mine if what == "clock.corrected"]
    expected = [(percent_of(name, mine), minute) for name, minute in told.fired]
    if not any(data["unconfirmed"] for data in rungs):
        assert fired == expected
        assert [data["outcome"] for data in stops] == told.outcomes
        assert [minute_of(data["due_at"]) for data in stops] == told.dues
        assert not corrected
        assert all(
            data["holder"] == history.holder(max(minute, history.acts[0].minute))
            for data, (_, minute) in zip(rungs, fired, strict=True)
            if minute not in {act.minute for act in history.acts}
        )
        return
    assert {percent for percent, _ in expected} <= {percent for percent, _ in fired}
    sure = [one for one, data in zip(fired, rungs, strict=True) if not data["unconfirmed"]]
    assert set(sure) <= set(expected)
    assert [data["outcome"] for data in stops][-1:] == told.outcomes[-1:]
    if 100 in dict(fired) and 100 not in dict(expected):
        assert corrected


def percent_of(name: str, mine: Sequence[Said]) -> int:
    """Of a rung that is written as an offset: rounded, and never the breach's own."""
    if ":" not in name:
        return int(name)
    target = TARGETS[mine[0][1]["clock"]]
    return max(101, round(100 * (target + 1) / target))


def judge_account(history: History, found: Account, until: int) -> None:
    """Every minute from receipt to resolve is somebody's, once; by the wall and in the plan's time."""
    spans = {**found.holdings, **found.waits}
    assert {key: span.wall / MINUTE for key, span in spans.items()} == history.spans(until)
    assert sum((span.own for span in spans.values()), timedelta()) == found.elapsed.own
    assert sum((span.wall for span in spans.values()), timedelta()) == found.elapsed.wall
