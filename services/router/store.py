"""The router's tables: one function per question. Everything is for a batch; nothing here is asked in a loop."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import TypeAdapter

from services.chassis import database, queries
from services.chassis.failure import Raced
from services.contracts.events import ActReceived, SubmissionReceived
from services.contracts.ids import CaseId
from services.contracts.plans import Plan
from services.contracts.values import ActKind, Emergency, Handler, Holder, Kind, State, TriageClass
from services.router import family as families
from services.router import quarrel as quarrels
from services.router import standing as standings
from services.router import timers
from services.router.candidate import Candidate
from services.router.case import Assignment, Case
from services.router.family import Family
from services.router.follow_ups import FOLLOW_UP, FollowUp
from services.router.quarrel import Quarrel
from services.router.records import Dossier
from services.router.verdicts import Done

SQL = queries.load(Path(__file__).with_name("queries.sql"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Registration:
    """A new case with what was sent (as JSON) and the verdict on it (as JSON)."""

    case: Case
    body: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Move:
    """A line of the history after the registration; `details` is JSON of what was said.

    `follow_ups`, `candidate` and `account` (what the rules said) are written with it, in the same transaction.
    """

    case: Case
    at: datetime
    command: str
    actor: str
    details: str
    follow_ups: tuple[FollowUp, ...] = ()
    candidate: Candidate | None = None
    account: str | None = None


def moved(done: Done, command: str, actor: str, details: str = "{}") -> Move:
    """What was done, as its line of the history."""
    return Move(done.case, done.at, command, actor, details, done.follow_ups, done.candidate, done.account)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules said at a line of the log, as account.py writes it. `at` None: at registration."""

    body: str
    version: int
    at: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class ActRow:
    case_id: CaseId
    act: ActReceived
    event_id: UUID
    taken: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command: `body` is the hash of the command, `type` and `data` the event it was answered with."""

    actor: str
    command_id: str
    body: bytes
    type: str
    data: str


async def cases_of(conn: database.Connection, case_ids: Iterable[CaseId]) -> dict[CaseId, Case]:
    rows = await conn.fetch(SQL["cases_of"], list(set(case_ids)))
    return {CaseId(row["case_id"]): case_in(row) for row in rows}


async def met_before(
    conn: database.Connection, case_ids: Sequence[CaseId]
) -> tuple[set[CaseId], dict[CaseId, list[ActRow]]]:
    """Of cases that were sent: those registered already, and acts that came ahead of the others, no longer waiting."""
    registered, waiting = set[CaseId](), dict[CaseId, list[ActRow]]()
    for row in await conn.fetch(SQL["met_before"], list(case_ids)):
        case_id = CaseId(row["case_id"])
        if row["body"] is None:
            registered.add(case_id)
        else:
            act = ActReceived.model_validate_json(row["body"])
            waiting.setdefault(case_id, []).append(ActRow(case_id, act, row["event_id"], True))
    for some in waiting.values():
        some.sort(key=lambda row: (row.act.received_at, row.act.act_id))
    return registered, waiting


async def parked_among(conn: database.Connection, case_ids: Iterable[CaseId]) -> set[CaseId]:
    """Cases that wait for an operator: no command, no timer touches them (delivery rule 9)."""
    return {CaseId(row["case_id"]) for row in await conn.fetch(database.SQL["parked_among"], list(case_ids))}


async def dossiers_of(conn: database.Connection, case_ids: Iterable[CaseId]) -> dict[CaseId, Dossier]:
    """What was sent for each case, with the texts added since, in their order."""
    wanted = list(set(case_ids))
    if not wanted:
        return {}
    added: dict[UUID, list[ActReceived]] = {}
    for row in await conn.fetch(SQL["acts_of"], wanted):
        added.setdefault(row["case_id"], []).append(ActReceived.model_validate_json(row["body"]))
    rows = await conn.fetch(SQL["submissions_of"], wanted)
    return {row["case_id"]: _dossier(row["body"], added.get(row["case_id"], [])) for row in rows}


def _dossier(body: str, acts: list[ActReceived]) -> Dossier:
    acts.sort(key=lambda act: (act.received_at, act.act_id))
    return Dossier(
        SubmissionReceived.model_validate_json(body),
        tuple(act.text for act in acts if act.text and act.kind is ActKind.SUPPLEMENT),
    )


async def register(
    conn: database.Connection, shard: int, new: Sequence[Registration], kept_plans: Container[str] = ()
) -> Collection[str]:
    """New cases: the shard's lock and `met_before` have seen to it that they are new.

    `kept_plans`: digests of plans known to be in the store. Returns those that are once this is committed.
    """
    if not new:
        return ()
    promises = {
        digest: body for digest, body in _promises(one.case for one in new) if digest not in kept_plans
    }
    await _save_plans(conn, promises)
    seen = {
        (each.department, one.case.received_at, one.case.id) for one in new for each in one.case.assignments
    } | {(one.case.area_owner, one.case.received_at, one.case.id) for one in new if one.case.area_owner}
    rows = [(*_columns(one.case, shard), one.body, one.verdict) for one in new]
    await conn.execute(SQL["register"], *_transposed(seen), *_transposed(rows))
    return promises.keys()


def _promises(promised: Iterable[Case]) -> Iterator[tuple[str, str]]:
    return (promise(one.plan) for one in promised)


async def _save_plans(conn: database.Connection, promises: Mapping[str, str]) -> None:
    if promises:
        await conn.execute(SQL["save_plans"], list(promises), list(promises.values()))


async def change(conn: database.Connection, changed: Collection[Case], moves: Sequence[Move]) -> None:
    """Cases as they are now, and the lines of their history."""
    rows = [
        (one.id, one.state, one.version, one.assignment_version, one.holder.unit, one.holder.is_desk, one.holder.reason,
         one.bounces, one.changed_at, one.responded_at, one.close_at, one.quarrel.review_at, one.unconfirmed_since,
         one.kind, one.category, one.triage_class, promise(one.plan)[0], _timer_at(one), _record(one))
        for one in changed
    ]  # fmt: skip
    if rows:
        await _save_plans(conn, dict(_promises(move.case for move in moves if move.command == "reclassify")))
        await conn.execute(SQL["change_cases"], *_transposed(rows))
    seen = {
        (each.department, move.case.received_at, move.case.id)
        for move in moves
        for each in move.case.assignments
    }
    if seen:
        await conn.execute(SQL["save_seen"], *_transposed(seen))
    if moves:
        lines = [(one.case.id, one.case.version, one.at, one.command, one.actor, one.case.state, one.case.holder.unit, one.details)
                 for one in moves]  # fmt: skip
        await conn.execute(SQL["save_moves"], *_transposed(lines))
    await save_follow_ups(conn, [told for move in moves for told in move.follow_ups])
    await _save_candidates(conn, [move.candidate for move in moves if move.candidate])
    await _save_verdicts(conn, [move for move in moves if move.account is not None])


async def save_follow_ups(conn: database.Connection, told: Sequence[FollowUp]) -> None:
    if told:
        rows = [(one.to, one.by, one.kind, one.model_dump_json()) for one in told]
        await conn.execute(SQL["save_follow_ups"], *_transposed(rows))


async def _save_candidates(conn: database.Connection, found: Sequence[Candidate]) -> None:
    if found:
        rows = [
            (one.id, one.case_id, one.number, one.made_at, one.authority, orjson.dumps(one.rule).decode())
            for one in found
        ]
        await conn.execute(SQL["save_candidates"], *_transposed(rows))


async def _save_verdicts(conn: database.Connection, asked_again: Sequence[Move]) -> None:
    if asked_again:
        rows = [(one.case.id, one.case.version, one.at, one.command, one.account) for one in asked_again]
        await conn.execute(SQL["save_verdicts"], *_transposed(rows))


async def waiting_follow_ups(pool: asyncpg.Pool) -> list[tuple[int, CaseId]]:
    """Those not done yet, oldest first: their numbers, and whose lock each needs."""
    return [(row["id"], CaseId(row["case_id"])) for row in await pool.fetch(SQL["waiting_follow_ups"])]


async def follow_ups(conn: database.Connection, ids: Sequence[int]) -> list[tuple[int, FollowUp]]:
    """Those of them that are still to be done, in the order written."""
    rows = await conn.fetch(SQL["follow_ups"], list(ids))
    return [(row["id"], FOLLOW_UP.validate_json(row["body"])) for row in rows]


async def follow_ups_done(conn: database.Connection, ids: Sequence[int]) -> None:
    await conn.execute(SQL["follow_ups_done"], list(ids))


async def follow_up_failed(pool: asyncpg.Pool, number: int, why: str) -> None:
    """Set aside until a person has looked."""
    await pool.execute(SQL["follow_up_failed"], number, why)


async def unconfirmed(pool: asyncpg.Pool) -> tuple[int, datetime | None, datetime]:
    """Emergencies the desk has not confirmed: how many, since when (city time) the oldest, and the wall's time now."""
    row = await pool.fetchrow(SQL["unconfirmed"])
    assert row is not None
    return row["many"], row["since"], row["wall"]


