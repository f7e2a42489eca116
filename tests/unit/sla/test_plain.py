"""Plain clocks by the thousand fire as `decide` fires them one by one: the same rungs, ids and bytes, and the same rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.transaction import ShardRow, Tx
from services.contracts import topics
from services.contracts.ids import CaseId
from services.contracts.plans import Plan, Rung
from services.contracts.values import Audience, ClockKind, Handler
from services.sla import announce, clocks, decide, plain, rests, store
from services.sla.clocks import Clock, Holding
from services.sla.plain import Firing, Ladders
from tests.unit.sla import sample
from tests.unit.sla.sample import NINE

MINUTES = st.integers(0, 9 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
MICROSECONDS = st.integers(0, 10**6).map(lambda parts: timedelta(microseconds=parts))
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
OFFSETS = sample.plan(ladder=(
    Rung(offset=timedelta(minutes=-7), audience=(Audience.HANDLER,)), Rung(percent=100, audience=(Audience.HEAD,)),
    Rung(offset=timedelta(hours=1), audience=(Audience.SUPERVISION, Audience.LEVEL_ABOVE)),
))  # fmt: skip
PLANS = st.sampled_from([sample.plan(), OFFSETS, sample.office_plan(3)])
HANDLERS = st.none() | st.builds(
    Handler, id=st.just("li"), name=st.sampled_from(["李工", 'Li "the" \\ Gong\n'])
)


@st.composite
def plain_clocks(draw: st.DrawFn) -> Clock:
    """As they stand in the table: opened, some rungs fired, held by anybody."""
    started_at = NINE + draw(MINUTES) + draw(MICROSECONDS)
    case, kind = (
        CaseId(draw(st.uuids(version=4))),
        draw(st.sampled_from([ClockKind.RESPONSE, ClockKind.CLOSE])),
    )
    promise: Plan = draw(PLANS)
    holding = Holding(draw(WORDS), draw(st.booleans()), draw(HANDLERS))
    opened = Clock(
        clocks.clock_id(case, kind), case, kind, draw(WORDS), promise, started_at, started_at, holding,
        draw(st.none() | WORDS), draw(st.none() | WORDS), None, rung=draw(st.integers(0, len(promise.ladder))),
    )  # fmt: skip
    return rests.timed(opened)


def row(clock: Clock) -> Sequence[Any]:
    handler = clock.holding.handler
    return (
        clock.clock_id, clock.case_id, store.plan_key(clock.plan), clock.started_at, clock.due_at, clock.next_rung_at,
        clock.rung, str(clock.kind), clock.number, clock.holding.unit, clock.holding.is_desk,
        handler.id if handler else None, handler.name if handler else None, clock.category, clock.area,
    )  # fmt: skip


def transaction_at(now: datetime) -> Tx[None]:
    nothing: Any = None
    return Tx(nothing, 0, now, None, "sla", ShardRow(datetime(2026, 1, 1, tzinfo=UTC), {}, {}, {}, 0))


@given(
    st.lists(plain_clocks(), max_size=5, unique_by=lambda clock: clock.clock_id),
    MINUTES, MINUTES, MICROSECONDS, st.none() | MINUTES,
)  # fmt: skip
def test_plain_is_what_decide_says(
    due: list[Clock], horizon: timedelta, after: timedelta, odd: timedelta, proven: timedelta | None
) -> None:
    firing = Firing(NINE + horizon, NINE + after + odd, None if proven is None else NINE + proven, 17)
    turns = decide.climb(due, firing.horizon, firing.now, firing.proven, firing.applied)
    plans = {store.plan_key(clock.plan): clock.plan for clock in due}
    shots, climbed = plain.fire([row(clock) for clock in due], Ladders(), plans, firing)
    lawful, swift = transaction_at(firing.now), transaction_at(firing.now)
    for happening in decide.in_order(turns):
        announce.emit(lawful, happening)
    swift.emit_written(topics.CLOCKS, plain.written(shots))
    assert swift.outgoing[topics.CLOCKS] == lawful.outgoing[topics.CLOCKS]
    assert [(one.clock_id, one.rung, one.next_rung_at, one.breached_at) for one in climbed] == [
        (turn.clock.clock_id, turn.clock.rung, turn.clock.next_rung_at, turn.clock.breached_at)
        for turn in turns
    ]
