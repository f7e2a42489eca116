"""A door for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.intake import rig
from tests.integration.intake.rig import Intake


@pytest.fixture
async def intake(database: str) -> AsyncIterator[Intake]:
    async with rig.opened(database) as opened:
        yield opened
