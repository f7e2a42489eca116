"""Clocks and plans in the database; one function per question. Everything is set-based: a batch is one statement."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from services.chassis import queries
from services.chassis.database import Connection
from services.contracts import ids
from services.contracts.ids import CaseId, ClockId
from services.contracts.plans import NOTHING, Plan
from services.contracts.values import ClockKind, Handler
from services.sla import clocks
from services.sla.clocks import Clock, Holding, Outcome, Past, Rest, Stop
from services.sla.course import Course
from services.sla.fold import ALWAYS
from services.sla.plain import Climbed
from services.sla.scorecard import Exclusion

SQL = queries.load(Path(__file__).with_name("queries.sql"))
Json: TypeAlias = dict[str, list[Any]]
NOBODY: Json = {"held": []}
RUNNING_S = 60.0
NONE_OWED: dict[str, list[str]] = {"at": []}
_COURSE = TypeAdapter(Course)


@dataclass(slots=True)
class Plans:
    """Plans by the hash of their content, read once: a city has tens, its cases have millions of references.

    `kept`: those that are in the store by a commit of ours, and need not be written again.
    """

    known: dict[UUID, Plan] = field(default_factory=dict)
    kept: set[UUID] = field(default_factory=set)

    async def of(self, conn: Connection, keys: Collection[UUID]) -> dict[UUID, Plan]:
        unknown = [key for key in keys if key not in self.known]
        if unknown:
            for row in await conn.fetch(SQL["plans"], unknown):
                self.known[row["key"]] = Plan.model_validate(row["body"])
        return self.known


def plan_key(plan: Plan) -> UUID:
    return _key(plan.written)


@lru_cache(maxsize=1000)
def _key(written: bytes) -> UUID:
    return ids.derive("plan", written.decode())


async def clocks_of(
    conn: Connection, plans: Plans, cases: Iterable[CaseId], more: Mapping[CaseId, Iterable[ClockId]] = {}
) -> dict[CaseId, dict[ClockId, Clock]]:
    """The clocks of these cases: response, close, then `more`; an empty dict for a case that has none."""
    wanted = {
        case: [*(clocks.clock_id(case, kind) for kind in ALWAYS), *more.get(case, ())] for case in cases
    }
    rows = await conn.fetch(SQL["clocks"], [each for of_case in wanted.values() for each in of_case])
    found = {clock.clock_id: clock for clock in await _clocks(conn, plans, rows)}
    return {
        case: {each: found[each] for each in of_case if each in found} for case, of_case in wanted.items()
    }


async def courses_of(conn: Connection, cases: Iterable[CaseId]) -> dict[CaseId, Course]:
    """The courses of these cases; none of a case that was never registered."""
    rows = await conn.fetch(SQL["courses"], list(cases))
    return {CaseId(row["case_id"]): _COURSE.validate_python(row["body"]) for row in rows}


async def save_courses(conn: Connection, shard: int, changed: Mapping[CaseId, Course]) -> None:
    if not changed:
        return
    cases = sorted(changed)
    bodies = [_COURSE.dump_python(changed[case], mode="json", exclude_defaults=True) for case in cases]
    await conn.execute(SQL["save_courses"], cases, shard, bodies)


async def case_by_number(conn: Connection, number: str) -> CaseId | None:
    found: UUID | None = await conn.fetchval(SQL["case_by_number"], number)
    return CaseId(found) if found else None


async def due(
    conn: Connection, shard: int, until: datetime, held: Collection[UUID], limit: int
) -> list[asyncpg.Record]:
    """At most `limit` clocks whose next rung fell due by `until`, by that instant; none of the cases held.

    Rows of plain.COLUMNS, and `plain`: whether the clock is one; the others are read whole.
    """
    return list(await conn.fetch(SQL["due"], shard, until, list(held), limit))


async def clocks_by_id(conn: Connection, plans: Plans, wanted: Sequence[UUID]) -> list[Clock]:
    """These clocks, in no order."""
    return await _clocks(conn, plans, await conn.fetch(SQL["clocks"], wanted)) if wanted else []


async def due_of(conn: Connection, plans: Plans, shard: int, until: datetime, case: CaseId) -> list[Clock]:
    """The clocks of one case among them."""
    return await _clocks(conn, plans, await conn.fetch(SQL["due_of"], shard, until, case))


async def due_cases(
    conn: Connection, shard: int, until: datetime, held: Collection[UUID], limit: int
) -> list[CaseId]:
    """The cases of `due`, each once, in the same order."""
    rows = await conn.fetch(SQL["due_cases"], shard, until, list(held), limit)
    return list(dict.fromkeys(CaseId(row["case_id"]) for row in rows))


async def next_rung_at(conn: Connection, shard: int, held: Collection[UUID]) -> datetime | None:
    found: datetime | None = await conn.fetchval(SQL["next_rung_at"], shard, list(held))
    return found


async def parked_here(conn: Connection, shard: int) -> frozenset[UUID]:
    """Cases that this service itself has parked: what they would say of their clocks is not known."""
    return frozenset(row["case_id"] for row in await conn.fetch(SQL["parked_here"], shard))


async def open_clocks(
    conn: Connection, shard: int, opened: Sequence[Clock], kept_plans: Container[UUID] = ()
) -> Collection[UUID]:
    """Returns the keys of the plans that are in the store once this is committed, beside those known to be."""
    if not opened:
        return ()
    keys = {clock.clock_id: plan_key(clock.plan) for clock in opened}
    plans = {key: clock.plan for clock in opened if (key := keys[clock.clock_id]) not in kept_plans}
    await _keep_plans(conn, plans)
    rows = [
        (clock.clock_id, clock.case_id, keys[clock.clock_id], clock.started_at, clock.due_at, clock.next_rung_at, shard,
         clock.rung, clock.holding.is_desk, clock.kind, clock.number, clock.holding.unit, *_handler(clock.holding),
         clock.category, clock.area, *_stop(clock.stop), clock.outcome, _past(clock.past), clock.breached_at,
         clock.corrected, clock.instance or None, clock.given_due_at)
        for clock in opened
    ]  # fmt: skip
    await conn.execute(SQL["open_clocks"], *map(list, zip(*rows, strict=True)))
    return plans.keys()


async def save(conn: Connection, changed: Collection[Clock]) -> None:
    if not changed:
        return
    rows = [
        (clock.clock_id, clock.rung, clock.next_rung_at, clock.holding.unit, clock.holding.is_desk,
         *_handler(clock.holding), _past(clock.past), *_stop(clock.stop), clock.breached_at, clock.corrected,
         clock.outcome, clock.started_at, clock.due_at, _owed(clock.owed))
        for clock in changed
    ]  # fmt: skip
    await conn.execute(SQL["save_clocks"], *map(list, zip(*rows, strict=True)))


async def save_plain(conn: Connection, climbed: Collection[Climbed]) -> None:
    if climbed:
        await conn.execute(SQL["save_plain"], *zip(*climbed, strict=True))


async def replace_clocks(
    conn: Connection, shard: int, gone: Sequence[ClockId], right: Sequence[Clock]
) -> None:
    """These rows go, and those come, with every column of theirs."""
    await conn.execute(SQL["delete_clocks"], gone)
    await open_clocks(conn, shard, right)
    await save(conn, right)
    await move(
        conn, [clock for clock in right if clock.rest or clock.credit or clock.extended or clock.reopened]
    )


async def move(conn: Connection, moved: Collection[Clock]) -> None:
    """What a rest, an extension, a redo or a tighter plan changes."""
    if not moved:
        return
    keys = {clock.clock_id: plan_key(clock.plan) for clock in moved}
    await _keep_plans(conn, {keys[clock.clock_id]: clock.plan for clock in moved})
    rows = [
        (
            clock.clock_id,
            _rest(clock.rest),
            clock.credit,
            clock.extended,
            clock.reopened,
            keys[clock.clock_id],
        )
        for clock in moved
    ]
    await conn.execute(SQL["move_clocks"], *map(list, zip(*rows, strict=True)))


async def _keep_plans(conn: Connection, plans: Mapping[UUID, Plan]) -> None:
    if plans:
        keys = sorted(plans)
        await conn.execute(SQL["keep_plans"], keys, [plans[key].model_dump(mode="json") for key in keys])


async def wall(conn: Connection) -> datetime:
    found: datetime = await conn.fetchval(SQL["wall"])
    return found


async def past_cases(conn: Connection, since: datetime) -> list[asyncpg.Record]:
    """holder, category, area, started_at, closed_at, responded_at of every case received since, but those that ended otherwise."""
    return list(await conn.fetch(SQL["past_cases"], since))


async def cases_of_area(conn: Connection, area: str, since: datetime, until: datetime) -> list[CaseId]:
    """Received in [since, until) in this area or below it."""
    return [CaseId(row["case_id"]) for row in await conn.fetch(SQL["cases_of_area"], area, since, until)]


async def cases_due(conn: Connection, since: datetime, until: datetime) -> list[CaseId]:
    """Cases of which a response or a close falls due in [since, until)."""
    return [CaseId(row["case_id"]) for row in await conn.fetch(SQL["cases_due"], since, until)]


async def exclude(conn: Connection, week: str, one: Exclusion) -> None:
    """Once for a case's clock; the first reason stays."""
    await conn.execute(SQL["exclude"], week, one.number, one.clock, one.reason, one.approver)


