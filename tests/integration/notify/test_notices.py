"""From the log to what people read: once each, never in clear, and settled by policy when nobody knows."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.chassis import reload
from services.chassis.transaction import Tx
from services.contracts import ids
from services.contracts.ids import CaseId
from services.contracts.values import Audience, Handler, TriageClass
from services.notify import result, send, store
from services.notify.result import Round
from services.notify.send import Carrier
from services.notify.state import State
from services.notify.store import Claimed
from tests.contract import receivers
from tests.integration.notify import world as worlds
from tests.integration.notify.world import CANARIES, SHARDS, World
from tests.unit.notify import sample

SHARD = ids.shard_of(sample.CASE, SHARDS)


@pytest.fixture
async def world(database: str) -> AsyncIterator[World]:
    async with worlds.opened(database) as opened:
        yield opened


def carrier(world: World) -> Carrier:
    return send.carriers(world.state)[0]


async def claim(world: World, shard: int = SHARD) -> tuple[uuid.UUID, list[Claimed]]:
    """Claim what is due, as a process does that then dies."""
    token, by = uuid.uuid4(), carrier(world)

    async def job(tx: Tx[State]) -> list[Claimed]:
        return await result.claim(by.provider, by.media, token, tx)

    return token, await world.running.plumbing.lanes.run(shard, job, wait_s=10)


async def record(world: World, done: Round) -> None:
    await world.running.plumbing.lanes.run(SHARD, partial(result.record, done), wait_s=10)


async def test_a_case_from_registration_to_close(world: World) -> None:
    await world.apply(sample.registered(contact=worlds.contact()), sample.dispatched())
    await world.apply(
        sample.accepted(Handler(id="urban-management-h1", name="x")), sample.responded(public_text="下午上门")
    )
    await world.apply(sample.resolved(), sample.closed())
    await world.send()
    citizen = await world.outgoing(audience="citizen")
    assert [row["event"] for row in citizen] == [
        "case.registered", "case.dispatched", "case.responded", "case.resolved", "case.closed",
    ]  # fmt: skip
    assert {row["masked"] for row in citizen} == {"138****8000"}
    assert all(sample.NUMBER in row["body"] for row in citizen)
    feed = await world.pool.fetch("SELECT * FROM feed WHERE recipient = $1 ORDER BY place",
                                  world.state.index.app("at-pingshan", "canary-user"))  # fmt: skip
    assert [row["place"] for row in feed] == [1, 2, 3, 4, 5]
    assert "下午上门" in feed[2]["body"]
    assert not any("下午上门" in row["body"] for row in await world.outgoing())


async def test_every_notice_has_one_result_and_no_result_names_anybody(world: World) -> None:
    await world.apply(sample.registered(contact=worlds.contact()), sample.dispatched())
    await world.apply(sample.warned())
    await world.send()
    told = await world.told()
    assert {kind for kind, _ in told} == {"notice.sent"}
    assert Counter(data["notice_id"] for _, data in told) == Counter(
        str(row["notice_id"]) for row in await world.notices()
    )
    index = world.state.index.phone("+8613800138000")
    assert {
        data["recipient"] for _, data in told if data["audience"] == "citizen" and data["medium"] == "sms"
    } == {index}


async def test_repeats_of_the_log_tell_nobody_twice(world: World) -> None:
    events = (sample.registered(contact=worlds.contact()), sample.dispatched())
    await world.apply(*events)
    await world.send()
    before = await world.told()
    world.numbers.clear()  # the same events with the same ids, as after a restore of our position
    await world.apply(*events)
    await world.send()
    assert await world.told() == before
    assert sum(row["repeats"] for row in await world.outgoing()) == 0


async def test_nothing_of_the_citizen_is_kept_in_clear(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.apply(sample.registered(contact=worlds.contact()), sample.dispatched(), sample.resolved())
    await world.send()
    async with world.door() as client:
        headers = await world.key("department:urban-management")
        await client.post(f"/v1/contacts/{sample.CASE}/reveal", json={"purpose": "约时间"}, headers=headers)
        seen = (
            (await client.get("/")).text
            + (await client.get("/v1/outgoing")).text
            + (await client.get("/metrics")).text
        )
    kept = await world.everything_kept()
    said = "".join(capsys.readouterr())
    for canary in CANARIES:
        assert canary not in kept
        assert canary not in seen
        assert canary not in said


async def test_a_box_of_another_key_reaches_nobody_and_says_so(world: World) -> None:
    stranger = sample.registered()  # sealed with nonsense
    await world.apply(stranger)
    assert [data["reason"] for kind, data in await world.told() if kind == "notice.suppressed"] == [
        "no_address"
    ]


async def test_quiet_hours_hold_an_sms_until_the_morning(world: World) -> None:
    world.set_time(sample.NIGHT)
    await world.apply(sample.registered(contact=worlds.contact()), sample.dispatched())
    await world.send()
    assert [row["event"] for row in await world.outgoing(audience="citizen")] == [
        "case.registered"
    ]  # allowed at night
    assert await world.outgoing(audience="duty_officer")
    waiting = await world.notices(audience="citizen", state="waiting")
    assert [row["event"] for row in waiting] == ["case.dispatched"]
    assert waiting[0]["look_at"] - waiting[0]["made_at"] > timedelta(days=-400)
    await world.pool.execute(
        "UPDATE notice SET look_at = clock_timestamp() WHERE state = 'waiting'"
    )  # it is morning
    await world.send()
    assert [row["event"] for row in await world.outgoing(audience="citizen")] == [
        "case.registered",
        "case.dispatched",
    ]


async def test_an_urgent_case_wakes(world: World) -> None:
    world.set_time(sample.NIGHT)
    await world.apply(
        sample.registered(contact=worlds.contact(), triage_class=TriageClass.URGENT), sample.dispatched()
    )
    await world.send()
    assert len(await world.outgoing(audience="citizen")) == 2


async def test_rungs_need_nothing_of_the_case(world: World) -> None:
    await world.apply(sample.warned(audiences=(Audience.HEAD, Audience.DUTY_OFFICER)))
    await world.send()
    assert {row["audience"] for row in await world.outgoing()} == {"head", "duty_officer"}
    assert all("****" in row["masked"] for row in await world.outgoing())


class TestDoubt:
    async def test_killed_after_the_claim(self, world: World) -> None:
        await world.apply(sample.registered(contact=worlds.contact()))
        _, claimed = await claim(world)
        assert len(claimed) == 1
        await world.send()
        assert await world.outgoing() == []  # the claim stands: nobody else may send
        await world.expire()
        await world.send()
        assert [row["repeats"] for row in await world.outgoing()] == [0]
        assert [row["state"] for row in await world.notices(medium="sms")] == ["sent"]

    async def test_killed_after_sending(self, world: World) -> None:
        await world.apply(sample.registered(contact=worlds.contact()))
        token, claimed = await claim(world)
        await send.attempt(world.running, carrier(world).provider, token, claimed)
        await world.expire()
        await world.send()
        assert [row["repeats"] for row in await world.outgoing()] == [0]  # asked by our id, not sent again
        assert len([1 for kind, data in await world.told() if data["medium"] == "sms"]) == 1

    async def test_thawed_after_the_claim_expired(self, world: World) -> None:
        await world.apply(sample.registered(contact=worlds.contact()))
        token, claimed = await claim(world)
        await world.expire()
        done = await send.attempt(world.running, carrier(world).provider, token, claimed)
        assert done.settled == ()
        assert await world.outgoing() == []

    async def test_thawed_after_sending_finds_it_settled(self, world: World) -> None:
        await world.apply(sample.registered(contact=worlds.contact()))
        token, claimed = await claim(world)
        late = await send.attempt(world.running, carrier(world).provider, token, claimed)
        await world.expire()
        await world.send()
        before = await world.told()
        await record(world, late)
        assert await world.told() == before

    async def test_two_processes_send_nothing_twice(self, database: str, world: World) -> None:
        cases = [ids.case_id("at-pingshan", str(n)) for n in range(80)]
        for case in cases:
            await world.apply(sample.registered(contact=worlds.contact()), case=case)
        await world.pool.execute(
            "UPDATE notice SET recipient = notice_id::text WHERE medium = 'sms'"
        )  # no cap here
        await world.pool.execute(
            "UPDATE known_case k SET phone = n.recipient FROM notice n WHERE n.case_id = k.case_id AND n.medium = 'sms'"
        )
        async with worlds.opened(database, fresh=False) as other:
            await asyncio.gather(world.send(), other.send(), world.send())
        rows = await world.outgoing()
        assert len(rows) == 80
        assert sum(row["repeats"] for row in rows) == 0

    async def test_stopped_in_the_middle_of_a_call_it_still_records(self, world: World) -> None:
        await world.apply(sample.registered(contact=worlds.contact()))
        slow = Slow(carrier(world).provider)
        by = Carrier(slow, carrier(world).media, carrier(world).bell)
        task = asyncio.create_task(send.drain(world.running, by, SHARD))
        await slow.called.wait()
        task.cancel()
        await asyncio.sleep(0)
        slow.go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [row["state"] for row in await world.notices(medium="sms")] == ["sent"]


class Slow:
    """A provider that answers when it is told to."""

    name, at_once, call_s, drops_repeats = "local", 10, 5.0, True

    def __init__(self, inner: Any) -> None:
        self.inner, self.called, self.go = inner, asyncio.Event(), asyncio.Event()

    async def send(self, messages: Sequence[Any]) -> Any:
        self.called.set()
        await self.go.wait()
        return await self.inner.send(messages)

    async def ask(self, notices: Sequence[Any]) -> Any:
        return await self.inner.ask(notices)


class TestRetries:
    @pytest.fixture
    async def receiver(self) -> AsyncIterator[receivers.HttpReceiver]:
        async with receivers.by_webhook() as found:
            yield found

    def _settings(self, receiver: receivers.HttpReceiver, **more: Any) -> dict[str, Any]:
        return {
            "sms_provider": "webhook", "webhook_url": f"http://127.0.0.1:{receiver.port}/hook",
            "webhook_secret": receiver.secret, "webhook_allow_loopback": True, "webhook_timeout_s": 10,
            "retry_attempts": 3, **more,
        }  # fmt: skip

    async def test_busy_then_taken(self, database: str, receiver: receivers.HttpReceiver) -> None:
        async with worlds.opened(database, **self._settings(receiver)) as world:
            receiver.answer = 503
            await world.apply(sample.registered(contact=worlds.contact()))
            await world.send()
            assert [row["state"] for row in await world.notices(medium="sms")] == ["waiting"]
            receiver.answer = 204
            await world.expire()
            await world.send()
        assert len(receiver.ids) == 1

    async def test_given_up_it_falls_back_to_the_feed(
        self, database: str, receiver: receivers.HttpReceiver
    ) -> None:
        async with worlds.opened(database, **self._settings(receiver)) as world:
            receiver.answer = 400
            await world.apply(sample.dispatched())  # of a case we do not know: staff only
            await world.apply(sample.warned(audiences=(Audience.HEAD,)))
            await world.send()
            failed = await world.notices(state="failed", event="clock.warned")
            assert [row["reason"] for row in failed] == ["http_400"]
            feed = await world.pool.fetch("SELECT * FROM feed WHERE recipient = $1", failed[0]["recipient"])
            assert failed[0]["body"] in [row["body"] for row in feed]
            kinds = [
                (kind, data["medium"]) for kind, data in await world.told() if data["event"] == "clock.warned"
            ]
            assert sorted(kinds) == [("notice.failed", "sms"), ("notice.sent", "app")]

    async def test_whom_the_feed_has_told_it_tells_no_second_time(
        self, database: str, receiver: receivers.HttpReceiver
    ) -> None:
        async with worlds.opened(database, **self._settings(receiver)) as world:
            receiver.answer = 400
            await world.apply(sample.registered(contact=worlds.contact()))
            await world.send()
            assert await world.pool.fetchval("SELECT count(*) FROM feed") == 1

    async def test_fate_unknown_and_repeats_not_dropped_is_not_sent_again(
        self, database: str, receiver: receivers.HttpReceiver
    ) -> None:
        settings = self._settings(receiver, webhook_drops_repeats=False)
        async with worlds.opened(database, **settings) as world:
            receiver.answer = receivers.HANGS_UP
            await world.apply(sample.registered(contact=worlds.contact()))
            await world.send()
            assert [row["state"] for row in await world.notices(medium="sms")] == ["unknown"]
            receiver.answer = 204
            await world.expire()
            await world.send()
            assert (len(receiver.ids), receiver.again) == (1, 0)
            assert [data["reason"] for kind, data in await world.told() if kind == "notice.suppressed"] == [
                "fate_unknown"
            ]

    async def test_lost_before_the_try_began_it_is_sent_after_all(
        self, database: str, receiver: receivers.HttpReceiver
    ) -> None:
        """Told to stop, or the shard busy, between claim and send: certainly not sent, so no doubt drops it."""
        settings = self._settings(receiver, webhook_drops_repeats=False)
        async with worlds.opened(database, **settings) as world:
            receiver.answer = 204
            await world.apply(sample.registered(contact=worlds.contact()))
            for _ in range(world.state.settings.retry_attempts + 1):
                _, claimed = await claim(world)
                assert [(one.doubtful, one.attempts) for one in claimed] == [(False, 1)]
                await world.expire()
            await world.send()
            assert [row["state"] for row in await world.notices(medium="sms")] == ["sent"]
        assert (len(receiver.ids), receiver.again) == (1, 0)

    async def test_lost_after_the_try_began_it_is_in_doubt_however_often_it_is_lost_again(
        self, database: str, receiver: receivers.HttpReceiver
    ) -> None:
        settings = self._settings(receiver, webhook_drops_repeats=False)
        async with worlds.opened(database, **settings) as world:
            await world.apply(sample.registered(contact=worlds.contact()))
            token, claimed = await claim(world)
            ours = [one.notice_id for one in claimed]
            assert await store.begin(world.pool, ours, token, timedelta(seconds=1), "webhook") == set(ours)
            for _ in range(2):
                await world.expire()
                assert await store.begin(world.pool, ours, token, timedelta(seconds=1), "webhook") == set()
                _, again = await claim(world)
                assert [(one.doubtful, one.attempts) for one in again] == [(True, 2)]
            await world.expire()
            await world.send()
            assert [row["reason"] for row in await world.notices(medium="sms")] == ["fate_unknown"]
        assert receiver.ids == []


async def test_a_number_s_share_is_one_for_all_shards(database: str) -> None:
    """What another shard has claimed and not sent yet counts."""
    here, there = (_case_in(shard) for shard in (0, 1))
    async with worlds.opened(database, cap_citizen=3) as world:
        for case in (here, there):
            said = sample.registered(contact=worlds.contact()), sample.dispatched(), sample.resolved()
            await world.apply(*said, case=case)
        claims = await asyncio.gather(claim(world, 0), claim(world, 1))
        citizens = [one for _, claimed in claims for one in claimed if one.audience is Audience.CITIZEN]
        assert len(citizens) == 3
        assert len(await world.notices(state="suppressed", reason="rate_cap")) == 3


def _case_in(shard: int) -> CaseId:
    cases = (ids.case_id("at-pingshan", str(n)) for n in range(100))
    return next(case for case in cases if ids.shard_of(case, SHARDS) == shard)


async def test_a_number_gets_its_share_and_the_rest_goes_to_the_feed(database: str) -> None:
    async with worlds.opened(database, cap_citizen=2) as world:
        await world.apply(sample.registered(contact=worlds.contact()), sample.dispatched(), sample.resolved())
        await world.send()
        assert len(await world.outgoing(audience="citizen")) == 2
        assert [row["reason"] for row in await world.notices(state="suppressed")] == ["rate_cap"]
        world.set_time(sample.NOON + timedelta(hours=2))
        await world.apply(sample.closed())
        await world.send()
        assert len(await world.outgoing(audience="citizen")) == 3


async def test_the_worker_sends_what_a_commit_left(world: World) -> None:
    working = asyncio.create_task(send.serve(world.running))
    try:
        await world.apply(sample.registered(contact=worlds.contact()))
        async with asyncio.timeout(5):
            while not await world.notices(state="sent", medium="sms"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_new_templates_come_into_force_and_bad_ones_do_not(database: str, tmp_path: Path) -> None:
    for path in sample.CITY.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    file = tmp_path / "templates.yaml"
    async with worlds.opened(database, city_dir=tmp_path) as world:
        sound = file.read_text(encoding="utf-8")
        file.write_text(sound.replace("您的诉求已立案", "收到您的诉求"), encoding="utf-8")
        assert await reload.look(world.state.book, asked=False)
        await world.apply(sample.registered(contact=worlds.contact()))
        await world.send()
        assert "收到您的诉求" in (await world.outgoing())[0]["body"]
        file.write_text(sound.replace("{number}", "{phone}"), encoding="utf-8")
        assert not await reload.look(world.state.book, asked=True)
        assert world.state.book.last_error is not None
        assert "收到您的诉求" in world.state.bylaw.templates.templates[0].text.zh
