"""Lanes: in a process, all work for one shard queues here and becomes one batch, one transaction (delivery rule 2).

Kafka batches, HTTP commands and timer ticks take the same path. What fails is tried alone; what fails alone is
parked or handed back to who asked; what fails for reasons of the moment is tried again (delivery rule 9).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import asyncpg

from services.chassis import metrics, telemetry, transaction
from services.chassis.clock import CityClock, monotonic
from services.chassis.failure import Busy, Gap, Nature, ShardStopped, nature, reason
from services.chassis.outbox import Publisher
from services.chassis.transaction import Tx

log = telemetry.logger("lanes")
T = TypeVar("T")
BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0)
FAILING_CASES_LIMIT = 5
GivenUp = Callable[[Tx[Any], BaseException], Awaitable[tuple[T, str | None]]]


class Work(Protocol):
    """Something to be done in a shard's transaction. `size` is in events.

    `rereads`: it comes from a place its consumer can go back to; after a gap it is dropped here and read again.
    """

    size: int
    rereads: bool

    async def apply(self, tx: Tx[Any]) -> None: ...

    def split(self) -> "Sequence[Work]": ...

    async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
        """It failed alone: park it, in a transaction of its own. Returns the case, None when there is none."""

    def succeed(self) -> None: ...

    def fail(self, error: BaseException) -> None: ...

    def expired(self) -> bool: ...


@dataclass(slots=True, eq=False)
class Job:
    """An HTTP command or a tick: a function of the transaction whose result somebody awaits.

    `given_up`: what is done, in a transaction of its own, when it failed alone for a reason of ours: the answer, and
    the case it has parked. Without it the error goes to who asked.
    """

    function: Callable[[Tx[Any]], Awaitable[Any]]
    future: "asyncio.Future[Any]"
    deadline: float
    given_up: "GivenUp[Any] | None" = None
    result: Any = None
    size: int = 1
    rereads: bool = False

    async def apply(self, tx: Tx[Any]) -> None:
        self.result = await self.function(tx)

    def split(self) -> Sequence[Work]:
        return (self,)

    async def apply_failed(self, tx: Tx[Any], error: BaseException) -> str | None:
        if self.given_up is None:
            raise error
        self.result, case = await self.given_up(tx, error)
        return case

    def succeed(self) -> None:
        if not self.future.done():
            self.future.set_result(self.result)

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    def expired(self) -> bool:
        return self.future.done() or monotonic() > self.deadline


@dataclass(slots=True)
class Lane:
    """One shard's queue and the task that empties it."""

    shard: int
    lanes: "Lanes"
    queue: "deque[Work]" = field(default_factory=deque)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: str | None = None
    failing: set[str] = field(default_factory=set)
    busy: bool = False

    def put(self, work: Work) -> None:
        if self.stopped is not None:
            work.fail(ShardStopped(self.stopped))
            return
        self.queue.append(work)
        self.arrived.set()

    async def run(self) -> None:
        while True:
            await self.arrived.wait()
            self.arrived.clear()
            while self.queue:
                self.busy = True
                try:
                    await self._do(self._take())
                finally:
                    self.busy = False

    def queued(self) -> int:
        return sum(work.size for work in self.queue)

    def _take(self) -> list[Work]:
        taken: list[Work] = []
        size = 0
        while self.queue and (not taken or size + self.queue[0].size <= self.lanes.batch_size):
            work = self.queue.popleft()
            if isinstance(work, Job) and work.expired():
                work.fail(Busy())
                continue
            taken.append(work)
            size += work.size
        return taken

    async def _do(self, works: Sequence[Work]) -> None:
        """Together if possible, else each alone, in order."""
        if not works:
            return
        error = await self._persist(works)
        if error is None:
            self._went_well(works)
            return
        if nature(error) is Nature.STOP:
            self._stop(error, works)
        elif len(works) == 1 and works[0].split() == (works[0],):
            stop = await self._give_up(works[0], error)
            if stop is not None:
                self._stop(stop, works)
        else:
            await self._each(works)

    async def _each(self, works: Sequence[Work]) -> None:
        for place, work in enumerate(works):
            for piece in work.split():
                error = await self._alone(piece)
                if error is not None:
                    self._stop(error, works[place:])
                    return
            work.succeed()

    async def _alone(self, piece: Work) -> BaseException | None:
        """One piece in its own transaction. Returns what stops the shard, if that is what came of it."""
        error = await self._persist([piece])
        if error is None:
            self._went_well([piece])
            return None
        if nature(error) is Nature.STOP:
            return error
        return await self._give_up(piece, error)

    def _went_well(self, works: Sequence[Work]) -> None:
        """A row of failing cases ends with a case that does not fail; a tick that has nothing to do is no case."""
        if not all(isinstance(work, Job) for work in works):
            self.failing.clear()

    async def _give_up(self, piece: Work, error: BaseException) -> BaseException | None:
        """It failed alone, for a reason of its own: park it, or hand the error to who asked."""
        log.error("work.failed", shard=self.shard, reason=reason(error))
        parked: list[str | None] = []

        async def park(tx: Tx[Any]) -> None:
            parked.append(await piece.apply_failed(tx, error))

        try:
            await self._transact(park)
        except Exception as again:
            if nature(again) is Nature.TRANSIENT:
                return await self._alone(piece)
            piece.fail(again)
            return None if again is error else again
        piece.succeed()
        self.failing |= {case for case in parked if case is not None}
        if len(self.failing) < FAILING_CASES_LIMIT:
            return None
        stop = ShardStopped(f"{FAILING_CASES_LIMIT} cases failed in a row, last: {reason(error)}")
        self.stop(str(stop))
        return stop

    async def _persist(self, works: Sequence[Work]) -> BaseException | None:
        """One transaction for all of them, tried again while the failure is of the moment. None: committed."""

        async def together(tx: Tx[Any]) -> None:
            for work in works:
                await work.apply(tx)

        attempt = 0
        while True:
            try:
                await self._transact(together)
            except Exception as error:
                if nature(error) is not Nature.TRANSIENT:
                    return error
                log.warning("transaction.again", shard=self.shard, error=type(error).__name__)
                works = self._still_wanted(works)
                if not works:
                    return None
                await asyncio.sleep(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)])
                attempt += 1
                continue
            for work in works:
                work.succeed()
            return None

    def _still_wanted(self, works: Sequence[Work]) -> list[Work]:
        for work in works:
            if work.expired():
                work.fail(Busy())
        return [work for work in works if not work.expired()]

    async def _transact(self, body: Callable[[Tx[Any]], Awaitable[None]]) -> None:
        lanes, began = self.lanes, monotonic()
        async with transaction.begin(lanes.pool, lanes.service, self.shard, lanes.clock, lanes.state) as tx:
            await body(tx)
        metrics.BATCH_SECONDS.observe(monotonic() - began)
        metrics.PARKED_CASES.labels(self.shard).set(tx.row.parked)
        lanes.publisher.offer(self.shard, tx.written)

    def _stop(self, error: BaseException, works: Sequence[Work]) -> None:
        """The shard waits for an operator. A gap only sends events back to the consumer, which reads again first."""
        if isinstance(error, Gap):
            waiting = [*works, *self.queue]
            self.queue = deque(work for work in waiting if not work.rereads)
            self.arrived.set()
            for work in waiting:
                if work.rereads:
                    work.fail(error)
            return
        if self.stopped is None:
            self.stop(str(error) if isinstance(error, ShardStopped) else reason(error))
        for work in works:
            work.fail(error)

    def stop(self, why: str) -> None:
        self.stopped = why
        metrics.SHARDS_STOPPED.labels(self.shard).set(1)
        log.error("shard.stopped", shard=self.shard, reason=why)
        for work in self.queue:
            work.fail(ShardStopped(why))
        self.queue.clear()