async def reviewable(conn: database.Connection, shard: int, now: datetime) -> list[CaseId]:
    """Cases whose return nobody has judged in time."""
    return [CaseId(row["case_id"]) for row in await conn.fetch(SQL["reviewable"], shard, now)]


async def seen_among(
    conn: database.Connection, asked: Sequence[tuple[str, CaseId]]
) -> set[tuple[str, CaseId]]:
    """Those of these (department, case) where the department has or had the case."""
    rows = await conn.fetch(SQL["seen_among"], *_transposed(asked)) if asked else []
    return {(row["department"], CaseId(row["case_id"])) for row in rows}


async def save_acts(conn: database.Connection, acts: Sequence[ActRow]) -> None:
    if acts:
        rows = [
            (one.case_id, one.act.act_id, one.event_id, one.act.kind, one.act.model_dump_json(), one.taken)
            for one in acts
        ]
        await conn.execute(SQL["save_acts"], *_transposed(rows))


async def replies_to(
    conn: database.Connection, asked: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Reply]:
    """Earlier replies by (actor, command id)."""
    if not asked:
        return {}
    rows = await conn.fetch(SQL["replies_to"], *_transposed(asked))
    return {(row["actor"], row["command_id"]): Reply(**dict(row)) for row in rows}


async def save_replies(conn: database.Connection, replies: Sequence[Reply], now: datetime) -> None:
    """Raises Raced when one of them has been given in this moment by another shard."""
    if not replies:
        return
    rows = [(one.actor, one.command_id, one.body, one.type, one.data) for one in replies]
    if await conn.fetchval(SQL["save_replies"], *_transposed(rows), now) < len(rows):
        raise Raced


