"""The promise under fire: whatever is killed, frozen, cut off or repeated, the ledger finds nothing lost or done twice.

The short forms run in `make test`; `make chaos` runs the same with thousands of requests each.
"""

import asyncio
import json
import random
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import Producer

from deploy.local import demo_channels, evidence
from deploy.local.demo_channels import Pusher
from deploy.local.demo_requests import Item
from deploy.local.ledger import Promise
from deploy.local.stack import SERVICES
from tests.chaos.harness import Rig, Size

# What the traffic has besides the good day: it must be there, or nothing is proven of it.
TROUBLE = {
    "case.returned",
    "case.disputed",
    "case.ruled",
    "case.split",
    "case.paused",
    "case.resumed",
    "case.extended",
}

FREEZE_S = 9.0  # longer than the session timeout of conftest.py

KILLS = [Size(500, 35, 1), pytest.param(Size(5000, 50, 2), marks=pytest.mark.long)]
FREEZES = [Size(300, 25, FREEZE_S), pytest.param(Size(5000, 50, FREEZE_S), marks=pytest.mark.long)]
OUTAGES = [Size(300, 30, 4), pytest.param(Size(5000, 60, 20), marks=pytest.mark.long)]
REPEATS = [Size(100, 30, 0), pytest.param(Size(5000, 80, 0), marks=pytest.mark.long)]
TWENTY = [1, pytest.param(250, marks=pytest.mark.long)]  # requests
AT_ONCE = 5
HELD = [(30, 1), pytest.param(500, 10, marks=pytest.mark.long)]  # requests a wave, waves


@pytest.mark.parametrize("size", KILLS)
def test_killed_at_random_moments(rig: Rig, size: Size) -> None:
    """SIGKILL on every service again and again, at moments nobody chose."""
    dice = random.Random(size.requests)
    kills = len(SERVICES) * (2 if size.requests < 1000 else 10)
    with rig.load(size) as load:
        for turn in range(kills):
            victim = SERVICES[turn % len(SERVICES)] if turn < len(SERVICES) else dice.choice(SERVICES)
            rig.wait(lambda victim=victim: rig.stack.is_ready(victim), 60)  # type: ignore[misc]
            rig.pass_time(dice.uniform(0.1, 2.0) * size.away_s, load)
            rig.kill(victim)
    verdict = rig.judge()
    assert verdict.clean, str(verdict)
    assert rig.restarts.total() >= len(SERVICES)
    seen = {record.type for record in evidence.topics(rig.stack.kafka.bootstrap)}
    assert seen >= TROUBLE, TROUBLE - seen


@pytest.mark.parametrize("size", FREEZES)
def test_frozen_longer_than_the_session_and_thawed(rig: Rig, size: Size) -> None:
    """A frozen process loses its shards to its twin; thawed, it must not go on where it was."""
    with rig.load(size) as load:
        for victim in (
            ("router", "sla") if size.requests < 1000 else ("router", "sla", "notify", "intake", "router")
        ):
            with rig.twin(victim) if victim != "intake" else rig.frozen("intake"):
                rig.pass_time(2.0, load)  # both have shards
                if victim != "intake":
                    with rig.frozen(victim):
                        rig.pass_time(size.away_s)
                rig.pass_time(2.0)
    verdict = rig.judge()
    assert verdict.clean, str(verdict)


@pytest.mark.parametrize("size", OUTAGES)
def test_kafka_away_and_back(rig: Rig, size: Size) -> None:
    """Intake goes on answering 202; everything arrives later, in order."""
    with rig.load(size) as load:
        rig.wait(lambda: load.count > size.requests // 10, 60)
        rig.stack.kafka.stop()
        before = load.count
        rig.pass_time(size.away_s)
        taken_meanwhile = load.count - before
        rig.stack.kafka.start()
        rig.stack.kafka.wait_ready()
    verdict = rig.judge()
    assert verdict.clean, str(verdict)
    assert taken_meanwhile > 0


@pytest.mark.parametrize("size", OUTAGES)
def test_postgres_restarted_under_load(rig: Rig, size: Size) -> None:
    """No 202 without a case; what cannot be written is answered 503."""
    times = 2 if size.requests < 1000 else 6
    with rig.load(size) as load:
        for turn in range(times):
            rig.wait(lambda turn=turn: load.count > size.requests * (turn + 1) // (times + 2), 120)  # type: ignore[misc]
            rig.stack.postgres.restart(signal.SIGQUIT if turn % 2 else signal.SIGINT)
    verdict = rig.judge()
    assert verdict.clean, str(verdict)
    assert set(load.pusher.answers) <= {"202", "503", "429"}, load.pusher.answers


@pytest.mark.parametrize("requests", TWENTY)
def test_one_request_sent_twenty_times_at_once(rig: Rig, requests: int) -> None:
    """Each of so many requests twenty times, a handful of requests side by side."""
    bodies = [
        {"request_id": f"twenty-{requests}-{n}", "text": f"同一件事说二十遍，第 {n} 件"}
        for n in range(requests)
    ]
    for start in range(0, requests, AT_ONCE):
        some = [item(body) for body in bodies[start : start + AT_ONCE]]
        promises = pushed(rig, [item for item in some for _ in range(20)])
        answers = {(one.request_key, one.case_id, one.number) for one in promises}
        assert len(promises) == 20 * len(some)
        assert len(answers) == len(some), "twenty times the same answer"
    rig.rest()
    verdict = rig.judge()
    assert verdict.clean, str(verdict)


def item(body: dict[str, Any]) -> Item:
    return Item("at-pingshan", str(body["request_id"]), json.dumps(body).encode())


def pushed(rig: Rig, items: Sequence[Item]) -> list[Promise]:
    """A hundred at once; what they were promised."""

    async def push() -> Pusher:
        async with demo_channels.client(rig.stack.http("intake")) as client:
            pusher, room = Pusher(client, rig.stack.tokens), asyncio.Semaphore(20 * AT_ONCE)

            async def one(item: Item) -> None:
                async with room:
                    await pusher.push(item)

            await asyncio.gather(*map(one, items))
            return pusher

    promises = asyncio.run(push()).promises
    rig.promises += promises
    return promises


@pytest.mark.parametrize("size", REPEATS)
def test_everything_published_again_in_another_order(rig: Rig, size: Size) -> None:
    """Every record that is on Kafka, commands too, once more and shuffled: nothing happens twice."""
    with rig.load(size):
        pass
    before = asyncio.run(evidence.effects(rig.stack.postgres.url()))
    _publish_again(rig)
    after = asyncio.run(evidence.effects(rig.stack.postgres.url()))
    with rig.load(Size(20, 20, 0)):
        """And it goes on as if nothing had been."""
    assert after == before
    verdict = rig.judge()
    assert verdict.clean, str(verdict)


def _publish_again(rig: Rig) -> None:
    records = list(evidence.topics(rig.stack.kafka.bootstrap))
    random.Random(7).shuffle(records)
    producer = Producer(
        {
            "bootstrap.servers": rig.stack.kafka.bootstrap,
            "acks": "all",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    for record in records:
        producer.produce(
            record.topic,
            record.value,
            record.case.encode(),
            record.partition,
            headers=list(record.headers.items()),
        )
    assert producer.flush(60) == 0
    ends = evidence.ends(rig.stack.kafka.bootstrap)

    def taken() -> bool:
        now = evidence.taken(rig.stack.kafka.bootstrap)
        return all(now[place] >= end for place, end in ends.items())

    rig.wait(taken, 60 + len(records) / 1000)
    rig.rest()
