"""What a department is told of a command that was set aside: kept, and executed as of when it came (delivery rule 9)."""

from collections.abc import Sequence

from services.chassis import parking, requests_in
from services.chassis.failure import reason
from services.chassis.service import Asked
from services.chassis.transaction import Tx
from services.contracts import ids, topics
from services.contracts.commands import Refusal
from services.contracts.events import CommandRefused
from services.contracts.ids import CaseId
from services.router import execute, store, wording
from services.router.execute import Answer
from services.router.state import State

BY_HTTP = -1
"""In the place of an offset: it came by no topic."""
Seen = set[tuple[str, CaseId]]


async def answers(asked: Sequence[Asked], raised: bool, tx: Tx[State]) -> list[Answer]:
    """In order. The case itself is not read: it may be what cannot be read. Whom it does not concern is told of none."""
    cases = [execute.case_in(one.body) for one in asked]
    pairs = [(one.actor, case) for one, case in zip(asked, cases, strict=True) if case]
    seen = await store.seen_among(tx.conn, pairs)
    return [_answer(one, case, raised, seen, tx.state) for one, case in zip(asked, cases, strict=True)]


async def kept(
    asked: Asked, case_id: CaseId, error: BaseException, tx: Tx[State]
) -> tuple[Answer, str | None]:
    """A command by HTTP that raised alone: its case is parked and the command with it, as one that came by topic."""
    (answer,) = await answers([asked], True, tx)
    assert isinstance(answer.event, CommandRefused)
    if answer.event.code != Refusal.COULD_NOT_DECIDE:
        return answer, None
    await parking.park([requests_in.aside(asked, case_id)], reason(error), tx)
    return answer, str(case_id)


def _answer(asked: Asked, case: CaseId | None, raised: bool, seen: Seen, state: State) -> Answer:
    desk = asked.actor == state.law.desk or topics.person(asked.actor)
    if case is not None and not desk and (asked.actor, case) not in seen:
        code, said = Refusal.UNKNOWN_CASE, wording.UNKNOWN_CASE
    elif raised:
        code, said = Refusal.COULD_NOT_DECIDE, wording.COULD_NOT_DECIDE
    else:
        code, said = Refusal.PARKED, wording.KEPT
    cause = str(ids.derive("set aside", asked.topic, str(asked.offset), code))
    return execute.unread(asked, code, said, case, cause)
