"""What the topics bring: submissions and acts from intake, commands from departments, and time. Gather, decide, apply."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from services.chassis.service import Asked, Received
from services.chassis.transaction import Tx
from services.contracts.events import ActReceived, SubmissionReceived
from services.contracts.ids import CaseId
from services.router import account, acts, aside, decide, execute, metrics, registration, store
from services.router.case import Case
from services.router.decide import Law, Routed
from services.router.records import Dossier
from services.router.shadow import Seen
from services.router.state import State
from services.router.store import ActRow, Move, Registration
from services.router.verdicts import Done

Sent = Received[SubmissionReceived] | Received[ActReceived]


@dataclass(slots=True)
class _Batch:
    """What a batch knows and has decided so far; decisions fold into it in the order of the events."""

    tx: Tx[State]
    cases: dict[CaseId, Case]
    waiting: dict[CaseId, list[ActRow]]
    dossiers: dict[CaseId, Dossier]
    new: dict[CaseId, Registration] = field(default_factory=dict)
    changed: set[CaseId] = field(default_factory=set)
    moves: list[Move] = field(default_factory=list)
    acts: list[ActRow] = field(default_factory=list)
    routed: list[Routed] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    outcomes: list[tuple[str, str]] = field(default_factory=list)


async def on_submissions(events: Sequence[Sent], tx: Tx[State]) -> None:
    """Each submission becomes one case, each act is done upon its case or waits for it."""
    await _take(events, tx, bare=False)


async def register_bare(events: Sequence[Received[SubmissionReceived]], tx: Tx[State]) -> None:
    """The rescue: what could not be decided is the desk's, and its clocks run (delivery rule 9)."""
    await _take(events, tx, bare=True)


async def _take(events: Sequence[Sent], tx: Tx[State], *, bare: bool) -> None:
    batch = await _gather(events, tx)
    points = {} if bare else _points(events, tx.state.law)
    for event in events:
        if isinstance(event.data, SubmissionReceived):
            _register(batch, event.case_id, event.data, event.cause, points.get(event.case_id), bare=bare)
        else:
            _act(batch, ActRow(event.case_id, event.data, event.envelope.id, True))
    await _apply(batch)


async def _gather(events: Sequence[Sent], tx: Tx[State]) -> _Batch:
    sent = [event.case_id for event in events if isinstance(event.data, SubmissionReceived)]
    acted = [event.case_id for event in events if isinstance(event.data, ActReceived)]
    known, waiting = await store.met_before(tx.conn, sent) if sent else (set[CaseId](), {})
    cases = await store.cases_of(tx.conn, {*acted, *known}) if acted or known else {}
    dossiers = await store.dossiers_of(tx.conn, _opening(events)) if acted else {}
    return _Batch(tx, cases, waiting, dossiers)


def _opening(events: Sequence[Sent]) -> list[CaseId]:
    """Cases whose acts may open an assignment."""
    return [
        one.case_id for one in events if isinstance(one.data, ActReceived) and one.data.kind in acts.OPENING
    ]


def _points(events: Sequence[Sent], law: Law) -> dict[CaseId, str | None]:
    """The area whose polygon holds each submission's point: one question for the batch."""
    places = {
        event.case_id: event.data.place for event in events if isinstance(event.data, SubmissionReceived)
    }
    return dict(zip(places, law.areas.points(list(places.values())), strict=True))


def _register(
    batch: _Batch, case_id: CaseId, sent: SubmissionReceived, cause: str, point: str | None, *, bare: bool
) -> None:
    if case_id in batch.cases:
        return
    law, tx = batch.tx.state.law, batch.tx
    routed = decide.bare(law) if bare else decide.route(law, sent, point=point)
    done = registration.register(law.city, case_id, sent, routed, tx.now, bare=bare)
    execute.tell(tx, case_id, done, cause)
    batch.cases[case_id] = done.case
    kept = sent.written(match_text="").decode()  # rules have been asked; the original says it all
    batch.new[case_id] = Registration(done.case, kept, account.written(routed, law.areas))
    batch.routed.append(routed)
    batch.seen.append(Seen(case_id, sent, point, routed))
    for row in batch.waiting.pop(case_id, ()):
        _act(batch, row, saved=True)


def _act(batch: _Batch, row: ActRow, *, saved: bool = False) -> None:
    case = batch.cases.get(row.case_id)
    if not saved:
        batch.acts.append(row)
    if case is None:
        batch.waiting.setdefault(row.case_id, []).append(row)
        batch.outcomes.append((row.act.kind, "waiting"))
        return
    done = acts.decide(batch.tx.state.law, case, row.act, batch.tx.now, batch.dossiers.get(row.case_id))
    batch.outcomes.append((row.act.kind, "done" if isinstance(done, Done) else "kept"))
    if isinstance(done, Done):
        execute.tell(batch.tx, case.id, done, str(row.event_id))
        if done.case.version > case.version:
            batch.cases[case.id] = done.case
            batch.changed.add(case.id)
            batch.moves.append(store.moved(done, row.act.kind, acts.ACTOR))


async def _apply(batch: _Batch) -> None:
    conn, tx = batch.tx.conn, batch.tx
    new = [Registration(batch.cases[one], row.body, row.verdict) for one, row in batch.new.items()]
    kept = await store.register(conn, tx.shard, new, tx.state.kept_plans)
    tx.after_commit.append(partial(tx.state.kept_plans.update, kept))
    await store.change(conn, [batch.cases[one] for one in batch.changed - batch.new.keys()], batch.moves)
    await store.save_acts(conn, [replace(row, taken=row.case_id in batch.cases) for row in batch.acts])
    tx.after_commit.append(lambda: _count(batch))


def _count(batch: _Batch) -> None:
    metrics.count_routed(batch.routed)
    batch.tx.state.shadow.compare(batch.seen)
    for kind, outcome in batch.outcomes:
        metrics.ACTS.labels(kind, outcome).inc()


async def on_commands(asked: Sequence[Asked], tx: Tx[State]) -> None:
    """Commands by topic: read, executed, answered on the department's own topic."""
    taken = [execute.read(one, tx.state.law.desk, tx.now) for one in asked]
    answers = iter(await execute.run([one for one in taken if isinstance(one, execute.Taken)], tx))
    replies: dict[str, execute.Answer] = {}
    for one in taken:
        if isinstance(one, execute.Answer):
            tx.after_commit.append(partial(metrics.count_reply, one.event))
        answer = one if isinstance(one, execute.Answer) else next(answers)
        replies.setdefault(answer.cause, answer)
    _reply(tx, replies.values())


def _reply(tx: Tx[State], answers: Iterable[execute.Answer]) -> None:
    """One event for a cause: a repeat's reply is the first one again. Clocks of ours have no replies topic."""
    for answer in answers:
        if answer.event.department in tx.state.law.city.department_by_slug:
            tx.emit(answer.event, case_id=answer.case_id, cause=answer.cause)


async def set_aside(asked: Sequence[Asked], raised: bool, tx: Tx[State]) -> None:
    """Commands by topic that wait for an operator with their case."""
    answers = await aside.answers(asked, raised, tx)
    for answer in answers:
        tx.after_commit.append(partial(metrics.count_reply, answer.event))
    _reply(tx, answers)


async def forget_replies(tx: Tx[State]) -> bool:
    """Ticker: command ids are remembered for their days and no longer."""
    if tx.shard:
        return False
    return await store.forget_replies(tx.conn, tx.now - timedelta(days=tx.state.settings.replies_days)) > 0


def case_of(body: bytes) -> CaseId | None:
    """The case a command names, without trusting anything else in it."""
    return execute.case_in(body)
