"""What happened → who is told. Gather, decide, apply: a batch costs a handful of statements, whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.chassis.service import Received
from services.chassis.transaction import Tx
from services.contracts.events import CaseAbsorbed, CaseEvent, CaseRegistered, CaseReleased, Rung
from services.contracts.ids import CaseId
from services.contracts.values import Contact
from services.notify import contacts, decide, occurrence, outcome, store
from services.notify.decide import Verdict
from services.notify.occurrence import Case, Reporter
from services.notify.state import State


@dataclass(slots=True)
class Batch:
    """What one batch does to what we know."""

    cases: dict[CaseId, Case]
    new: dict[CaseId, Contact] = field(default_factory=dict)
    moved: set[CaseId] = field(default_factory=set)
    joined: list[tuple[CaseId, Reporter, Contact]] = field(default_factory=list)
    left: list[tuple[CaseId, CaseId]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


async def on_case_events(events: Sequence[Received[CaseEvent]], tx: Tx[State]) -> None:
    """The log: keep contact and holder, tell the citizen and whoever has the case now."""
    batch = Batch(await store.cases_for(tx.conn, {event.case_id for event in events}))
    law = tx.state.bylaw
    for event in events:
        case = _fold(batch, event, tx.state)
        if case is None:
            continue
        for happened in occurrence.of_line(case, event.envelope.id, event.data):
            batch.verdicts += decide.notices(happened, case, law, tx.now)
    await store.add_cases(tx.conn, [(batch.cases[case], contact) for case, contact in batch.new.items()])
    await store.set_holders(tx.conn, [batch.cases[case] for case in batch.moved - batch.new.keys()])
    await store.drop_co_reporters(tx.conn, batch.left)
    await store.add_co_reporters(tx.conn, batch.joined)
    await outcome.intend(batch.verdicts, tx)


async def on_clock_events(events: Sequence[Received[Rung]], tx: Tx[State]) -> None:
    """Rungs: they name their audience themselves, so nothing is looked up."""
    law = tx.state.bylaw
    verdicts: list[Verdict] = []
    for event in events:
        happened = occurrence.of_rung(event.case_id, event.envelope.id, event.data)
        verdicts += decide.notices(happened, None, law, tx.now)
    await outcome.intend(verdicts, tx)


def _fold(batch: Batch, event: Received[CaseEvent], state: State) -> Case | None:
    """The case after this event. None for one registered before our log begins: nobody is known to be told."""
    known = batch.cases.get(event.case_id)
    if known is None:
        if not isinstance(event.data, CaseRegistered):
            return None
        found = contacts.addresses(event.data.contact, event.data.channel, state.opener, state.index)
        known = occurrence.opened(event.case_id, event.data, found.phone, found.app)
        batch.new[event.case_id] = event.data.contact
    case = _company(batch, event, occurrence.after(known, event.data), state)
    if case != known:
        batch.moved.add(event.case_id)
    batch.cases[event.case_id] = case
    return case


def _company(batch: Batch, event: Received[CaseEvent], case: Case, state: State) -> Case:
    """并单: another reporter is told of this case from now on, or no longer."""
    match event.data:
        case CaseAbsorbed() as told:
            found = contacts.addresses(told.contact, told.channel, state.opener, state.index)
            one = Reporter(CaseId(UUID(told.other)), told.contact.locale, found.phone, found.app)
            batch.joined.append((case.case_id, one, told.contact))
            return replace(case, others=(*case.others, one))
        case CaseReleased(other=other):
            gone = CaseId(UUID(other))
            batch.joined = [row for row in batch.joined if (row[0], row[1].case_id) != (case.case_id, gone)]
            batch.left.append((case.case_id, gone))
    return case
