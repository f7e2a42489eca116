"""A whole Suban for a run of tests: real processes in a folder of their own, a city whose day takes minutes."""

import asyncio
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import asyncpg

from deploy.local.kafka import VERSION
from deploy.local.stack import CITY, SERVICES, Stack

MORNING = "2026-11-23T08:00:00+08:00"
AT_ANY_HOUR = {"SUBAN_QUIET_HOURS": "03:00-03:01"}


@contextmanager
def running(
    name: str,
    rate: float,
    note: Callable[[str, object], None],
    *,
    city: Path = CITY,
    env: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """`note` is told what it ran on, for the summary of the run."""
    note("broker", f"local process, Apache Kafka {VERSION}")
    note("database", "local process, PostgreSQL 18")
    with tempfile.TemporaryDirectory(prefix=f"suban-{name}-") as folder:
        stack = Stack(
            name, directory=Path(folder) / "stack", city=city, rate=rate, city_start=MORNING, fsync=False,
            usual_ports=False, env={**AT_ANY_HOUR, **(env or {})},
        )  # fmt: skip
        with stack:
            yield stack


def turn_to(stack: Stack, instant: str) -> None:
    """End the services, move the city's clock on to this (ISO 8601), and start them again; when this returns it is
    later by the seconds that took. What was said before must have been taken: its append time is read by the new base.
    """
    for service in SERVICES:
        stack.services[service].send(signal.SIGTERM)
    for service in SERVICES:
        stack.services[service].stop(timeout_s=15)
    asyncio.run(_set_clock(stack.postgres.url(), instant))
    for service in SERVICES:
        stack.restart(service, wait=False)
    for service in SERVICES:
        stack.wait_ready(service)


async def _set_clock(url: str, instant: str) -> None:
    """The base is what provisioning stores, and services read at boot; it goes only forward."""
    conn = await asyncpg.connect(url, timeout=10)
    try:
        for service in SERVICES:
            moved = await conn.fetchval(
                f"UPDATE {service}.meta SET value = value || jsonb_build_object('wall_base', clock_timestamp(),"
                " 'city_base', $1::timestamptz) WHERE key = 'clock' AND (value ->> 'city_base')::timestamptz < $1"
                " RETURNING value",
                datetime.fromisoformat(instant),
            )
            assert moved, f"{instant} is not later than the clock of {service}"
    finally:
        await conn.close()
