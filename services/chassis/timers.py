"""The timers of one case, as work for a lane: tried when the job for all due cases raised (delivery rule 9)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.chassis import parking
from services.chassis.failure import reason
from services.chassis.lanes import Work
from services.chassis.parking import Aside
from services.chassis.service import CaseTimers
from services.chassis.transaction import Tx
from services.contracts.ids import CaseId


@dataclass(slots=True, eq=False)
class CaseTimer:
    """`done` is told when it has run, or its case is parked; it fails with what stops the shard."""

    ticker: str
    timers: CaseTimers
    case_id: CaseId
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    size: int = 1
    rereads: bool = False

    async def apply(self, tx: Tx[Any]) -> None:
        await self.timers.alone(tx, self.case_id)

    def split(self) -> Sequence[Work]:
        return (self,)

    async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
        await parking.park([Aside(self.case_id, parking.TIMERS + self.ticker, 0, [], b"")], reason(error), tx)
        return str(self.case_id)

    def succeed(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def expired(self) -> bool:
        return False
