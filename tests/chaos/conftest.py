"""One Suban for all chaos tests of a run; every judgement is over everything that was ever asked of it."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.kafka import VERSION
from deploy.local.stack import Stack
from tests.chaos.harness import Rig

RATE = 300.0  # 30 minutes are 6 seconds, two hours 24
ENV = {"SUBAN_SESSION_TIMEOUT_S": "6", "SUBAN_QUIET_HOURS": "03:00-03:01", "SUBAN_LOG_LEVEL": "warning"}


@pytest.fixture(scope="session")
def rig(record_testsuite_property: Callable[[str, object], None]) -> Iterator[Rig]:
    record_testsuite_property("broker", f"local process, Apache Kafka {VERSION}")
    record_testsuite_property("database", "local process, PostgreSQL 18")
    with tempfile.TemporaryDirectory(prefix="suban-chaos-") as folder:
        running = Stack(
            "chaos", directory=Path(folder) / "stack", rate=RATE, city_start="2026-11-23T08:00:00+08:00",
            fsync=False, usual_ports=False, env=ENV,
        )  # fmt: skip
        with running:
            yield Rig(running)
