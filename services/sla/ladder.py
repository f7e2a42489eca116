"""The ladder of a clock as instants. Pure; a plan says the percents, a start makes instants of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.contracts import plans
from services.contracts.plans import Plan
from services.contracts.values import Audience, ClockKind

BREACH = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of one clock: at `at` (city time) it falls due, and these are told."""

    percent: int
    at: datetime
    audiences: tuple[Audience, ...]


def target(plan: Plan, kind: ClockKind) -> timedelta:
    return plan.response.target if kind is ClockKind.RESPONSE else plan.close.target


def due_at(plan: Plan, kind: ClockKind, started_at: datetime) -> datetime:
    """The last instant that is in time."""
    return plans.due_at(target(plan, kind), started_at, plan.calendar)


def step(plan: Plan, kind: ClockKind, started_at: datetime, index: int) -> Step | None:
    """The rung at `index` of the plan's ladder; None above its top."""
    if index >= len(plan.ladder):
        return None
    rung = plan.ladder[index]
    at = plans.rung_at(target(plan, kind), rung.percent, started_at, plan.calendar)
    return Step(rung.percent, at, rung.audience)


def steps(plan: Plan, kind: ClockKind, started_at: datetime) -> tuple[Step, ...]:
    """The whole ladder, lowest rung first."""
    every = (step(plan, kind, started_at, index) for index in range(len(plan.ladder)))
    return tuple(found for found in every if found)
