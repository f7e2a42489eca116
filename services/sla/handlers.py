"""The log moves clocks; the ticker fires their rungs. Gather, decide, apply: one query, pure in order, one statement."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.chassis import clock as clocktime
from services.chassis.service import Received
from services.chassis.transaction import Tx
from services.contracts import topics
from services.contracts.events import CaseEvent
from services.contracts.ids import CaseId, ClockId
from services.contracts.values import ClockKind
from services.sla import announce, decide, fold, metrics, plain, store
from services.sla import course as courses
from services.sla.clocks import Clock, Happening
from services.sla.decide import Reach
from services.sla.fold import Known
from services.sla.plain import Firing, Shot
from services.sla.state import LOG, State


async def on_case_events(events: Sequence[Received[CaseEvent]], tx: Tx[State]) -> None:
    """Any `case.*`: the first opens clocks, others open more, stop, move or hand them over, and write the course."""
    cases = {event.case_id for event in events}
    known = await store.courses_of(tx.conn, cases)
    more = {case: [ClockId(UUID(each)) for each in course.open] for case, course in known.items()}
    ledger = await store.clocks_of(tx.conn, tx.state.plans, cases, more)
    before = {each: clock for of_case in ledger.values() for each, clock in of_case.items()}
    of_case = {case: Known(dict(clocks), known.get(case)) for case, clocks in ledger.items()}
    happened = [
        each for event in events for each in fold.take(event.case_id, event.data, of_case[event.case_id])
    ]
    now = {each: clock for one in of_case.values() for each, clock in one.clocks.items()}
    await _keep(tx, before, now)
    written = {case: one.course for case, one in of_case.items() if one.course is not None}
    changed = {case: course for case, course in written.items() if course != known.get(case)}
    await store.save_courses(tx.conn, tx.shard, changed)
    _tell(tx, happened)
    over = [course for case, course in changed.items() if courses.first_over(known.get(case), course)]
    if over:
        tx.after_commit.append(lambda: metrics.count_hands(over))


async def _keep(tx: Tx[State], before: dict[ClockId, Clock], now: dict[ClockId, Clock]) -> None:
    opened = [clock for each, clock in now.items() if each not in before]
    changed = [clock for each, clock in now.items() if each in before and clock is not before[each]]
    plans = tx.state.plans
    kept = await store.open_clocks(tx.conn, tx.shard, opened, plans.kept)
    tx.after_commit.append(partial(plans.kept.update, kept))
    await store.save(tx.conn, changed)
    news = ((clock, before.get(clock.clock_id)) for clock in (*opened, *changed))
    await store.move(tx.conn, [clock for clock, old in news if _moved(clock, old)])
    rungs = [clock.next_rung_at for clock in (*opened, *changed) if clock.next_rung_at]
    if rungs:
        tx.after_commit.append(lambda: tx.state.agenda.sooner(tx.shard, min(rungs)))


def _moved(clock: Clock, old: Clock | None) -> bool:
    """Whether it rests, was credited, extended or revived, or has another plan: columns that few clocks ever use."""
    if old is None:
        return False
    was = old.rest, old.credit, old.extended, old.reopened
    return (clock.rest, clock.credit, clock.extended, clock.reopened) != was or clock.plan is not old.plan


def _tell(tx: Tx[State], happened: Iterable[Happening]) -> None:
    told = list(happened)
    for happening in told:
        announce.emit(tx, happening)
    tx.after_commit.append(lambda: metrics.count(told))


async def on_tick(tx: Tx[State]) -> bool:
    """Fire what is due in the order of the rungs' instants; True while there is more."""
    reach, held, more = _reach(tx), await _held(tx), False
    if reach.until is not None:
        limit = tx.state.settings.fire_batch
        due = await store.due(tx.conn, tx.shard, reach.until, held, limit)
        more = len(due) == limit
        # A full batch goes no further than its last clock's rung, or rungs would overtake those of the next batch.
        await _fire(tx, due, due[-1]["next_rung_at"] if more else reach.until, reach)
    if not more:
        await _look_ahead(tx, held)
    return more


