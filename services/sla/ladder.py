"""The ladder of a clock as instants. Pure; a plan says the percents, a start makes instants of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.contracts import plans
from services.contracts.plans import BREACH as BREACH
from services.contracts.plans import NOTHING, Measure, Rung, Then
from services.contracts.values import Audience


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of one clock: at `at` (city time) it falls due, and these are told. `name`: as the plan writes it."""

    name: str
    percent: int
    at: datetime
    audiences: tuple[Audience, ...]
    then: Then | None = None


def step(
    ladder: Sequence[Rung], measure: Measure, started_at: datetime, index: int, credit: timedelta = NOTHING
) -> Step | None:
    """The rung at `index` of the plan's ladder; None above its top. `credit`: own time that does not count."""
    if index >= len(ladder):
        return None
    rung = ladder[index]
    at = plans.rung_at(measure, rung, started_at, credit)
    return Step(plans.rung_name(rung), percent(rung, measure.target), at, rung.audience, rung.then)


def percent(rung: Rung, target: timedelta) -> int:
    """Of the target, rounded for a rung that is written as an offset; 100 is the breach's alone."""
    if rung.percent is not None:
        return rung.percent
    near = round(100 * rung.of(target) / target)
    return max(near, BREACH + 1) if rung.of(target) > target else min(near, BREACH - 1)


def steps(
    ladder: Sequence[Rung], measure: Measure, started_at: datetime, credit: timedelta = NOTHING
) -> tuple[Step, ...]:
    """The whole ladder, lowest rung first."""
    every = (step(ladder, measure, started_at, index, credit) for index in range(len(ladder)))
    return tuple(found for found in every if found)