async def exclusions(conn: Connection, week: str) -> list[Exclusion]:
    return [Exclusion(**dict(row)) for row in await conn.fetch(SQL["exclusions"], week)]


async def publish(conn: Connection, week: str, revision: int, body: str, at: datetime) -> None:
    await conn.execute(SQL["publish"], week, revision, body, at)


async def scorecard(conn: Connection, week: str) -> tuple[str, int] | None:
    """The last revision that was published: its bytes and its number."""
    row = await conn.fetchrow(SQL["scorecard"], week)
    return (row["body"], row["revision"]) if row else None


@dataclass(frozen=True, slots=True)
class Count:
    """How many clocks of one kind one unit holds, in two bounds; and when the oldest of them began."""

    kind: str
    holder: str
    many: int
    some: int
    oldest_at: datetime | None = None


async def running(conn: Connection, now: datetime) -> list[Count]:
    """many: not answered yet; some: of these, past due; and since when the oldest runs.

    In a transaction: ten million clocks take longer than a statement may otherwise.
    """
    await conn.execute(SQL["take_your_time"])
    return [Count(*row) for row in await conn.fetch(SQL["running"], now, timeout=RUNNING_S)]


async def due_soon(conn: Connection, now: datetime) -> list[Count]:
    """many: due within an hour; some: within five minutes."""
    return [Count(*row) for row in await conn.fetch(SQL["due_soon"], now)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which clocks a list shows: due in [since, until), after `place` (due, clock id). None: all."""

    place: tuple[datetime, UUID]
    since: datetime
    until: datetime
    kind: str | None = None
    holder: str | None = None
    not_held_by: Sequence[str] | None = None
    category: str | None = None
    limit: int = 50


async def listed(conn: Connection, plans: Plans, asked: Asked, late: bool | None) -> list[Clock]:
    """By due, the earliest first. `late`: None, those that run; False, those counted as breached; True, as corrected."""
    wanted = [
        *asked.place, asked.since, asked.until, asked.kind, asked.holder, asked.not_held_by, asked.category, asked.limit
    ]  # fmt: skip
    query = (
        conn.fetch(SQL["listed_running"], *wanted)
        if late is None
        else conn.fetch(SQL["listed_late"], *wanted, late)
    )
    return await _clocks(conn, plans, await query)


async def applied(conn: Connection, log: str) -> dict[int, int]:
    """The last number of `log` ("source>topic") applied, by shard."""
    return {row["shard"]: row["last"] for row in await conn.fetch(SQL["applied"], log)}


async def overdue_rungs(conn: Connection, shard: int, now: datetime) -> int:
    """Rungs past their instant that have not fired, counted up to 10,000."""
    return int(await conn.fetchval(SQL["overdue_rungs"], shard, now))


async def _clocks(conn: Connection, plans: Plans, rows: Sequence[asyncpg.Record]) -> list[Clock]:
    known = await plans.of(conn, {row["plan"] for row in rows})
    return [read_clock(row, known[row["plan"]]) for row in rows]


def read_clock(row: asyncpg.Record, plan: Plan) -> Clock:
    stopped_at, outcome = row["stopped_at"], row["outcome"]
    return Clock(
        clock_id=row["clock_id"], case_id=row["case_id"], kind=ClockKind(row["kind"]), number=row["number"], plan=plan,
        started_at=row["started_at"], due_at=row["due_at"],
        holding=_holding(row["holder"], row["holder_is_desk"], row["handler_id"], row["handler_name"]),
        category=row["category"], area=row["area"], next_rung_at=row["next_rung_at"], rung=row["rung"],
        past=tuple(Past(datetime.fromisoformat(until), _holding(*held)) for until, *held in (row["past"] or NOBODY)["held"]),
        stop=Stop(stopped_at, row["stopped_by"], row["cancels"]) if stopped_at else None,
        breached_at=row["breached_at"], corrected=row["corrected"], outcome=Outcome(outcome) if outcome else None,
        instance=row["instance"] or "", given_due_at=row["given_due_at"],
        rest=_read_rest(row["rest"]), credit=row["credit"] or NOTHING,
        extended=row["extended"] or NOTHING, reopened=row["reopened"] or 0,
        owed=tuple(datetime.fromisoformat(at) for at in (row["owed"] or NONE_OWED)["at"]),
    )  # fmt: skip


def _holding(unit: str, is_desk: bool, handler_id: str | None, handler_name: str | None) -> Holding:
    handler = Handler(id=handler_id, name=handler_name) if handler_id and handler_name else None
    return Holding(unit, is_desk, handler)


def _handler(holding: Holding) -> tuple[str | None, str | None]:
    return (holding.handler.id, holding.handler.name) if holding.handler else (None, None)


def _stop(stop: Stop | None) -> tuple[datetime | None, str | None, bool]:
    return (stop.at, stop.by, stop.cancels) if stop else (None, None, False)


def _owed(owed: Sequence[datetime]) -> dict[str, list[str]] | None:
    return {"at": [at.isoformat() for at in owed]} if owed else None


def _read_rest(body: dict[str, str] | None) -> Rest | None:
    if body is None:
        return None
    return Rest(body["reason"], datetime.fromisoformat(body["since"]), datetime.fromisoformat(body["until"]))


def _rest(rest: Rest | None) -> dict[str, str] | None:
    if rest is None:
        return None
    return {"reason": rest.reason, "since": rest.since.isoformat(), "until": rest.until.isoformat()}


def _past(past: Sequence[Past]) -> Json | None:
    """An object, as asyncpg takes a list of lists for an array of two dimensions."""
    held = ((each.until.isoformat(), each.holding) for each in past)
    rows = [[until, one.unit, one.is_desk, *_handler(one)] for until, one in held]
    return {"held": rows} if rows else None
