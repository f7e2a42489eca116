"""A count over millions may not take more than its share of the time, also when it is cut off."""

import pytest
from asyncpg import QueryCanceledError

from services.chassis import clock
from services.sla.snapshot import Paced


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The wall's seconds, set by the test."""
    shown = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: shown[0])
    return shown


async def test_a_look_rests_for_its_share(hands: list[float]) -> None:
    looks = []

    async def look() -> None:
        looks.append(hands[0])
        hands[0] += 2.0

    paced = Paced(20)
    for now in (100.0, 105.0, 141.0, 142.0, 150.0):
        hands[0] = now
        await paced.take(look)
    assert looks == [100.0, 142.0]


async def test_one_that_the_server_cut_off_rests_too_and_one_without_a_server_does_not(
    hands: list[float],
) -> None:
    async def look(error: Exception) -> None:
        hands[0] += 15.0
        raise error

    paced = Paced(20)
    with pytest.raises(OSError, match="away"):
        await paced.take(lambda: look(OSError("away")))
    assert paced.again_at == 0.0
    with pytest.raises(QueryCanceledError):
        await paced.take(lambda: look(QueryCanceledError("too long")))
    assert paced.again_at == 130.0 + 20 * 15.0
