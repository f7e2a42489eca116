"""What time brings, under the shard's lock: timers of cases."""

from collections.abc import Iterable

from services.chassis.transaction import Tx
from services.contracts.ids import CaseId
from services.router import execute, overdue, store
from services.router.state import State
from services.router.store import Move


async def due(tx: Tx[State]) -> list[CaseId]:
    return await store.timed(tx.conn, tx.shard, tx.now)


async def on_timers(tx: Tx[State]) -> bool:
    """Ticker: everything that time was to do up to now. True while there may be more."""
    found = await due(tx)
    return await _run(tx, found) > 0 if found else False


async def alone(tx: Tx[State], case_id: CaseId) -> None:
    """The same for one case, unless something has happened to it meanwhile."""
    await _run(tx, [case_id])


async def _run(tx: Tx[State], case_ids: Iterable[CaseId]) -> int:
    changed, moves = {}, list[Move]()
    for case in (await store.cases_of(tx.conn, case_ids)).values():
        for done, timer in overdue.overdue(tx.state.law, case, tx.now, tx.now):
            changed[case.id] = done.case
            moves.append(execute.timed(tx, done, timer))
    await store.change(tx.conn, changed.values(), moves)
    return len(moves)
