"""What every test may ask for: one Kafka and one PostgreSQL a run, a database of its own a test."""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from tests import servers

# A busy machine is slow and not wrong: nothing here is judged by how long an example took.
settings.register_profile("suban", deadline=None)
settings.load_profile("suban")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def kafka(record_testsuite_property: Callable[[str, object], None]) -> Iterator[servers.Broker]:
    """A broker shared by the run. Topics of other tests are on it: `empty_kafka` wipes them."""
    with servers.broker() as broker:
        record_testsuite_property("broker", broker.origin)
        yield broker


@pytest.fixture
def empty_kafka(kafka: servers.Broker) -> servers.Broker:
    """The shared broker without any topic or group of an earlier test."""
    kafka.empty()
    return kafka


@pytest.fixture(scope="session")
def postgres(record_testsuite_property: Callable[[str, object], None]) -> Iterator[servers.DatabaseServer]:
    """A server shared by the run, with a template database that holds the schemas of all services."""
    with servers.database_server() as server:
        record_testsuite_property("database", server.origin)
        server.make_template()
        yield server


@pytest.fixture
def database(postgres: servers.DatabaseServer) -> Iterator[str]:
    """The superuser's URL of a database of this test's own, with all schemas and no rows."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    yield postgres.create(name)
    postgres.drop(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for origin in servers.used:
        terminalreporter.write_line(f"ran on: {origin}")
