"""Our own Kafka and PostgreSQL keep port and data across stops, crashes and odd folders."""

import asyncio
from pathlib import Path

import asyncpg
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.kafka import Kafka
from deploy.local.postgres import IMMEDIATE, Postgres


def execute(url: str, statement: str) -> object:
    async def once() -> object:
        conn = await asyncpg.connect(url)
        try:
            return await conn.fetchval(statement)
        finally:
            await conn.close()

    return asyncio.run(once())


def test_postgres_keeps_committed_rows_through_a_crash_and_an_immediate_restart(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)  # as a home often is; root must run the server as someone else
    server = Postgres(closed / "数据 with spaces", fsync=False)
    try:
        server.start()
        server.wait_ready()
        url = server.url()
        execute(url, "CREATE TABLE kept AS SELECT 7 AS n")
        server.restart(IMMEDIATE)
        assert execute(url, "SELECT n FROM kept") == 7
        server.kill()
        server.start()
        server.wait_ready()
        assert execute(url, "SELECT n FROM kept") == 7
    finally:
        server.stop()
        server.forget()
    assert not server.alive


def test_kafka_keeps_topics_and_port_across_a_stop(tmp_path: Path) -> None:
    broker = Kafka(tmp_path / "中文 with spaces")
    try:
        broker.start()
        broker.wait_ready()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        admin.create_topics([NewTopic("kept", 4, 1)])["kept"].result()
        broker.stop()
        assert not broker.alive
        broker.start()
        broker.wait_ready()
        assert len(admin.list_topics("kept", timeout=10).topics["kept"].partitions) == 4
        producer = Producer({"bootstrap.servers": broker.bootstrap})
        producer.produce("kept", b"value", partition=3)
        assert producer.flush(10) == 0
    finally:
        broker.stop()
