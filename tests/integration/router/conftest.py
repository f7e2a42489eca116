from collections.abc import AsyncIterator

import pytest

from tests.integration.router import rig
from tests.integration.router.rig import Rig


@pytest.fixture
async def router(database: str) -> AsyncIterator[Rig]:
    async with rig.started(database) as started:
        yield started
