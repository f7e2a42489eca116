"""The durable door: concurrent requests share a commit (delivery rule 11).

One commit is under way at a time in a process; what arrives meanwhile makes the next. Nobody waits for company: a
request that finds the door free goes through alone. When a whole commit's worth is waiting, a second leaf opens, so
that one is prepared while the other waits for the disk. Intake takes no shard lock: a case has one submission, the
key decides, and keys are inserted in order, so two leaves never wait for each other in a circle.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

import asyncpg

from services.chassis import outbox, telemetry
from services.chassis.clock import CityClock, monotonic
from services.chassis.database import Connection
from services.chassis.failure import Nature, nature, reason
from services.chassis.numbering import Unnumbered
from services.contracts import ids
from services.intake import decide, metrics, store
from services.intake.decide import Accepted, Stored, Verdict
from services.intake.submission import Entry

log = telemetry.logger("intake")
DERIVATIONS = 16
LEAVES = 2
Tell: TypeAlias = Callable[[Sequence[Unnumbered]], None]
Pooled: TypeAlias = asyncpg.pool.PoolConnectionProxy


class Unavailable(Exception):
    """Not committed in time, or not at all: the same request may be sent again."""


class Ticket:
    """One HTTP request's entries, and who awaits their verdicts."""

    __slots__ = ("entries", "future")

    def __init__(self, entries: Sequence[Entry], future: "asyncio.Future[list[Verdict]]") -> None:
        self.entries, self.future = entries, future

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(slots=True)
class Found:
    """Of the cases of one commit: the numbers of the new ones, the journal's line of those that were there, and those
    whose Idempotency-Key was another's."""

    new: dict[str, str] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


