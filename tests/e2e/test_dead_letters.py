"""What cannot be handled is set aside and nothing else waits for it; `dead-letters` brings it back once the cause is gone."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import asyncpg

from services.contracts import ids
from tests.e2e.world import World, until

BREAK = """
CREATE FUNCTION sla.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.case_id = '{case}' THEN RAISE EXCEPTION 'told to fail'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON sla.clock FOR EACH ROW EXECUTE FUNCTION sla.refuse();
"""
MEND = "DROP TRIGGER refuse ON sla.clock; DROP FUNCTION sla.refuse();"


def _execute(world: World, statement: str) -> None:
    async def run() -> None:
        conn = await asyncpg.connect(world.stack.postgres.url())
        await conn.execute(statement)
        await conn.close()

    asyncio.run(run())


@contextmanager
def _sla_fails_on(world: World, case: str) -> Iterator[None]:
    """The handler of this case raises, whatever is tried: the store refuses its rows."""
    _execute(world, BREAK.replace("{case}", case))
    try:
        yield
    finally:
        _execute(world, MEND)


def test_a_case_whose_handler_raises_is_parked_and_brought_back(world: World) -> None:
    key = f"dead-{uuid4().hex}"
    case = ids.case_id("hotline-12345", key)
    with _sla_fails_on(world, str(case)):
        told = world.submit(request_id=key)
        assert told["case_id"] == str(case)
        until(lambda: str(case) in world.stack.command("dead-letters", "--service", "sla", "list"))
        neighbour = world.submit()["case_id"]
        until(lambda: world.clocks(neighbour))
        assert not world.clocks(str(case))
        shown = world.stack.command("dead-letters", "show", str(case))
        assert "suban.cases.v1" in shown
    assert "taken up again" in world.stack.command("dead-letters", "retry", str(case))
    until(lambda: world.clocks(str(case)))
    until(lambda: str(case) not in world.stack.command("dead-letters", "list"))


def test_a_poison_message_is_buried_and_others_go_on(world: World) -> None:
    """No key, no headers, no JSON: nobody can say whose it is."""
    for partition in range(world.stack.shards):
        world.produce("suban.submissions.v1", b"\xff not json", partition=partition)
    until(
        lambda: "suban.submissions.v1" in world.stack.command("dead-letters", "--service", "router", "list")
    )
    for _ in range(4):
        world.until_state(
            world.submit(category="市容环卫/占道经营", place={"area": "pingshan/biling/shahu"})["case_id"],
            "dispatched",
        )
