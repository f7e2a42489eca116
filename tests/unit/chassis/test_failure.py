"""Which failures park, which are tried again, which stop; and that a reason never quotes a record."""

import asyncpg
import pytest

from services.chassis import failure
from services.chassis.failure import Gap, Nature, Poison, Raced, ShardStopped


@pytest.mark.parametrize(
    "error",
    [OSError(), TimeoutError(), asyncpg.InterfaceError("closed"), asyncpg.DeadlockDetectedError(),
     asyncpg.LockNotAvailableError(), asyncpg.QueryCanceledError(), asyncpg.AdminShutdownError(),
     asyncpg.TooManyConnectionsError(), asyncpg.ConnectionDoesNotExistError(), asyncpg.SerializationError(), Raced()],
)  # fmt: skip
def test_connection_time_out_and_deadlock_never_park(error: Exception) -> None:
    assert failure.nature(error) is Nature.TRANSIENT


@pytest.mark.parametrize(
    "error", [ValueError(), KeyError("x"), Poison("x"), asyncpg.UniqueViolationError(), asyncpg.DataError()]
)
def test_the_record_s_own_faults_do(error: Exception) -> None:
    assert failure.nature(error) is Nature.OWN


@pytest.mark.parametrize("error", [ShardStopped("x"), Gap("t", 2, 3)])
def test_gaps_and_stops_stop(error: Exception) -> None:
    assert failure.nature(error) is Nature.STOP


def test_a_reason_never_quotes_the_record() -> None:
    def fail() -> None:
        raise ValueError("王先生 13800001234")

    with pytest.raises(ValueError, match="王") as caught:
        fail()
    told = failure.reason(caught.value)
    assert "1380000" not in told
    assert "ValueError in fail:" in told
