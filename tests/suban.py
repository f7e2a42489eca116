"""A whole Suban for a run of tests: real processes in a folder of their own, a city whose day takes minutes."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.kafka import VERSION
from deploy.local.stack import CITY, Stack

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
