"""One Suban for all end-to-end tests: real processes, a city whose day takes four minutes."""

from collections.abc import Callable, Iterator

import pytest

from deploy.local.stack import Stack
from tests import suban
from tests.e2e.world import World

RATE = 360.0  # 30 minutes are 5 seconds


@pytest.fixture(scope="session")
def stack(record_testsuite_property: Callable[[str, object], None]) -> Iterator[Stack]:
    with suban.running("e2e", RATE, record_testsuite_property) as running:
        yield running


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    return World(stack)