class Door:
    """`admit` is all there is to call. `tell` gives the publisher what was committed."""

    def __init__(
        self, pool: asyncpg.Pool, clock: CityClock, zone: ZoneInfo, tell: Tell, *, within_s: float, items: int
    ) -> None:
        self._pool, self._clock, self._zone, self._tell = pool, clock, zone, tell
        self._within_s, self._items = within_s, items
        self._queue: deque[Ticket] = deque()
        self._queued = 0
        self._passing: set[asyncio.Task[None]] = set()

    async def admit(self, entries: Sequence[Entry]) -> list[Verdict]:
        """The verdicts, in order, after the commit. Raises Unavailable; a surprise of one entry is raised as it is."""
        loop = asyncio.get_running_loop()
        ticket = Ticket(entries, loop.create_future())
        self._queue.append(ticket)
        self._queued += len(entries)
        if not self._passing or (self._queued >= self._items and len(self._passing) < LEAVES):
            passing = loop.create_task(self._pass())
            self._passing.add(passing)
        alarm = loop.call_later(self._within_s, ticket.fail, Unavailable("no commit in time"))
        try:
            return await ticket.future
        finally:
            alarm.cancel()

    async def _pass(self) -> None:
        """Until nobody waits. Holds one connection meanwhile: taking one from the pool costs a round trip."""
        conn: Pooled | None = None
        try:
            while self._queue:
                tickets = self._take()
                if not tickets:  # all of them have been answered 503 meanwhile
                    continue
                try:
                    async with asyncio.timeout(self._within_s):
                        conn = conn or await self._pool.acquire()
                        await self._settle(conn, tickets)
                except Exception as failed:
                    self._refuse(tickets, failed)
                    broken, conn = conn, None
                    await self._part_with(broken)
        finally:
            self._passing.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            if conn is not None:
                await self._pool.release(conn)

    def _take(self) -> list[Ticket]:
        """The next who share a commit. Who has been answered 503 already is not written any more."""
        tickets: list[Ticket] = []
        size = 0
        while self._queue and (not tickets or size + len(self._queue[0].entries) <= self._items):
            ticket = self._queue.popleft()
            self._queued -= len(ticket.entries)
            if not ticket.future.done():
                tickets.append(ticket)
                size += len(ticket.entries)
        return tickets

    async def _settle(self, conn: Connection, tickets: Sequence[Ticket]) -> None:
        answers = iter(await self._verdicts(conn, [entry for ticket in tickets for entry in ticket.entries]))
        for ticket in tickets:
            own = [next(answers) for _ in ticket.entries]
            surprise = next((answer for answer in own if isinstance(answer, Exception)), None)
            if surprise is not None:
                ticket.fail(surprise)
            elif not ticket.future.done():
                ticket.future.set_result([answer for answer in own if not isinstance(answer, Exception)])

    async def _verdicts(self, conn: Connection, entries: Sequence[Entry]) -> list[Verdict | Exception]:
        """In order. When something in a commit cannot be stored it is halved until that one is alone."""
        try:
            return [*await self._commit(conn, entries)]
        except Exception as failed:
            if nature(failed) is Nature.TRANSIENT:
                raise
            log.error("intake.failed", reason=reason(failed), items=len(entries))
            if len(entries) == 1:
                return [decide.NOT_STORABLE if isinstance(failed, asyncpg.DataError) else failed]
        half = len(entries) // 2
        return [*await self._verdicts(conn, entries[:half]), *await self._verdicts(conn, entries[half:])]

    def _refuse(self, tickets: Sequence[Ticket], failed: BaseException) -> None:
        """The store is away: everybody here hears it now, those still queued too."""
        away = nature(failed) is Nature.TRANSIENT
        if not away:
            log.error("intake.failed", reason=reason(failed))
        for ticket in [*tickets, *(self._queue if away else ())]:
            ticket.fail(Unavailable(type(failed).__name__) if away else failed)
        if away:
            self._queue.clear()
            self._queued = 0
            metrics.STORE_AWAY.inc()

    async def _part_with(self, conn: Pooled | None) -> None:
        """A connection in doubt is closed, never asked to roll back: a frozen server would not answer."""
        if conn is not None:
            conn.terminate()
            await self._pool.release(conn)

    async def _commit(self, conn: Connection, entries: Sequence[Entry]) -> list[Verdict]:
        """One transaction: everything or nothing. The verdicts of `entries`, in their order."""
        began = monotonic()
        received_at = self._clock.city(await store.time(conn)).astimezone(UTC)
        first = {entry.case_id: entry for entry in reversed(entries)}
        ordered = [first[case_id] for case_id in sorted(first)]
        try:
            found, rows = await self._straight(conn, ordered, received_at)
        except asyncpg.UniqueViolationError:
            found, rows = await self._carefully(conn, ordered, received_at)
        metrics.COMMIT_SECONDS.observe(monotonic() - began)
        metrics.COMMIT_REQUESTS.observe(len(entries))
        self._tell(rows)
        return [judged(entry, first[entry.case_id], found, received_at) for entry in entries]

    async def _straight(
        self, conn: Connection, ordered: Sequence[Entry], received_at: datetime
    ) -> tuple[Found, list[Unnumbered]]:
        """As nearly always: all of it is new. Two round trips instead of five."""
        numbers = self._numbers(ordered, received_at, 0)
        rows = store.announced(ordered, numbers, written(received_at))
        return Found(numbers), await store.take(conn, ordered, numbers, received_at, rows)

    async def _carefully(
        self, conn: Connection, ordered: Sequence[Entry], received_at: datetime
    ) -> tuple[Found, list[Unnumbered]]:
        """Something was there before: tell what, and write the rest."""
        await conn.execute("BEGIN")
        try:
            found = await self._journal(conn, ordered, received_at)
            new = [entry for entry in ordered if entry.case_id in found.new]
            rows = store.announced(new, found.new, written(received_at))
            told = await outbox.append_late(conn, rows) if rows else []
            await conn.execute("COMMIT")
        except Exception as failed:
            if nature(failed) is not Nature.TRANSIENT:
                await conn.execute("ROLLBACK")
            raise
        return found, told

    def _numbers(self, entries: Sequence[Entry], received_at: datetime, attempt: int) -> dict[str, str]:
        day = received_at.astimezone(self._zone).date()
        return {entry.case_id: ids.public_number(entry.case_id, day, attempt) for entry in entries}

    async def _journal(self, conn: Connection, ordered: Sequence[Entry], received_at: datetime) -> Found:
        """Write what is new; a number that is taken gets its next derivation."""
        found = Found()
        left = list(ordered)
        for attempt in range(DERIVATIONS):
            numbers = self._numbers(left, received_at, attempt)
            inserted = await store.journal(conn, left, numbers, received_at)
            if len(inserted) == len(numbers):
                found.new |= numbers
                return found
            found.new |= {case_id: numbers[case_id] for case_id in inserted}
            left = [entry for entry in left if entry.case_id not in inserted]
            found.stored |= await store.journaled(conn, [entry.case_id for entry in left])
            left = [entry for entry in left if entry.case_id not in found.stored]
            taken = await store.keys_taken(conn, left)
            found.refused |= {
                entry.case_id for entry in left if (entry.channel, entry.idempotency_key) in taken
            }
            left = [entry for entry in left if entry.case_id not in found.refused]
            if not left:
                return found
        raise RuntimeError(f"no public number is free after {DERIVATIONS} derivations")


def judged(entry: Entry, first: Entry, found: Found, received_at: datetime) -> Verdict:
    """One entry's verdict. Of several under one key in a commit the `first` is new and the others repeat it."""
    number = found.new.get(entry.case_id)
    if number is not None:
        if entry is first:
            return Accepted(entry.case_id, number, received_at)
        return decide.repeated(entry.case_id, entry.body_hash, Stored(first.body_hash, number, received_at))
    if entry.case_id in found.refused:
        return decide.REPEATED_OTHERWISE
    return decide.repeated(entry.case_id, entry.body_hash, found.stored[entry.case_id])


@functools.lru_cache(maxsize=256)
def written(at: datetime) -> str:
    """RFC 3339 in UTC, as every event and answer has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