class Lanes:
    """All shards of this process."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        service: str,
        shards: int,
        clock: CityClock,
        publisher: Publisher,
        *,
        batch_size: int = 500,
        wait_s: float = 1.0,
    ) -> None:
        self.pool, self.service, self.clock, self.publisher = pool, service, clock, publisher
        self.batch_size, self.wait_s = batch_size, wait_s
        self.state: Any = None
        self.lanes = [Lane(shard, self) for shard in range(shards)]
        publisher.stop_shard = lambda shard, why: self.lanes[shard].stop(why)

    def put(self, shard: int, work: Work) -> None:
        self.lanes[shard].put(work)

    async def run(
        self,
        shard: int,
        job: Callable[[Tx[Any]], Awaitable[T]],
        *,
        wait_s: float | None = None,
        given_up: "GivenUp[T] | None" = None,
    ) -> T:
        """Run `job` in the shard's next transaction and return its result after the commit.

        Raises Busy when that takes longer than `wait_s` wall seconds, and what the job raised when it failed alone, unless
        `given_up` has an answer for that.
        """
        wait = self.wait_s if wait_s is None else wait_s
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.put(shard, Job(job, future, monotonic() + wait, given_up))
        try:
            async with asyncio.timeout(wait):
                return await future
        except TimeoutError:
            raise Busy(f"shard {shard} was not free within {wait} s") from None
        except ShardStopped as stopped:
            raise Busy(str(stopped)) from stopped

    async def serve(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self.lanes:
                group.create_task(lane.run())

    async def idle(self) -> None:
        """Wait until nothing is queued or in work; for draining."""
        while any(lane.queue or lane.busy for lane in self.lanes):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def stopped_shards(self) -> frozenset[int]:
        return frozenset(lane.shard for lane in self.lanes if lane.stopped is not None)

    def stopped(self) -> list[str]:
        """A sentence for each shard that waits for an operator."""
        return [f"shard {lane.shard}: {lane.stopped}" for lane in self.lanes if lane.stopped is not None]
