"""Commands, whichever door they came by: find what is known, decide in order, write. Used by handlers.py and api.py.

Identity is (actor, command id) with the hash of the body: a repeat gets the first reply, another body is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from services.chassis import service as chassis
from services.chassis.transaction import Tx
from services.contracts import ids, topics
from services.contracts.commands import COMMAND, AnyCommand, Merge, Refusal
from services.contracts.events import (
    CaseEvent,
    CommandAccepted,
    CommandRefused,
)
from services.contracts.ids import CaseId
from services.router import commands, merging, metrics, overdue, store, timers, unreadable, wording
from services.router.case import Case
from services.router.records import Dossier
from services.router.state import State
from services.router.store import Move, Reply
from services.router.timers import Timer
from services.router.verdicts import Asked, Done, Refused, Verdict
from services.router.wording import Said

NOBODY = CaseId(UUID(int=0))
ASIDE = {"command_id", "case", "command", "assignment_version", "version"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A command that could be read. `cause` is what everything it does is derived from."""

    asked: Asked
    case_id: CaseId
    body: bytes

    @property
    def actor(self) -> str:
        return self.asked.actor

    @property
    def command_id(self) -> str:
        return self.asked.command.command_id

    @property
    def cause(self) -> str:
        return str(ids.derive("command", self.actor, self.command_id, self.body.hex()))


@dataclass(frozen=True, slots=True)
class Answer:
    """`event` is the reply; `repeated` when it had been given before."""

    event: CommandAccepted | CommandRefused
    case_id: CaseId
    cause: str
    repeated: bool = False


