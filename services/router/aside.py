"""What a department is told of a command that was set aside: kept, and executed as of when it came (delivery rule 9)."""

from collections.abc import Sequence

from services.chassis.service import Asked
from services.chassis.transaction import Tx
from services.contracts import ids
from services.contracts.commands import Refusal
from services.contracts.ids import CaseId
from services.router import execute, store, wording
from services.router.execute import Answer
from services.router.state import State

Seen = set[tuple[str, CaseId]]


async def answers(asked: Sequence[Asked], raised: bool, tx: Tx[State]) -> list[Answer]:
    """In order. The case itself is not read: it may be what cannot be read. Whom it does not concern is told of none."""
    cases = [execute.case_in(one.body) for one in asked]
    pairs = [(one.actor, case) for one, case in zip(asked, cases, strict=True) if case]
    seen = await store.seen_among(tx.conn, pairs)
    return [_answer(one, case, raised, seen, tx.state) for one, case in zip(asked, cases, strict=True)]


def _answer(asked: Asked, case: CaseId | None, raised: bool, seen: Seen, state: State) -> Answer:
    if case is not None and asked.actor != state.law.desk and (asked.actor, case) not in seen:
        code, said = Refusal.UNKNOWN_CASE, wording.UNKNOWN_CASE
    elif raised:
        code, said = Refusal.COULD_NOT_DECIDE, wording.COULD_NOT_DECIDE
    else:
        code, said = Refusal.PARKED, wording.KEPT
    cause = str(ids.derive("set aside", asked.topic, str(asked.offset), code))
    return execute.unread(asked, code, said, case, cause)
