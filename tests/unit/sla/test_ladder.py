"""Instants of rungs."""

from datetime import timedelta

from services.contracts import plans
from services.contracts.plans import Measure
from services.contracts.values import ClockKind
from services.sla import ladder
from services.sla.ladder import Step
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, at


def measure(kind: ClockKind) -> Measure:
    found = sample.plan().measure(kind)
    assert found is not None
    return found


def steps(kind: ClockKind) -> tuple[Step, ...]:
    return ladder.steps(sample.plan().ladder, measure(kind), NINE)


def test_the_default_ladder_of_a_response() -> None:
    found = steps(ClockKind.RESPONSE)
    assert [(step.percent, step.at) for step in found] == [
        (50, at("09:15")), (80, at("09:24")), (100, at("09:30")), (150, at("09:45")), (200, at("10:00")),
    ]  # fmt: skip


def test_the_breach_rung_is_due() -> None:
    for kind in (ClockKind.RESPONSE, ClockKind.CLOSE):
        found = {step.percent: step.at for step in steps(kind)}
        assert found[ladder.BREACH] == plans.due_at(measure(kind), NINE)


def test_close_climbs_its_own_target() -> None:
    first = ladder.step(sample.plan().ladder, measure(ClockKind.CLOSE), NINE, 0)
    assert first is not None
    assert first.at == NINE + timedelta(hours=12)


def test_above_the_top_there_is_nothing() -> None:
    assert ladder.step(sample.plan().ladder, measure(ClockKind.CLOSE), NINE, 5) is None
