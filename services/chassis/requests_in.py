"""What came from inbox topics (delivery rule 7), as work for a lane: requests of all of them that belong to one shard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis import events_in, parking, telemetry
from services.chassis.events_in import Outcome, Table
from services.chassis.failure import Nature, nature, reason
from services.chassis.lanes import Work
from services.chassis.parking import Aside
from services.chassis.service import Asked, Inbox
from services.chassis.transaction import Tx
from services.contracts.ids import CaseId

APPENDED = "suban_appended_at"
log = telemetry.logger("requests")


@dataclass(slots=True, eq=False)
class InboxBatch:
    """Of each topic in order of offset. What raises alone is parked with its case, and who asked is told so."""

    shard: int
    asked: Sequence[Asked]
    inbox: Inbox
    table: Table
    outcome: Outcome
    size: int = field(init=False)
    rereads: bool = False

    def __post_init__(self) -> None:
        self.size = len(self.asked)

    async def apply(self, tx: Tx[Any]) -> None:
        fresh = await self._without_parked(self._fresh(tx), tx)
        if fresh:
            await self.inbox.handler(fresh, tx)

    def _fresh(self, tx: Tx[Any]) -> list[Asked]:
        fresh = [asked for asked in self.asked if not tx.row.is_repeat(asked.topic, asked.offset, None)]
        for asked in fresh:
            tx.row.mark(asked.topic, asked.offset, None)
        return fresh

    async def _without_parked(self, fresh: list[Asked], tx: Tx[Any]) -> list[Asked]:
        """A request for a parked case waits with it: executed later, it counts from when it was appended."""
        if not tx.row.parked or not fresh:
            return fresh
        cases = [self.inbox.case_of(asked.body) for asked in fresh]
        parked = await parking.parked_among(cases, tx)
        behind = [(asked, case) for asked, case in zip(fresh, cases, strict=True) if case in parked]
        if behind:
            await parking.park([aside(asked, case) for asked, case in behind if case], parking.BEHIND, tx)
            await self.inbox.set_aside([asked for asked, _ in behind], False, tx)
        return [asked for asked, case in zip(fresh, cases, strict=True) if case not in parked]

    def split(self) -> Sequence[Work]:
        if len(self.asked) == 1:
            return (self,)
        return [InboxBatch(self.shard, [one], self.inbox, self.table, events_in.ignore) for one in self.asked]

    async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
        fresh = self._fresh(tx)
        if not fresh:
            return None
        (asked,) = fresh
        await self._tell(asked, tx)
        case_id = self.inbox.case_of(asked.body)
        if case_id is None:
            place = parking.Coordinates(asked.topic, 0, asked.offset)
            await parking.bury(place, asked.body, reason(error), self.table.sealer, tx)
            return None
        await parking.park([aside(asked, case_id)], reason(error), tx)
        return str(case_id)

    async def _tell(self, asked: Asked, tx: Tx[Any]) -> None:
        """What could not be handled may be impossible to answer, too: it is parked all the same."""
        await tx.conn.execute("SAVEPOINT told")
        try:
            await self.inbox.set_aside([asked], True, tx)
        except Exception as also:
            if nature(also) is not Nature.OWN:
                raise
            log.error("request.not_answered", topic=asked.topic, offset=asked.offset, reason=reason(also))
            await tx.conn.execute("ROLLBACK TO SAVEPOINT told")
            tx.outgoing.clear()
            tx.after_commit.clear()

    def succeed(self) -> None:
        self.outcome(None)

    def fail(self, error: BaseException) -> None:
        self.outcome(error)

    def expired(self) -> bool:
        return False


def aside(asked: Asked, case_id: CaseId) -> Aside:
    """With the time it was appended, which is when it counts from; empty when it has none."""
    at = asked.appended_at.isoformat() if asked.appended_at else ""
    return Aside(case_id, asked.topic, asked.offset, [(APPENDED, at.encode())], asked.body)


def is_request(parked: Aside) -> bool:
    return any(name == APPENDED for name, _ in parked.headers)


def asked_again(parked: Aside, inbox: Inbox) -> Asked:
    """The request as it came."""
    at = (dict(parked.headers)[APPENDED] or b"").decode()
    appended_at = datetime.fromisoformat(at) if at else None
    return Asked(inbox.actor_of(parked.topic), parked.topic, parked.offset, parked.value, appended_at)
