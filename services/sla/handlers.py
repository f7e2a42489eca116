"""The log moves clocks; the ticker fires their rungs. Gather, decide, apply: one query, pure in order, one statement."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis import clock as clocktime
from services.chassis.service import Received
from services.chassis.transaction import Tx
from services.contracts.events import CaseEvent
from services.contracts.ids import CaseId, ClockId
from services.sla import announce, decide, metrics, store
from services.sla.clocks import Clock, Happening
from services.sla.decide import Reach
from services.sla.state import LOG, State


async def on_case_events(events: Sequence[Received[CaseEvent]], tx: Tx[State]) -> None:
    """Any `case.*`: the first opens both clocks, others stop them or hand them over."""
    ledger = await store.clocks_of(tx.conn, tx.state.plans, {event.case_id for event in events})
    before = {each: clock for of_case in ledger.values() for each, clock in of_case.items()}
    happened: list[Happening] = []
    for event in events:
        of_case = ledger[event.case_id]
        for turn in decide.on_event(event.case_id, event.data, tuple(of_case.values())):
            of_case[turn.clock.clock_id] = turn.clock
            happened += turn.happened
    now = {each: clock for of_case in ledger.values() for each, clock in of_case.items()}
    await _keep(tx, before, now)
    _tell(tx, happened)


async def _keep(tx: Tx[State], before: dict[ClockId, Clock], now: dict[ClockId, Clock]) -> None:
    opened = [clock for each, clock in now.items() if each not in before]
    changed = [clock for each, clock in now.items() if each in before and clock is not before[each]]
    await store.open_clocks(tx.conn, tx.shard, opened)
    await store.save(tx.conn, changed)
    rungs = [clock.next_rung_at for clock in (*opened, *changed) if clock.next_rung_at]
    if rungs:
        tx.after_commit.append(lambda: tx.state.agenda.sooner(tx.shard, min(rungs)))


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
        due = await store.due(tx.conn, tx.state.plans, tx.shard, reach.until, held, limit)
        more = len(due) == limit
        # A full batch goes no further than its last clock's rung, or rungs would overtake those of the next batch.
        horizon = due[-1].next_rung_at if more else reach.until
        assert horizon is not None
        await _climb(tx, due, horizon, reach)
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
    clocks = (await store.clocks_of(tx.conn, tx.state.plans, [case_id]))[case_id].values()
    if reach.until is not None and case_id not in await _held(tx):
        due = [each for each in clocks if each.next_rung_at and each.next_rung_at <= reach.until]
        await _climb(tx, due, reach.until, reach)


def _reach(tx: Tx[State]) -> Reach:
    state = tx.state
    watermark = state.marks.watermark(tx.shard, tx.row.seen.get(LOG, 0))
    return decide.reach(watermark, tx.now, state.silence(), state.at_end(tx.shard), state.patience)


async def _climb(tx: Tx[State], due: Sequence[Clock], horizon: datetime, reach: Reach) -> None:
    turns = decide.climb(due, horizon, tx.now, reach.proven)
    await store.save(tx.conn, [turn.clock for turn in turns])
    _tell(tx, decide.in_order(turns))


async def _held(tx: Tx[Any]) -> frozenset[UUID]:
    """Cases the router's marks name as parked, and those parked here: their acts may be waiting."""
    named = frozenset(UUID(case) for case in tx.state.marks.held(tx.shard, tx.row.seen.get(LOG, 0)))
    return named | await store.parked_here(tx.conn, tx.shard) if tx.row.parked else named


async def _look_ahead(tx: Tx[State], held: frozenset[UUID]) -> None:
    following = await store.next_rung_at(tx.conn, tx.shard, held)
    tx.after_commit.append(lambda: tx.state.agenda.note(tx.shard, following, clocktime.monotonic()))
