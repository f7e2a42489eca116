"""The ladder of a clock as instants. Pure; a plan says the percents, a start makes instants of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.contracts import plans
from services.contracts.plans import BREACH as BREACH
from services.contracts.plans import NOTHING, Measure, Plan, Rung
from services.contracts.values import Audience, ClockKind


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of one clock: at `at` (city time) it falls due, and these are told. `name`: as the plan writes it."""

    name: str
    percent: int
    at: datetime
    audiences: tuple[Audience, ...]


def measure(plan: Plan, kind: ClockKind) -> Measure:
    return plan.response if kind is ClockKind.RESPONSE else plan.close


def due_at(plan: Plan, kind: ClockKind, started_at: datetime, credit: timedelta = NOTHING) -> datetime:
    """The last instant that is in time. `credit`: the plan's own time that does not count."""
    return plans.due_at(measure(plan, kind), started_at, credit)


def step(
    plan: Plan, kind: ClockKind, started_at: datetime, index: int, credit: timedelta = NOTHING
) -> Step | None:
    """The rung at `index` of the plan's ladder; None above its top."""
    if index >= len(plan.ladder):
        return None
    rung, promised = plan.ladder[index], measure(plan, kind)
    at = plans.rung_at(promised, rung, started_at, credit)
    return Step(plans.rung_name(rung), percent(rung, promised.target), at, rung.audience)


def percent(rung: Rung, target: timedelta) -> int:
    """Of the target, rounded for a rung that is written as an offset; 100 is the breach's alone."""
    if rung.percent is not None:
        return rung.percent
    near = round(100 * rung.of(target) / target)
    return max(near, BREACH + 1) if rung.of(target) > target else min(near, BREACH - 1)


def steps(plan: Plan, kind: ClockKind, started_at: datetime, credit: timedelta = NOTHING) -> tuple[Step, ...]:
    """The whole ladder, lowest rung first."""
    every = (step(plan, kind, started_at, index, credit) for index in range(len(plan.ladder)))
    return tuple(found for found in every if found)
