"""The router in one process: consume, decide, store, produce; on a real Kafka and a real PostgreSQL.

`python -m tests.bench router`; CASES=20000 is how many submissions wait on the topic when it starts. The clock stops
when every case is stored, with fsync, and every record it caused has been acknowledged. The peer is the same process
with a constant in place of the rules.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg
import uvloop

from deploy.local.postgres import Postgres
from services.chassis import database, files, http
from services.chassis import run as chassis
from services.chassis.clock import monotonic
from services.chassis.producer import KafkaProducer
from services.console import provision
from services.contracts import city as cities
from services.contracts import envelope as envelopes
from services.contracts import ids, spelling, topics
from services.contracts.city import City
from services.contracts.envelope import Envelope, Position
from services.contracts.events import SubmissionReceived
from services.contracts.values import ChannelKind, Contact, Place
from services.router import decide
from services.router.decide import Law, Routed
from services.router.service import SERVICE
from services.router.settings import RouterSettings
from tests import servers
from tests.bench.figure import Figure, Say, against, at_least

NAME = "router"
SHARDS = 4
CITY = Path("deploy/city/pingshan")
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TEXT = "您好，我想反映一下{place}附近的问题，{what}，已经持续好几天了，晚上尤其严重，影响周边居民休息和出行，打过电话没有人处理，请尽快安排人员到现场看一下，谢谢。"
STATES = "SELECT numbers, seen FROM shard"


def submissions(city: City, many: int) -> Iterator[tuple[ids.CaseId, SubmissionReceived]]:
    """Requests as a city has them: every category and area in turn, one in five without a place."""
    kinds = itertools.cycle(city.categories)
    places = itertools.cycle(city.areas)
    for number in range(many):
        category, area = next(kinds), next(places)
        case_id = ids.case_id("bench", str(number))
        text = TEXT.format(place=area.name.zh, what=category.path.rpartition("/")[2])
        place = Place() if number % 5 == 0 else Place(address=f"坪山区{area.name.zh}{number % 200}号")
        yield case_id, SubmissionReceived(
            number=ids.public_number(case_id, START.date()), channel="hotline-12345", channel_kind=ChannelKind.HOTLINE,
            request_key=str(number), received_at=START + timedelta(seconds=number), text=text,
            match_text=spelling.for_matching(text),
            category=category.path, place=place, contact=Contact(masked_name="王**", masked_phone="138****8000"),
        )  # fmt: skip


async def feed(bootstrap: str, city: City, many: int) -> None:
    """As intake's publisher would: numbered per shard."""
    records: dict[int, list[Any]] = {shard: [] for shard in range(SHARDS)}
    for case_id, data in submissions(city, many):
        mine = records[ids.shard_of(case_id, SHARDS)]
        envelope = Envelope(
            ids.event_id(str(case_id), data.TYPE, 0), "intake", data.TYPE, data.received_at, case_id, "c", "c"
        )
        position = Position("intake", ids.shard_of(case_id, SHARDS), len(mine) + 1)
        headers = envelopes.to_headers(envelope) + envelopes.position_headers(position)
        mine.append((str(case_id).encode(), data.model_dump_json().encode(), headers))
    producer = KafkaProducer(bootstrap)
    for shard, left in records.items():
        while left:
            left = left[await producer.send(topics.SUBMISSIONS, shard, left[:500]) :]
    await producer.close()


async def provisioned(url: str) -> None:
    conn = await asyncpg.connect(url)
    await database.set_codecs(conn)
    now = datetime.now(UTC).isoformat()
    facts = {"schema_version": database.SCHEMA_VERSION, "shards": SHARDS,
             "clock": {"wall_base": now, "city_base": now, "rate": 1.0}}  # fmt: skip
    await conn.execute("SET search_path = router")
    for key, value in facts.items():
        await conn.execute(database.SQL["put_meta"], key, value)
    await conn.execute("INSERT INTO shard (shard) SELECT generate_series(0, $1 - 1)", SHARDS)
    await conn.close()


async def drain(url: str, bootstrap: str, many: int) -> float:
    """Seconds from start to the last acknowledged record."""
    settings = RouterSettings(database_url=url, kafka_bootstrap=bootstrap, http_port=0, city_dir=CITY)
    pool = await database.create_pool(url, "router", 12)
    running, consumer, producer = await chassis.boot(SERVICE, settings, pool)
    stop = asyncio.Event()
    door = http.listen("127.0.0.1", 0)
    began = monotonic()
    chassis.tame_collector()  # as the service's own main does
    life = asyncio.create_task(chassis.Life(SERVICE, running, consumer, producer, stop, door).live())
    first = began
    while True:
        await asyncio.sleep(0.05)
        seen = [row["seen"] for row in await pool.fetch(STATES)]
        taken = sum(sum(one.values()) for one in seen)
        if taken == 0:
            first = monotonic()
        if taken == many and running.plumbing.publisher.settled():
            break
        if life.done():
            raise SystemExit(f"the router ended with {life.result()}")
    took = monotonic() - first
    stop.set()
    await life
    await producer.close()
    await pool.close()
    return took


@contextmanager
def without_rules() -> Iterator[None]:
    """The same loop, its decision made once."""
    known: list[Routed] = []
    real = decide.route

    def constant(law: Law, sent: SubmissionReceived, **more: Any) -> Routed:
        if not known:
            known.append(real(law, sent, **more))
        return known[0]

    with mock.patch.object(decide, "route", constant):
        yield


async def measure(server: servers.DatabaseServer, broker: servers.Broker, city: City, many: int) -> float:
    broker.empty()
    await asyncio.sleep(1)  # deletion of topics is not finished when it is acknowledged
    provision.make_topics(provision.client(broker.bootstrap), city, SHARDS, 1)
    await feed(broker.bootstrap, city, many)
    url = server.create("bench_router")
    await provisioned(url)
    seconds = await drain(url, broker.bootstrap, many)
    server.drop("bench_router")
    return many / seconds


async def compare(
    server: servers.DatabaseServer, broker: servers.Broker, many: int, say: Say
) -> list[Figure]:
    city = files.load_all(CITY, cities.MODELS, cities.assemble, cities.problems).value
    say(
        f"router: {many // 2:,} submissions for nothing: a broker that has just started compiles itself first"
    )
    await measure(server, broker, city, many // 2)
    say(f"router: {many:,} submissions by the rules")
    with_rules = await measure(server, broker, city, many)
    say(f"router: {many:,} submissions without rules")
    with without_rules():
        constant = await measure(server, broker, city, many)
    peer = "the same loop without rules"
    return [against("router.cases", with_rules, "cases/s", peer, constant, at_least(3000))]


@contextmanager
def durable() -> Iterator[servers.DatabaseServer]:
    """A PostgreSQL of our own: the one that tests share runs without fsync."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        local = Postgres(folder / "postgres")
        try:
            local.start()
            local.wait_ready()
            yield servers.DatabaseServer(local.url(), "local process, PostgreSQL 18, fsync on")
        finally:
            local.kill()
            local.forget()


def run(say: Say) -> list[Figure]:
    many = int(os.environ.get("CASES", "20000"))
    with durable() as server, servers.broker() as broker:
        server.make_template()
        return uvloop.run(compare(server, broker, many, say))  # as the service's own main does
