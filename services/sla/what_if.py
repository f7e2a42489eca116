"""What if the promise had been another? Past cases under a plan that was not theirs: who would have been late. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.contracts import plans
from services.contracts.plans import Facts, Measure, Plan, Plans

Chosen = Callable[[Facts], Plan]
Key = tuple[str, str]  # department, category


@dataclass(frozen=True, slots=True)
class Past:
    """A case of the past. None: not responded to, not closed, by the end of the history."""

    department: str
    facts: Facts
    received_at: datetime
    responded_at: datetime | None
    closed_at: datetime | None


@dataclass(slots=True)
class Tally:
    """`open`: not closed, and not yet due at the end of the history; these are neither late nor in time."""

    cases: int = 0
    open: int = 0
    late: int = 0
    responses: int = 0
    responses_late: int = 0

    @property
    def late_share(self) -> float:
        decided = self.cases - self.open
        return self.late / decided if decided else 0.0

    @property
    def responses_late_share(self) -> float:
        return self.responses_late / self.responses if self.responses else 0.0

    def add(self, other: "Tally") -> None:
        self.cases += other.cases
        self.open += other.open
        self.late += other.late
        self.responses += other.responses
        self.responses_late += other.responses_late


@dataclass(slots=True)
class Outlook:
    """Tallies by department and category. `until`: the end of the history."""

    until: datetime
    by_key: dict[Key, Tally] = field(default_factory=dict)

    def by(self, place: int) -> dict[str, Tally]:
        """0: by department, 1: by category; the most cases first."""
        found: dict[str, Tally] = {}
        for key, tally in self.by_key.items():
            found.setdefault(key[place], Tally()).add(tally)
        return dict(sorted(found.items(), key=lambda item: -item[1].cases))

    @property
    def total(self) -> Tally:
        whole = Tally()
        for tally in self.by_key.values():
            whole.add(tally)
        return whole


def chooser(city: Plans) -> Chosen:
    """The plan of a case, remembered: a history asks for few different ones."""
    known: dict[Facts, Plan] = {}

    def of(facts: Facts) -> Plan:
        if (plan := known.get(facts)) is None:
            plan = known[facts] = plans.choose(city, facts)
        return plan

    return of


def simulate(history: Iterable[Past], chosen: Chosen, until: datetime, *, responses: bool) -> Outlook:
    """Every case by the plan it would have had. `responses`: the history says when cases were responded to."""
    outlook = Outlook(until)
    for past in history:
        key = past.department, past.facts.category or ""
        tally = outlook.by_key.get(key)
        if tally is None:
            tally = outlook.by_key[key] = Tally()
        _judge(tally, past, chosen(past.facts), until, responses)
    return outlook


def _judge(tally: Tally, past: Past, plan: Plan, until: datetime, responses: bool) -> None:
    tally.cases += 1
    late = _late(plan.close, past.received_at, past.closed_at, until)
    tally.late += late is True
    tally.open += late is None
    if responses and (slow := _late(plan.response, past.received_at, past.responded_at, until)) is not None:
        tally.responses += 1
        tally.responses_late += slow


def _late(measure: Measure, start: datetime, end: datetime | None, until: datetime) -> bool | None:
    """None: not ended, and not due yet."""
    due = plans.due_at(measure, start)
    if end is not None:
        return end > due
    return True if until > due else None
