"""退单审核期满: a return that nobody has judged in time is upheld by silence, where the city has it so."""

from collections.abc import Sequence

from services.chassis.transaction import Tx
from services.contracts import ids
from services.contracts.commands import Uphold
from services.contracts.ids import CaseId
from services.router import commands, execute, store, verdicts
from services.router.case import Case
from services.router.state import State
from services.router.verdicts import Done


async def due(tx: Tx[State]) -> list[CaseId]:
    return await store.reviewable(tx.conn, tx.shard, tx.now)


async def uphold(tx: Tx[State]) -> bool:
    """Ticker: True while there may be more."""
    found = await due(tx)
    cases = await store.cases_of(tx.conn, found) if found else {}
    return await _uphold(tx, list(cases.values())) > 0


async def uphold_alone(tx: Tx[State], case_id: CaseId) -> None:
    await _uphold(tx, list((await store.cases_of(tx.conn, [case_id])).values()))


async def _uphold(tx: Tx[State], cases: Sequence[Case]) -> int:
    """How many. One that has been judged meanwhile, or whose city has changed its mind, is refused and left alone."""
    lines = []
    for case in cases:
        command = Uphold(command_id=f"silence {case.id} {case.version}", case=str(case.id))
        asked = verdicts.Asked("timer", None, False, command, tx.now, timer=True)
        done = commands.decide(tx.state.law, case, None, asked)
        if isinstance(done, Done):
            execute.tell(tx, case.id, done, str(ids.derive("review", str(case.id), str(case.version))))
            lines.append(store.moved(done, "uphold", "timer"))
    await store.change(tx.conn, [line.case for line in lines], lines)
    return len(lines)
