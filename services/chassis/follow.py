"""Following a topic of which only the newest record counts, outside any group and any transaction."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis import ending, telemetry
from services.chassis.settings import ServiceSettings

log = telemetry.logger("follow")


async def follow(settings: ServiceSettings, topic: str, take: Callable[[bytes], None]) -> None:
    """Read a topic of one partition from its end, outside any group: only the newest record counts."""
    tp = TopicPartition(topic, 0)
    while True:
        consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False,
                                    auto_offset_reset="latest", isolation_level="read_committed", **settings.access.aiokafka())  # fmt: skip
        try:
            await consumer.start()
            consumer.assign([tp])
            await consumer.seek_to_end(tp)
            while True:
                for record in (await consumer.getmany(timeout_ms=1000)).get(tp, []):
                    take(record.value or b"")
        except (KafkaError, OSError) as away:
            log.warning("follow.again", topic=topic, error=type(away).__name__)
            await asyncio.sleep(1.0)
        finally:
            await ending.stop(consumer.stop(), "consumer", 3.0)
