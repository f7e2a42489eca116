"""What waits in the store: found after a restart, a failure, or when another process has died (delivery rule 6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from services.chassis import database, packed, tails, telemetry
from services.chassis.access import OPEN, Access
from services.chassis.cursors import Cursors, Place
from services.chassis.failure import ShardStopped
from services.chassis.packed import Written

SQL = database.SQL
log = telemetry.logger("outbox")
ROWS = 50


class Restored(Exception):
    """Kafka and the store do not belong together; only a person can say which one is right."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of one shard. `more`: not everything was read."""

    written: list[Written]
    more: bool


async def read(
    conn: database.Connection, cursors: Cursors, shard: int, refusing: Sequence[str], rows: int = ROWS
) -> Waiting:
    """The first rows above the cursor, of every topic that has something waiting.

    Raises ShardStopped when what comes next is not kept any more.
    """
    await cursors.keep(conn, [shard])
    found = await conn.fetch(SQL["next_to_publish"], shard, rows, list(refusing))
    cursors.learn({(row["topic"], shard): row["published"] for row in found})
    by_topic: dict[str, int] = {}
    for row in found:
        if row["topic"] not in by_topic and row["first"] > row["published"] + 1:
            raise ShardStopped(f"outbox: number {row['published'] + 1} of {row['topic']} is not kept any more, "
                               f"{row['first']} is the next")  # fmt: skip
        by_topic[row["topic"]] = by_topic.get(row["topic"], 0) + 1
    written = [Written(row["topic"], row["first"], packed.unpack(row["records"])) for row in found]
    return Waiting(written, any(count >= rows for count in by_topic.values()))


async def verify(
    pool: asyncpg.Pool,
    bootstrap: str,
    service: str,
    partition_of: Callable[[str, int], int],
    access: Access = OPEN,
) -> None:
    """Compare each topic's last number with ours, before anything is published (delivery rule 6).

    Behind: the cursor goes back and the rows kept are published again. Ahead of what we gave out: raises Restored.
    Ahead of the cursor only: that is where it stands, as the cursor is written down late. Waits for a broker.
    """
    given, published = await _ours(pool)
    for place, last in (await tails.last_numbers(bootstrap, service, given, partition_of, access)).items():
        if last > given[place]:
            raise Restored(f"{place[0]} shard {place[1]} has number {last} on Kafka, the store gave out {given[place]}: "
                           "the database is older than the topic. Restore a newer one, or provision anew")  # fmt: skip
        if last < published[place]:
            await _publish_again(pool, *place, last)
        elif last > published[place]:
            await pool.execute(SQL["set_published"], [place[0]], [place[1]], [last])


async def _ours(pool: asyncpg.Pool) -> tuple[Mapping[Place, int], Mapping[Place, int]]:
    """(last number given, last number known to be on Kafka) by topic and shard."""
    rows = await pool.fetch(SQL["given_and_published"])
    given = {(row["topic"], row["shard"]): row["last"] for row in rows}
    return given, {(row["topic"], row["shard"]): row["published"] for row in rows}


async def _publish_again(pool: asyncpg.Pool, topic: str, shard: int, last: int) -> None:
    oldest = await pool.fetchval(SQL["oldest_kept"], topic, shard)
    if oldest is None or oldest > last + 1:
        raise Restored(f"{topic} shard {shard} ends at number {last} on Kafka and the outbox keeps from {oldest}: "
                       "records in between are lost; restore the topic from a replica")  # fmt: skip
    log.warning("outbox.published_again", topic=topic, shard=shard, offset=last)
    await pool.execute(SQL["publish_from"], topic, shard, last)