def case_in(body: bytes) -> CaseId | None:
    """The case a body names, None when that cannot be read."""
    try:
        return CaseId(UUID(orjson.loads(body)["case"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def body_hash(fields: dict[str, Any], case_id: CaseId) -> bytes:
    """The same for both doors: canonical JSON, the case by its id."""
    return sha256(orjson.dumps({**fields, "case": str(case_id)}, option=orjson.OPT_SORT_KEYS)).digest()


def read(record: chassis.Asked, desk: str, now: datetime) -> Taken | Answer:
    """A record of a commands topic as a command, or the refusal it gets."""
    cause = str(ids.derive("command", record.topic, str(record.offset)))
    case_id = case_in(record.body)
    try:
        command = COMMAND.validate_json(record.body)
    except ValidationError as invalid:
        said = unreadable.said(unreadable.flaws(invalid))
        return unread(record, Refusal.UNREADABLE, said, case_id, cause)
    if record.appended_at is None:
        return unread(record, Refusal.NO_APPEND_TIME, wording.NO_TIME, case_id, cause)
    if case_id is None:
        return unread(record, Refusal.UNKNOWN_CASE, wording.UNKNOWN_CASE, None, cause)
    unit = None if topics.person(record.actor) else record.actor
    asked = Asked(
        record.actor, unit, unit in (None, desk), command, now, record.appended_at,
        timer=record.actor in topics.INTERNAL_ACTORS,
    )  # fmt: skip
    return Taken(asked, case_id, body_hash(orjson.loads(record.body), case_id))


def unread(record: chassis.Asked, code: Refusal, said: Said, case_id: CaseId | None, cause: str) -> Answer:
    """The refusal of a record of which nothing is believed but who sent it."""
    fields = _fields(record.body)
    refused = CommandRefused(
        command_id=_short(fields.get("command_id")), command=_short(fields.get("command")), department=record.actor,
        code=code, reason=str(said),
    )  # fmt: skip
    return Answer(refused, case_id or NOBODY, cause)


def _fields(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _short(value: object) -> str | None:
    return value[:128] if isinstance(value, str) else None


@dataclass(slots=True)
class _Batch:
    tx: Tx[State]
    cases: dict[CaseId, Case]
    dossiers: dict[CaseId, Dossier]
    replies: dict[tuple[str, str], Reply]
    parked: set[CaseId]
    changed: dict[CaseId, Case]
    moves: list[Move]
    new: list[Reply]
    others: dict[CaseId, Case]


async def run(taken: Sequence[Taken], tx: Tx[State]) -> list[Answer]:
    """An answer for each, in order. Raises Raced when another shard takes one of the ids in this moment."""
    batch = await _gather(taken, tx)
    answers = [_one(batch, one) for one in taken]
    await store.change(tx.conn, batch.changed.values(), batch.moves)
    await store.save_replies(tx.conn, batch.new, tx.now)
    return answers


async def _gather(taken: Sequence[Taken], tx: Tx[State]) -> _Batch:
    cases = await store.cases_of(tx.conn, (one.case_id for one in taken))
    wanted = (one.case_id for one in taken if commands.needs_dossier(one.asked.command))
    dossiers = await store.dossiers_of(tx.conn, wanted)
    replies = await store.replies_to(tx.conn, [(one.actor, one.command_id) for one in taken])
    parked = await store.parked_among(tx.conn, cases) if tx.row.parked else set()
    named = [merging.other_of(one.asked.command) for one in taken if isinstance(one.asked.command, Merge)]
    others = await store.cases_of(tx.conn, named) if named else {}
    return _Batch(tx, cases, dossiers, replies, parked, {}, [], [], others)


def _one(batch: _Batch, taken: Taken) -> Answer:
    if (earlier := batch.replies.get((taken.actor, taken.command_id))) is not None:
        batch.tx.after_commit.append(metrics.REPEATS.inc)
        return _again(taken, earlier)
    case = batch.cases.get(taken.case_id)
    if case is None or not commands.may_know(case, taken.asked):
        return _for_now(batch, taken, Refused(Refusal.UNKNOWN_CASE, wording.UNKNOWN_CASE))
    if case.id in batch.parked:
        return _for_now(batch, taken, Refused(Refusal.PARKED, wording.PARKED))
    case = _in_time(batch, case, taken.asked)
    verdict = commands.decide(
        batch.tx.state.law, case, batch.dossiers.get(case.id), _knowing(batch, taken.asked)
    )
    answer = Answer(_reply(taken, verdict), taken.case_id, taken.cause)
    _fold(batch, taken, verdict)
    _remember(batch, taken, answer)
    return answer


def _knowing(batch: _Batch, asked: Asked) -> Asked:
    """With the other case that the command names, as far as this batch knows it."""
    if not isinstance(asked.command, Merge):
        return asked
    other = merging.other_of(asked.command)
    return replace(asked, other=batch.cases.get(other) or batch.others.get(other))


def _in_time(batch: _Batch, case: Case, asked: Asked) -> Case:
    """What fell due before this command is done before it, though the ticker has not come by yet."""
    for done, timer in overdue.overdue(batch.tx.state.law, case, asked.at(case), batch.tx.now):
        case = batch.cases[case.id] = batch.changed[case.id] = done.case
        batch.moves.append(timed(batch.tx, done, timer))
    return case


def timed(tx: Tx[State], done: Done, timer: Timer) -> Move:
    """A timer's deed told; returns its line of the history."""
    name = timer.kind.model_fields["command"].default
    tell(tx, done.case.id, done, str(ids.derive("timer", str(done.case.id), name, timer.at.isoformat())))
    tx.after_commit.append(metrics.TIMERS.labels(name).inc)
    return store.moved(done, name, timers.ACTOR)


def _for_now(batch: _Batch, taken: Taken, refused: Refused) -> Answer:
    """Not remembered: sent again later, the same command may find its case, and gets another reply then."""
    reply = refusal(taken, refused)
    batch.tx.after_commit.append(partial(metrics.count_reply, reply))
    return Answer(reply, taken.case_id, str(ids.derive("for now", taken.cause, refused.code)))


def _again(taken: Taken, earlier: Reply) -> Answer:
    if earlier.body != taken.body:
        refused = Refused(Refusal.REPEATED_OTHERWISE, wording.REPEATED)
        return Answer(refusal(taken, refused), taken.case_id, taken.cause)
    kind = CommandAccepted if earlier.type == CommandAccepted.TYPE else CommandRefused
    return Answer(kind.model_validate_json(earlier.data), taken.case_id, taken.cause, repeated=True)


def _fold(batch: _Batch, taken: Taken, verdict: Verdict) -> None:
    """Later commands of the batch see what this one did."""
    if not verdict.events or verdict.case is None or verdict.at is None:
        return
    case = verdict.case
    batch.cases[case.id] = batch.changed[case.id] = case
    details = _details(taken.asked.command)
    done = (
        verdict if isinstance(verdict, Done) else Done(case, verdict.at, verdict.events, verdict.follow_ups)
    )
    batch.moves.append(store.moved(done, taken.asked.command.command, taken.actor, details))
    tell(batch.tx, case.id, verdict, taken.cause)


def tell(tx: Tx[State], case_id: CaseId, verdict: Verdict, cause: str) -> None:
    """Write a verdict's events. What the log says counts from the event's own instant."""
    for event in verdict.events:
        at = event.at if isinstance(event, CaseEvent) else verdict.at
        tx.emit(event, case_id=case_id, cause=cause, at=at)
        if (counted := metrics.TOLD.get(type(event))) is not None:
            tx.after_commit.append(partial(counted, event))


def _details(command: AnyCommand) -> str:
    """What was said, for the history."""
    return command.model_dump_json(exclude=ASIDE, exclude_none=True)


def _remember(batch: _Batch, taken: Taken, answer: Answer) -> None:
    reply = Reply(
        taken.actor, taken.command_id, taken.body, answer.event.TYPE, answer.event.model_dump_json()
    )
    batch.replies[taken.actor, taken.command_id] = reply
    batch.new.append(reply)
    batch.tx.after_commit.append(partial(metrics.count_reply, answer.event))


def _reply(taken: Taken, verdict: Verdict) -> CommandAccepted | CommandRefused:
    if isinstance(verdict, Refused):
        return refusal(taken, verdict)
    case = verdict.case
    return CommandAccepted(
        command_id=taken.command_id, command=taken.asked.command.command, department=taken.actor, state=case.state,
        version=case.version, assignment_version=case.assignment_version, at=verdict.at,
    )  # fmt: skip


def refusal(taken: Taken, refused: Refused) -> CommandRefused:
    case = refused.case
    return CommandRefused(
        command_id=taken.command_id, command=taken.asked.command.command, department=taken.actor, code=refused.code,
        reason=str(refused.reason), legal_moves=refused.legal, state=case.state if case else None,
        version=case.version if case else None, assignment_version=case.assignment_version if case else None,
        holder=case.holder.unit if case else None, missing=refused.missing,
    )  # fmt: skip
