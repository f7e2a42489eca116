"""What `provision` grants, on a broker with an authorizer: a department reads and writes its own topics and no other."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from deploy.local import ports
from deploy.local.kafka import Kafka
from services.chassis.access import Access
from services.chassis.producer import KafkaProducer, Undelivered
from services.console import provision, rights
from services.contracts import topics
from services.sla.service import SERVICE as SLA
from tests import servers
from tests.integration.chassis import toy
from tests.integration.chassis.toy import until

# KRaft's own authorizer on a second listener, where everybody needs a name. Without one you are the administrator here.
GUARDED = """\
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},NAMED://127.0.0.1:{named}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},NAMED://127.0.0.1:{named}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,NAMED:SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.named.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
PARKS, ROADS = "parks", "roads"


@dataclass(frozen=True)
class Guarded:
    """`open` is the administrator's door, `named` everybody else's."""

    open: str
    named: str
    passwords: dict[str, str]

    def access(self, user: str) -> Access:
        return Access("sasl_plaintext", "SCRAM-SHA-512", user, self.passwords[user])


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    """A broker of this file's own, provisioned for two departments."""
    folder = servers.HOME / "guarded"
    shutil.rmtree(folder, ignore_errors=True)
    port, controller, named = ports.choose(), ports.choose(), ports.choose()
    more = GUARDED.format(port=port, controller=controller, named=named)
    kafka = Kafka(folder, port, controller, more=more)
    try:
        kafka.start()
        kafka.wait_ready()
        yield Guarded(kafka.bootstrap, f"127.0.0.1:{named}", _provision(kafka.bootstrap))
    finally:
        kafka.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _provision(bootstrap: str) -> dict[str, str]:
    admin = provision.client(bootstrap)
    wanted = topics.concrete([PARKS, ROADS])
    made = admin.create_topics([provision._new(name, row, toy.SHARDS, 1) for name, row in wanted])
    for done in made.values():
        done.result()
    granted = rights.everybody([PARKS, ROADS])
    assert rights.guarded(admin)
    rights.grant(admin, granted)
    rights.grant(admin, granted)
    users = sorted({right.user for right in granted})
    passwords = dict(rights.make_users(admin, users))
    assert rights.make_users(admin, users) == {}, "who has a password keeps it"
    return passwords


async def read(guarded: Guarded, user: str, topic: str, group: str | None = None) -> bytes:
    """The first record of the topic, as this user in this group; raises what the broker says."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=guarded.named, group_id=group, auto_offset_reset="earliest",
        **guarded.access(user).aiokafka(),
    )  # fmt: skip
    async with _closing(consumer), asyncio.timeout(20):
        return bytes((await consumer.getone()).value or b"")


async def write(guarded: Guarded, user: str, topic: str, value: bytes = b"{}") -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=guarded.named,
        acks="all",
        enable_idempotence=True,
        **guarded.access(user).aiokafka(),
    )
    async with _closing(producer), asyncio.timeout(20):
        await producer.send_and_wait(topic, value)


@contextlib.asynccontextmanager
async def _closing(client: Any) -> AsyncIterator[None]:
    try:
        await client.start()
        yield
    finally:
        await client.stop()


async def test_a_department_does_its_work(guarded: Guarded) -> None:
    """The router writes to it, it answers, the router reads that; also by the client of examples/department.py."""
    router = KafkaProducer(guarded.named, guarded.access("suban-router"))
    for topic in (topics.assignments(PARKS), topics.replies(PARKS), topics.CASES, topics.WATERMARKS):
        assert await router.send(topic, 0, [(b"k", b"for parks", [])]) == 1
    await router.close()
    user = rights.department_user(PARKS)
    assert await read(guarded, user, topics.assignments(PARKS), user) == b"for parks"
    assert await read(guarded, user, topics.replies(PARKS), user) == b"for parks"
    await write(guarded, user, topics.commands(PARKS), b"accept")
    assert await read(guarded, "suban-router", topics.commands(PARKS), "suban-router") == b"accept"


@pytest.mark.parametrize(
    "topic",
    [topics.assignments(PARKS), topics.replies(PARKS), topics.commands(PARKS), topics.SUBMISSIONS, topics.CASES,
     topics.DEAD_LETTERS],
)  # fmt: skip
async def test_it_reads_nobody_else_s(guarded: Guarded, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await read(guarded, rights.department_user(ROADS), topic)


@pytest.mark.parametrize(
    "topic", [topics.commands(PARKS), topics.assignments(PARKS), topics.commands("sla"), topics.CASES]
)
async def test_it_speaks_for_nobody_else(guarded: Guarded, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await write(guarded, rights.department_user(ROADS), topic)


async def test_it_cannot_take_another_s_place(guarded: Guarded) -> None:
    """In a foreign group it would move the other's offsets."""
    with pytest.raises(GroupAuthorizationFailedError):
        await read(
            guarded, rights.department_user(ROADS), topics.assignments(ROADS), rights.department_user(PARKS)
        )


async def test_a_service_may_what_its_table_says_and_no_more(guarded: Guarded) -> None:
    notify = KafkaProducer(guarded.named, guarded.access("suban-notify"))
    assert await notify.send(topics.NOTICES, 0, [(b"k", b"v", [])]) == 1
    for topic in (topics.CASES, topics.commands(PARKS), topics.assignments(PARKS)):
        with pytest.raises(Undelivered, match="TopicAuthorizationFailed"):
            await notify.send(topic, 0, [(b"k", b"v", [])])
    await notify.close()
    with pytest.raises(TopicAuthorizationFailedError):
        await read(guarded, "suban-notify", topics.assignments(PARKS))


async def test_a_whole_service_runs_behind_a_name(guarded: Guarded, database: str) -> None:
    """Consumer, follower, producer and the look at its topics' ends: all of its clients say who they are."""
    await toy.provision(database)
    who = {"kafka_username": "suban-sla", "kafka_password": guarded.passwords["suban-sla"]}
    city = Path("deploy/city/pingshan")
    async with toy.started(
        database, guarded.named, SLA, kafka_security="sasl_plaintext", city_dir=city, **who
    ) as sla:

        async def at_work() -> bool:
            return sla.running.plumbing.owned() == set(range(toy.SHARDS))

        await until(at_work)
        assert not sla.task.done()


def test_without_an_authorizer_it_says_so(kafka: servers.Broker) -> None:
    assert not rights.guarded(provision.client(kafka.bootstrap))
