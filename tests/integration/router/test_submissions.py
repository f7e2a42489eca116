"""What intake sends: one case each, with an owner, whatever is repeated or out of order."""

import pytest

from services.chassis.transaction import Tx
from services.contracts import ids, topics
from services.contracts.events import AssignmentOpened, CaseDispatched, CaseRegistered
from services.router import handlers
from services.router.state import State
from tests.integration.router.rig import SHARDS, Rig, act, of_one_shard, submission

LAWN = {"category": "市容环卫/绿化养护", "place": {"address": "坪山区碧岭街道沙湖社区"}}


async def test_a_batch_becomes_cases_with_owners(router: Rig) -> None:
    now = router.now()
    batch = [
        submission(key, now, **(LAWN if number % 2 else {"text": "?"}))
        for number, key in enumerate(of_one_shard(50))
    ]
    await router.take(*batch)
    registered = await router.written("case.registered")
    assert [one.envelope.case_id for one in registered] == [one.case_id for one in batch]
    for one in registered:
        assert one.topic == topics.CASES
        assert isinstance(one.data, CaseRegistered)
        assert one.data.plan.ladder
    held = {one.envelope.case_id for one in await router.written("assignment.opened")}
    assert held == {one.case_id for one in batch}
    dispatched = await router.written("case.dispatched")
    assert len(dispatched) == 25
    assert await router.pool.fetchval("SELECT count(*) FROM cases") == 50


async def test_a_repeat_in_the_batch_or_later_is_the_same_case(router: Rig) -> None:
    one = submission("k", router.now(), **LAWN)
    await router.take(one, one)
    await router.take(one)
    types = await router.types(one.case_id)
    assert types.count("case.registered") == types.count("case.dispatched") == 1
    assert await router.pool.fetchval("SELECT count(*) FROM cases") == 1


async def test_a_plan_counts_as_stored_only_when_it_is(router: Rig) -> None:
    """Its digest is remembered so that it is written once: not by a transaction that comes to nothing."""
    one = submission("k", router.now(), **LAWN)

    async def comes_to_nothing(tx: Tx[State]) -> None:
        await handlers.on_submissions([one], tx)
        raise ValueError("to nothing")

    with pytest.raises(ValueError, match="to nothing"):
        await router.job(ids.shard_of(one.case_id, SHARDS), comes_to_nothing)
    assert not router.running.state.kept_plans
    await router.take(one)
    assert router.running.state.kept_plans == {
        row["digest"] for row in await router.pool.fetch("SELECT digest FROM plan")
    }
    assert (await router.call("GET", f"/v1/cases/{one.case_id}")).status_code == 200


async def test_an_assignment_goes_to_its_department_only_and_says_why(router: Rig) -> None:
    one = submission("k", router.now(), **LAWN)
    await router.take(one)
    opened = (await router.written("assignment.opened"))[0]
    dispatched = (await router.written("case.dispatched"))[0]
    assert isinstance(opened.data, AssignmentOpened)
    assert isinstance(dispatched.data, CaseDispatched)
    assert opened.topic == topics.assignments(opened.data.department)
    assert opened.data.rule_id == dispatched.data.rule_id
    assert opened.data.assignment_id == dispatched.data.assignment_id
    assert opened.data.text == "公园草坪坏了"


async def test_an_act_ahead_of_its_submission_waits_for_it(router: Rig) -> None:
    now = router.now()
    case_id = ids.case_id("hotline-12345", "k")
    await router.take(act("k", "supplement", "a1", now, text="还有一处"), act("k", "urge", "a2", now))
    assert await router.types(case_id) == []
    await router.take(submission("k", now, **LAWN))
    types = await router.types(case_id)
    assert (
        types.count("assignment.updated") == types.count("case.urged") == types.count("assignment.urged") == 1
    )
    assert await router.pool.fetchval("SELECT count(*) FROM act WHERE NOT taken") == 0
    assert (await router.call("GET", f"/v1/cases/{case_id}")).json()["version"] == 3


async def test_acts_in_the_same_batch_and_later(router: Rig) -> None:
    now = router.now()
    one = submission("k", now, **LAWN)
    await router.take(one, act("k", "urge", "a1", now))
    await router.take(
        act("k", "withdraw", "a2", now), act("k", "urge", "a3", now), act("k", "rate", "a4", now, rating=5)
    )
    types = await router.types(one.case_id)
    assert types.count("case.withdrawn") == types.count("assignment.cancelled") == 1
    assert types.count("case.urged") == 1
    assert await router.pool.fetchval("SELECT count(*) FROM act") == 4
    assert (await router.call("GET", f"/v1/cases/{one.case_id}")).json()["state"] == "withdrawn"


async def test_what_cannot_be_decided_is_registered_bare_to_the_desk(router: Rig) -> None:
    one = submission("k", router.now(), **LAWN)
    shard = ids.shard_of(one.case_id, 4)
    await router.job(shard, lambda tx: handlers.register_bare([one], tx))
    registered = (await router.written("case.registered"))[0].data
    assert isinstance(registered, CaseRegistered)
    assert registered.bare
    assert registered.holder.is_desk
    opened = (await router.written("assignment.opened"))[0]
    assert opened.topic == topics.assignments(router.running.state.law.desk)
    why = (await router.call("GET", f"/v1/cases/{one.case_id}/why")).json()
    assert why["steps"] == ["could_not_decide", "desk"]


async def test_no_text_of_the_citizens_outside_submission_and_act(router: Rig) -> None:
    now = router.now()
    secret = "赵四的秘密 13800138000"
    one = (
        submission("k", now, **LAWN, title=secret)
        if False
        else submission("k", now, text=secret, title=secret)
    )
    await router.take(one, act("k", "supplement", "a", now, text=secret))
    for table in ("cases", "seen_by", "move", "reply", "plan"):
        rows = await router.pool.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
        assert all(secret not in row["row"] for row in rows), table
    for record in await router.written():
        if record.topic == topics.CASES:
            assert secret not in record.data.model_dump_json()


async def test_an_act_ahead_of_its_submission_in_the_same_batch(router: Rig) -> None:
    now = router.now()
    case_id = ids.case_id("hotline-12345", "k")
    await router.take(act("k", "withdraw", "a1", now), submission("k", now, **LAWN))
    assert (await router.types(case_id)).count("case.withdrawn") == 1
    assert await router.pool.fetchval("SELECT count(*) FROM act WHERE taken") == 1