async def due_cases(tx: Tx[State]) -> list[CaseId]:
    """Whose rungs the tick would fire; of the clocks nothing is read."""
    until = _reach(tx).until
    if until is None:
        return []
    return await store.due_cases(tx.conn, tx.shard, until, await _held(tx), tx.state.settings.fire_batch)


async def fire_alone(tx: Tx[State], case_id: CaseId) -> None:
    """The tick for one case. Its rungs come in their order; they may come after younger ones of other cases."""
    reach = _reach(tx)
    if reach.until is not None and case_id not in await _held(tx):
        due = await store.due_of(tx.conn, tx.state.plans, tx.shard, reach.until, case_id)
        _tell(tx, await _climb(tx, due, reach.until, reach))


def _reach(tx: Tx[State]) -> Reach:
    state = tx.state
    watermark = state.marks.watermark(tx.shard, tx.row.seen.get(LOG, 0))
    return decide.reach(watermark, tx.now, state.silence(), state.listened(tx.shard), state.patience)


async def _fire(tx: Tx[State], due: Sequence[Record], horizon: datetime, reach: Reach) -> None:
    """Plain clocks as the columns they are, all others one by one; together in the order of their rungs."""
    if not due:
        return
    plans = await tx.state.plans.of(tx.conn, {row["plan"] for row in due})
    firing = Firing(horizon, tx.now, reach.proven, tx.row.seen.get(LOG, 0))
    rows = [row[:-1] for row in due if row["plain"]]
    shots, climbed = plain.fire(rows, tx.state.ladders, plans, firing)
    await store.save_plain(tx.conn, climbed)
    others = [row["clock_id"] for row in due if not row["plain"]]
    happened = await _climb(tx, await store.clocks_by_id(tx.conn, tx.state.plans, others), horizon, reach)
    _announce(tx, shots, happened)
    tx.after_commit.append(lambda: metrics.count_shots(shots))
    tx.after_commit.append(lambda: metrics.count(happened))


def _announce(tx: Tx[State], shots: Sequence[Shot], happened: Sequence[Happening]) -> None:
    """Both are in the order of their instants, and so is what they are together."""
    place = 0
    for happening in happened:
        before = bisect_right(shots, decide.order(happening), lo=place, key=plain.order)
        tx.emit_written(topics.CLOCKS, plain.written(shots[place:before]))
        announce.emit(tx, happening)
        place = before
    tx.emit_written(topics.CLOCKS, plain.written(shots[place:]))
    for shot in shots:
        if shot.then is not None:
            kind, case = ClockKind(shot.kind), CaseId(UUID(shot.case))
            announce.ask(tx, shot.then, shot.cause, case, shot.unit, kind, shot.percent)


async def _climb(tx: Tx[State], due: Sequence[Clock], horizon: datetime, reach: Reach) -> list[Happening]:
    """One by one."""
    turns = decide.climb(due, horizon, tx.now, reach.proven, tx.row.seen.get(LOG, 0))
    await store.save(tx.conn, [turn.clock for turn in turns])
    return decide.in_order(turns)


async def _held(tx: Tx[Any]) -> frozenset[UUID]:
    """Cases the router's marks name as parked, and those parked here: their acts may be waiting."""
    named = frozenset(UUID(case) for case in tx.state.marks.held(tx.shard, tx.row.seen.get(LOG, 0)))
    return named | await store.parked_here(tx.conn, tx.shard) if tx.row.parked else named


async def _look_ahead(tx: Tx[State], held: frozenset[UUID]) -> None:
    following = await store.next_rung_at(tx.conn, tx.shard, held)
    tx.after_commit.append(lambda: tx.state.agenda.note(tx.shard, following, clocktime.monotonic()))
