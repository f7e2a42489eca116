"""A service's life: boot → verify → serve → drain. `python -m services <name>` comes here."""

import asyncio
import contextlib
import ctypes
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.chassis import database, follow, http, keys, metrics, outbox, reload, retry, telemetry, ticker
from services.chassis import settings as settings_of
from services.chassis.clock import CityClock
from services.chassis.consume import Consumer
from services.chassis.events_in import Table
from services.chassis.failure import Nature, nature, reason
from services.chassis.lanes import Lanes
from services.chassis.outbox import Publisher
from services.chassis.producer import KafkaProducer
from services.chassis.sealing import Sealer
from services.chassis.service import Plumbing, Running, Service
from services.chassis.settings import ServiceSettings

log = telemetry.logger("run")
RESTART_ME = 75  # EX_TEMPFAIL: the supervisor starts another
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
REFUSED = 78  # EX_CONFIG: starting another would not help


class NotProvisioned(Exception):
    """The store is not what this version needs; the message says what to do."""


def main(service: Service[Any]) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit code."""
    try:
        settings = settings_of.read(service.settings)
    except settings_of.BadSettings as wrong:
        print(
            f"{service.name} cannot start:\n{wrong}\n`python -m services show` explains each variable.",
            file=sys.stderr,
        )
        return REFUSED
    telemetry.configure(service.name, settings.log_level)
    tame_collector()
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.run(_life(service, settings))
    return asyncio.run(_life(service, settings))


def tame_collector() -> None:
    """What is loaded by now stays: it need not be looked through again. Measured: the collector took an eighth of the
    router's time, as a batch makes thousands of objects that reference counting frees anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    _keep_memory()


def release_memory() -> None:
    """What loading the city has used and left, given back to the kernel: a fifth of the router's memory."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _keep_memory() -> None:
    """glibc gives what is large back to the kernel at once and asks for it again: a batch's half megabyte costs a
    hundred page faults each time, which a virtual machine makes dear. Measured: a third of the door's writing."""
    with contextlib.suppress(OSError, AttributeError):
        glibc = ctypes.CDLL("libc.so.6")
        glibc.mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        glibc.mallopt(_M_TRIM_THRESHOLD, 16 << 20)


async def _life(service: Service[Any], settings: ServiceSettings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(telemetry.unheard)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        pool = await _store(service.name, settings, stop)
        if pool is None:
            return 0
        door = http.listen(settings.http_host, settings.http_port)
        running, consumer, producer = await boot(service, settings, pool)
    except (NotProvisioned, outbox.Restored, ValueError) as refused:
        log.error("boot.refused", reason=str(refused))
        return REFUSED
    try:
        return await Life(service, running, consumer, producer, stop, door).live()
    finally:
        await producer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), settings.drain_s)


