"""`dead-letters show` and `retry`: a case that nobody parked is said to be none."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from services import __main__ as console

PARK = (
    'INSERT INTO sla.parked (case_id, shard, topic, "offset", headers, value, reason, parked_at)'
    " VALUES ($1, 0, 'suban.cases.v1', 7, '', '', 'told to fail', now())"
)


@pytest.fixture
def parked(database: str, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A case that sla has parked, in the database the operator works on."""
    monkeypatch.setenv("SUBAN_DATABASE_URL", database)
    case = uuid4()

    async def park() -> None:
        conn = await asyncpg.connect(database)
        await conn.execute(PARK, case)
        await conn.close()

    asyncio.run(park())
    return case


def test_a_parked_case_is_shown(parked: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.main(["dead-letters", "show", str(parked)]) == 0
    assert "sla suban.cases.v1@7" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["show", "retry"])
def test_an_unknown_case_is_said_to_be_none(
    parked: UUID, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = uuid4()
    assert console.main(["dead-letters", verb, str(unknown)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"{unknown}: nothing is parked for this case in intake, router, sla, notify\n"
    assert console.main(["dead-letters", "--service", "router", verb, str(parked)]) == 1


def test_of_several_cases_the_known_ones_are_taken_up(
    parked: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = uuid4()
    assert console.main(["dead-letters", "retry", str(parked), str(unknown)]) == 1
    told = capsys.readouterr()
    assert "sla: 1 events are taken up again" in told.out
    assert str(unknown) in told.err
    assert str(parked) not in told.err


def test_all_of_nothing_is_no_fault(parked: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.main(["dead-letters", "--service", "router", "retry"]) == 0
    assert capsys.readouterr().out == "nothing is parked\n"