async def forget_replies(conn: database.Connection, before: datetime) -> int:
    """Up to a thousand replies given before this instant; returns how many are gone."""
    done: str = await conn.execute(SQL["forget_replies"], before)
    return int(done.rpartition(" ")[2])


async def timed(conn: database.Connection, shard: int, now: datetime) -> list[CaseId]:
    """Cases whose next timer is due, the earliest first, none of them parked."""
    return [CaseId(row["case_id"]) for row in await conn.fetch(SQL["timed"], shard, now)]


def _transposed(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


@lru_cache(maxsize=1000)
def _read_plan(body: str) -> Plan:
    return Plan.model_validate_json(body)


def promise(plan: Plan) -> tuple[str, str]:
    """A plan as it is stored: (digest, JSON)."""
    return _promise(plan.written)


@lru_cache(maxsize=1000)
def _promise(written: bytes) -> tuple[str, str]:
    return sha256(written).hexdigest()[:32], written.decode()


def _columns(case: Case, shard: int) -> tuple[Any, ...]:
    """In the order of `register` in queries.sql."""
    return (
        case.id, shard, case.number, case.state, case.version, case.assignment_version, case.holder.unit,
        case.holder.is_desk, case.holder.reason, case.bounces, case.kind, case.category, case.area, case.triage_class,
        promise(case.plan)[0], case.received_at, case.changed_at, case.responded_at, case.close_at,
        case.quarrel.review_at, case.unconfirmed_since, _timer_at(case), _record(case),
    )  # fmt: skip


def _record(case: Case) -> str:
    """Assignments, trail and handler as compact JSON; instants in microseconds."""
    return orjson.dumps({
        "a": [[a.id, a.version, a.department, a.role, _micros(a.opened_at), a.closed_at and _micros(a.closed_at), *([1] if a.forced else [])]
              for a in case.assignments],
        "t": [[_micros(at), state] for at, state in case.trail],
        "h": [case.handler.id, case.handler.name] if case.handler else None,
        "o": case.area_owner,
        **_seldom(case),
    }).decode()  # fmt: skip


_QUARREL, _FAMILY = TypeAdapter(Quarrel), TypeAdapter(Family)


def _seldom(case: Case) -> dict[str, Any]:
    """What most cases have nothing of."""
    found: dict[str, Any] = {}
    if case.quarrel != quarrels.NONE:
        found["q"] = _QUARREL.dump_python(case.quarrel, mode="json")
    if case.family != families.NONE:
        found["f"] = _FAMILY.dump_python(case.family, mode="json")
    if case.emergency is not None:
        found["e"] = case.emergency
    if case.standing != standings.NOTHING:
        found["s"] = standings.written(case.standing)
    return found


def _timer_at(case: Case) -> datetime | None:
    timer = timers.next_of(case)
    return timer.at if timer else None


def case_in(row: asyncpg.Record) -> Case:
    """A row of `cases` with its plan."""
    record = orjson.loads(row["record"])
    handler = record["h"]
    return Case(
        id=CaseId(row["case_id"]),
        number=row["number"],
        state=State(row["state"]),
        version=row["version"],
        assignment_version=row["assignment_version"],
        holder=Holder(unit=row["holder"], is_desk=row["holder_is_desk"], reason=row["holder_reason"]),
        assignments=tuple(_assignment(*one) for one in record["a"]),
        trail=tuple((_instant(at), State(state)) for at, state in record["t"]),
        kind=Kind(row["kind"]),
        category=row["category"],
        area=row["area"],
        triage_class=TriageClass(row["triage_class"]),
        plan=_read_plan(row["plan_body"]),
        received_at=row["received_at"],
        changed_at=row["changed_at"],
        bounces=row["bounces"],
        handler=Handler(id=handler[0], name=handler[1]) if handler else None,
        responded_at=row["responded_at"],
        close_at=row["close_at"],
        area_owner=record.get("o"),
        emergency=Emergency(record["e"]) if "e" in record else None,
        unconfirmed_since=row["unconfirmed_since"],
        quarrel=_QUARREL.validate_python(record["q"]) if "q" in record else quarrels.NONE,
        family=_FAMILY.validate_python(record["f"]) if "f" in record else families.NONE,
        standing=standings.read(record.get("s")),
    )


def _assignment(
    id_: str, version: int, department: str, role: str, opened: int, closed: int | None, forced: int = 0
) -> Assignment:
    ended = None if closed is None else _instant(closed)
    return Assignment(id_, version, department, role, _instant(opened), ended, bool(forced))


def _micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _instant(micros: int) -> datetime:
    return EPOCH + micros * MICROSECOND