async def _store(name: str, settings: ServiceSettings, stop: asyncio.Event) -> asyncpg.Pool | None:
    """A pool, waited for: a service may start before its database. None when told to stop meanwhile."""
    while not stop.is_set():
        try:
            return await database.create_pool(
                settings.database_url.get_secret_value(), name, settings.pool_size
            )
        except Exception as away:
            if nature(away) is not Nature.TRANSIENT:
                raise
            log.warning("boot.store_away", error=type(away).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
    return None


async def provisioned(pool: asyncpg.Pool | database.Connection, name: str) -> tuple[int, CityClock]:
    """(shards, clock) of the city. Raises NotProvisioned."""
    try:
        meta = {row["key"]: row["value"] for row in await pool.fetch(database.SQL["get_meta"])}
        rows = await pool.fetchval("SELECT count(*) FROM shard")
    except asyncpg.UndefinedTableError:
        meta, rows = {}, 0
    if meta.get("schema_version") != database.SCHEMA_VERSION:
        raise NotProvisioned(f"schema {name} has version {meta.get('schema_version')}, this program needs "
                             f"{database.SCHEMA_VERSION}: run `python -m services provision`")  # fmt: skip
    if rows != meta["shards"]:
        raise NotProvisioned(f"schema {name} holds {rows} shards, the city was provisioned with {meta['shards']}: "
                             "the number is fixed for good; restore the table `shard`")  # fmt: skip
    base = meta["clock"]
    return meta["shards"], CityClock(datetime.fromisoformat(base["wall_base"]),
                                     datetime.fromisoformat(base["city_base"]), base["rate"])  # fmt: skip


async def boot(
    service: Service[Any], settings: ServiceSettings, pool: asyncpg.Pool
) -> tuple[Running[Any], Consumer | None, KafkaProducer]:
    """Everything but the loops. Raises NotProvisioned, ValueError (bad city data), OSError."""
    shards, clock = await provisioned(pool, service.name)
    producer = KafkaProducer(settings.kafka_bootstrap, settings.access)
    publisher = Publisher(pool, producer, service.name, shards, numbers_late=service.numbers_late,
                          every_s=service.publish_every_s)  # fmt: skip
    lanes = Lanes(pool, service.name, shards, clock, publisher,
                  batch_size=settings.batch_size, wait_s=settings.lane_wait_s)  # fmt: skip
    plumbing = Plumbing(
        service.name, settings, pool, clock, shards, lanes, publisher, producer, settings.city_dir
    )
    state = await service.state(plumbing)
    lanes.state = state
    release_memory()
    consumer = _consumer(service, settings, state, lanes, pool, shards)
    metrics.OUTBOX_LIMIT.set(settings.outbox_limit)
    plumbing.owned = consumer.owned if consumer else lambda: set(range(shards))
    if consumer:
        plumbing.inbox_progress, plumbing.at_end = consumer.inbox_progress, consumer.at_end
    return Running(plumbing, state), consumer, producer


def table_of(service: Service[Any], settings: ServiceSettings) -> Table:
    key = settings.contact_public_key
    return Table(
        {event.TYPE: handler for event, handler in service.subscriptions.items()},
        {event.TYPE: handler for event, handler in (service.rescue or {}).items()},
        Sealer(key) if key else None,
        service.inbox,
    )


def _consumer(
    service: Service[Any],
    settings: ServiceSettings,
    state: Any,
    lanes: Lanes,
    pool: asyncpg.Pool,
    shards: int,
) -> Consumer | None:
    topics = sorted({event.TOPIC for event in service.subscriptions})
    if not topics and service.inbox is None:
        return None
    return Consumer(settings, service.name, topics, service.inbox, lambda: _inbox_topics(service, state), table_of(service, settings),
                    lanes, pool, shards, service.read_every_s)  # fmt: skip


def _inbox_topics(service: Service[Any], state: Any) -> Sequence[str]:
    return service.inbox.topics(state) if service.inbox else ()


class Life:
    """One process in operation."""

    def __init__(
        self, service: Service[Any], running: Running[Any], consumer: Consumer | None, producer: KafkaProducer,
        stop: asyncio.Event, listening: socket.socket,
    ) -> None:  # fmt: skip
        self._service, self._running, self._consumer, self._producer = service, running, consumer, producer
        self._stop, self._listening = stop, listening
        self._settings = running.plumbing.settings
        self._draining = False

    async def live(self) -> int:
        door = asyncio.create_task(self._door().serve_until(self._stop, self._listening))
        loops = [asyncio.create_task(loop, name=name) for name, loop in self._loops().items()]
        consuming = asyncio.create_task(self._consumer.run()) if self._consumer else None
        watched = [task for task in (door, consuming, *loops) if task is not None]
        stopping = asyncio.create_task(self._stop.wait())
        log.info("serving", port=self._listening.getsockname()[1], shards=self._running.plumbing.shards)
        await asyncio.wait([*watched, stopping], return_when=asyncio.FIRST_COMPLETED)
        code = 0 if self._stop.is_set() else _post_mortem(watched)
        await self._drain(door, consuming, loops)
        return code

    def _door(self) -> http.Server:
        checks, notes = [self._postgres, self._shards], [self._kafka]
        if not self._service.serves_without_kafka:
            checks, notes = [*checks, *notes], []
        app = http.build(self._service.name, checks, notes)
        self._service.routes(app, self._running)
        front: Any = self._service.front(app, self._running) if self._service.front else app
        return http.server(http.Capped(front), self._settings.drain_s)

    def _loops(self) -> dict[str, Coroutine[Any, Any, None]]:
        running, service = self._running, self._service
        plumbing = running.plumbing
        loops: dict[str, Coroutine[Any, Any, None]] = {
            "lanes": plumbing.lanes.serve(),
            "publisher": self._publish(),
            "housekeeping": ticker.housekeeping(running),
            "retry": retry.serve(running, table_of(service, self._settings)),
        }
        if service.watched is not None and (city := service.watched(running.state)) is not None:
            loops["reload"] = reload.watch(city, self._settings.reload_every_s, self._reloaded)
        if service.ring is not None:
            loops["keys"] = keys.keep_fresh(service.ring(running.state), plumbing.pool)
        for row in service.tickers:
            loops[f"tick {row.name}"] = ticker.tick(running, row)
        for number, worker in enumerate(service.workers):
            loops[f"worker {number}"] = _as_coroutine(worker, running)
        for topic, take in (service.follows or {}).items():
            loops[f"follow {topic}"] = follow.follow(self._settings, topic, _with(running.state, take))
        return loops

    def _reloaded(self) -> None:
        if self._service.on_reload is not None:
            self._service.on_reload(self._running.state)
        release_memory()

    async def _publish(self) -> None:
        """First compare Kafka with what we gave out (delivery rule 6), then publish."""
        plumbing = self._running.plumbing
        await outbox.verify(
            plumbing.pool, self._settings.kafka_bootstrap, plumbing.name, self._settings.access
        )
        await plumbing.publisher.run()

    async def _drain(self, door: Any, consuming: Any, loops: list[Any]) -> None:
        """Not ready → stop accepting → finish the batches → commit → flush → stop, each with a deadline."""
        self._draining = True
        self._stop.set()
        limit = self._settings.drain_s
        log.info("draining")
        await _within(limit, door)
        if self._consumer is not None and consuming is not None:
            self._consumer.drain()
            await _within(limit, self._running.plumbing.lanes.idle())
            await _within(limit, consuming)
        await _within(limit, self._running.plumbing.publisher.drain())
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        log.info("stopped")

    async def _kafka(self) -> str | None:
        return await self._producer.ping()

    async def _postgres(self) -> str | None:
        try:
            async with asyncio.timeout(1.0):
                await self._running.plumbing.pool.fetchval("SELECT 1")
        except Exception as away:
            return f"Postgres does not answer ({type(away).__name__})"
        return None

    async def _shards(self) -> str | None:
        if self._draining:
            return "draining"
        return "; ".join(self._running.plumbing.lanes.stopped()) or None


async def _as_coroutine(worker: Callable[[Running[Any]], Any], running: Running[Any]) -> None:
    await worker(running)


def _with(state: Any, take: Callable[[Any, bytes], None]) -> Callable[[bytes], None]:
    return lambda value: take(state, value)


async def _within(seconds: float, work: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except (TimeoutError, asyncio.CancelledError):
        log.warning("drain.cut_short", seconds=seconds)
    except Exception as failed:
        log.warning("drain.failed", error=type(failed).__name__)


def _post_mortem(tasks: list[asyncio.Task[Any]]) -> int:
    for task in tasks:
        if task.done() and not task.cancelled() and task.exception() is not None:
            error = task.exception()
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            assert error is not None
            log.error("died", task=task.get_name(), reason=reason(error), words=telemetry.safe(error))
            return REFUSED if isinstance(error, outbox.Restored) else RESTART_ME
    return RESTART_ME
