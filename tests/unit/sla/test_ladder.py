"""Instants of rungs."""

from datetime import timedelta

from services.contracts.values import ClockKind
from services.sla import ladder
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE, at


def test_the_default_ladder_of_a_response() -> None:
    steps = ladder.steps(sample.plan(), ClockKind.RESPONSE, NINE)
    assert [(step.percent, step.at) for step in steps] == [
        (50, at("09:15")), (80, at("09:24")), (100, at("09:30")), (150, at("09:45")), (200, at("10:00")),
    ]  # fmt: skip


def test_the_breach_rung_is_due() -> None:
    for kind in ClockKind:
        steps = {step.percent: step.at for step in ladder.steps(sample.plan(), kind, NINE)}
        assert steps[ladder.BREACH] == ladder.due_at(sample.plan(), kind, NINE)


def test_close_climbs_its_own_target() -> None:
    first = ladder.step(sample.plan(), ClockKind.CLOSE, NINE, 0)
    assert first is not None
    assert first.at == NINE + timedelta(hours=12)


def test_above_the_top_there_is_nothing() -> None:
    assert ladder.step(sample.plan(), ClockKind.CLOSE, NINE, 5) is None
