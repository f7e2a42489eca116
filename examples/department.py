"""A whole department: it reads its assignments, takes each case with a named handler, tells the citizen, resolves it.

    python examples/department.py <department> [broker, localhost:9092 unless said]

Needs aiokafka and nothing else. Its place in the topic is kept by Kafka (`group_id`), committed after the commands are
out: what was read and not answered is read again, and the router drops what it has had, by `command_id`.
"""

import asyncio
import contextlib
import json
import sys
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

HANDLER = {"id": "officer-1", "name": "值班员"}
EVIDENCE = ["photo_before:1", "photo_after:2"]


def answers(case: str, letter: dict[str, Any]) -> list[dict[str, Any]]:
    """The commands that answer one assignment, in order. Ids are derived from it, so a repeat is the same command; they
    name the version that was seen: should the case have moved on meanwhile, the router says so and how it stands."""
    common = {"case": case, "assignment_version": letter["assignment_version"]}
    steps: list[dict[str, Any]] = [
        {"command": "accept", "handler": HANDLER},
        {"command": "start"},
        {"command": "respond", "basis": "public_message", "public_text": "我们已经在处理。 We are on it."},
        {"command": "resolve", "kind": "fixed", "public_text": "已处理完毕。 Done.", "evidence": EVIDENCE},
    ]
    return [{**common, **one, "command_id": f"{letter['assignment_id']}-{one['command']}"} for one in steps]


async def main(department: str, broker: str = "localhost:9092") -> None:
    inbox, replies = f"suban.assignments.{department}.v1", f"suban.replies.{department}.v1"
    consumer = AIOKafkaConsumer(
        inbox, replies, bootstrap_servers=broker, group_id=f"department-{department}",
        auto_offset_reset="earliest", enable_auto_commit=False,
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
    async with producer, consumer:
        async for record in consumer:
            kind, said = dict(record.headers)["ce_type"].decode(), json.loads(record.value)
            if record.topic == replies:
                print(kind, said.get("command"), said.get("state"), said.get("reason", ""), flush=True)
            elif kind == "assignment.opened" and said["role"] == "lead":
                print(kind, said["number"], said["text"], "→", said["due_response_at"], flush=True)
                for command in answers(record.key.decode(), said):
                    value = json.dumps(command, ensure_ascii=False).encode()
                    await producer.send_and_wait(f"suban.commands.{department}.v1", value)
            await consumer.commit()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        print("usage: python department.py <department> [broker, or localhost:9092]", file=sys.stderr)
        sys.exit(2)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1], *sys.argv[2:]))
