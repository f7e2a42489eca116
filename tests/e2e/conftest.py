"""One Suban for all end-to-end tests: real processes, a city whose day takes four minutes."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.kafka import VERSION
from deploy.local.stack import Stack
from tests.e2e.world import World

RATE = 360.0  # 30 minutes are 5 seconds
AT_ANY_HOUR = {"SUBAN_QUIET_HOURS": "03:00-03:01"}


@pytest.fixture(scope="session")
def stack(record_testsuite_property: Callable[[str, object], None]) -> Iterator[Stack]:
    record_testsuite_property("broker", f"local process, Apache Kafka {VERSION}")
    record_testsuite_property("database", "local process, PostgreSQL 18")
    with tempfile.TemporaryDirectory(prefix="suban-e2e-") as folder:
        running = Stack(
            "e2e", directory=Path(folder) / "stack", rate=RATE, city_start="2026-11-23T08:00:00+08:00",
            fsync=False, usual_ports=False, env=AT_ANY_HOUR,
        )  # fmt: skip
        with running:
            yield running


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    return World(stack)
