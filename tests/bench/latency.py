"""From POST /v1/requests to the record in the hands of a department's consumer, at 200 requests a second.

Over a whole Suban on this machine, durable (fsync). Each request counts from the moment it was to be sent. The peer is
the same record sent straight through the same Kafka at the same rate, to the same kind of consumer.
"""

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import uvloop
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local import Broken, evidence
from deploy.local.demo_requests import SAMPLES
from deploy.local.stack import CITY, HOME, Stack
from services.chassis import files, producer
from services.contracts import city as cities
from services.contracts import topics
from services.contracts.city import City
from services.contracts.events import AssignmentOpened
from tests.bench import client, process
from tests.bench.client import Answer
from tests.bench.figure import Figure, Say, against, below, percentile

NAME = "latency"
PER_SECOND = 200
SECONDS = 20
WARM_SECONDS = 3
CONNECTIONS = 32
PATIENCE_S = 10.0
BUSY = 3000  # requests a minute: channels that may send that many have room for ours
STRAIGHT = "bench.straight"
PEER = "the record straight through Kafka"
ACCEPTED = 202
SHARES = {"p50": 0.5, "p99": 0.99}
LIMITS = {"p99": below(300)}


@dataclass
class Desk:
    """A department's consumer, one for all departments: remembers when it was first handed each case's record.

    A thread of its own: librdkafka waits outside of Python.
    """

    bootstrap: str
    partitions: Sequence[TopicPartition]
    kind: str | None = None
    seen: dict[str, float] = field(default_factory=dict)
    sample: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "bench-latency", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 500, "log_level": 0,
        })  # fmt: skip
        consumer.assign(list(self.partitions))
        try:
            while not self.ended.is_set():
                message = consumer.poll(0.2)
                if message is not None and message.error() is None:
                    pairs: Any = message.headers() or ()
                    self._take(time.monotonic(), dict(pairs), message.value() or b"")
        finally:
            consumer.close()

    def _take(self, at: float, headers: dict[str, bytes], value: bytes) -> None:
        if self.kind is None or headers.get("ce_type") == self.kind.encode():
            self.seen.setdefault(headers["ce_subject"].decode(), at)
            if len(self.sample) < PER_SECOND:
                self.sample.append(value)


@contextmanager
def reading(desk: Desk) -> Iterator[Desk]:
    thread = threading.Thread(target=desk.read, name="desk", daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        desk.ended.set()
        thread.join()


def requests(city: City, tokens: dict[str, str], count: int) -> Iterator[bytes]:
    """The sample requests again and again, each under an id of its own, from the channels that speak our schema."""
    busy = {one.id for one in city.channels if one.mapping is None and one.rate_per_minute >= BUSY}
    lines = [json.loads(line) for line in (CITY / SAMPLES).read_text(encoding="utf-8").splitlines() if line]
    ours = itertools.cycle([line for line in lines if line["channel"] in busy])
    for number, line in enumerate(itertools.islice(ours, count)):
        body = json.dumps(line["request"] | {"request_id": f"bench-{number}"}, ensure_ascii=False).encode()
        yield client.post("/v1/requests", tokens[f"channel:{line['channel']}"], body)


@dataclass(frozen=True)
class Pushed:
    """By case id the answers of the measured seconds, and how many were not accepted (a 503 is no answer in time)."""

    accepted: dict[str, Answer]
    refused: int

    def ends(self, seen: dict[str, float]) -> list[float]:
        """Milliseconds from each request's time in the timetable to the record. What was refused took all patience."""
        arrived_after = [1000 * (seen[case] - answer.due_at) for case, answer in self.accepted.items()]
        return arrived_after + [1000 * PATIENCE_S] * self.refused


async def push(stack: Stack, desk: Desk, raw: Sequence[bytes], say: Say) -> Pushed:
    """The first seconds only warm everything up."""
    warm = PER_SECOND * WARM_SECONDS
    async with client.connected(stack.http("intake"), CONNECTIONS) as connections:
        say(f"latency: warming up for {WARM_SECONDS} s")
        first = sorted_out(await client.at_rate(connections, raw[:warm], PER_SECOND))
        await arrived(desk, first.accepted)
        say(f"latency: {PER_SECOND} requests/s for {SECONDS} s")
        pushed = sorted_out(await client.at_rate(connections, raw[warm:], PER_SECOND))
    await arrived(desk, pushed.accepted)
    return pushed


def sorted_out(answers: Sequence[Answer]) -> Pushed:
    """Raises Broken when a request was wrong: such a run measures nothing."""
    if wrong := [one for one in answers if ACCEPTED != one.status < 500]:
        raise Broken(
            f"{len(wrong)} of {len(answers)} requests were wrong, the first: {wrong[0].body.decode()}"
        )
    accepted = {json.loads(one.body)["case_id"]: one for one in answers if one.status == ACCEPTED}
    return Pushed(accepted, len(answers) - len(accepted))


async def arrived(desk: Desk, promised: Collection[str]) -> None:
    """Raises Broken when not everything has come in time."""
    until = time.monotonic() + PATIENCE_S
    while missing := [name for name in promised if name not in desk.seen]:
        if time.monotonic() > until:
            raise Broken(f"{len(missing)} of {len(promised)} records did not come within {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.05)


async def straight(bootstrap: str, desk: Desk, values: Sequence[bytes]) -> list[float]:
    """Milliseconds of each record from its time in the timetable to the consumer's hands."""
    sender = producer.new_inner(bootstrap)
    await sender.start()
    warm, due = PER_SECOND * WARM_SECONDS, dict[str, float]()
    began, sent = time.monotonic(), list[asyncio.Future[Any]]()
    for place in range(warm + PER_SECOND * SECONDS // 2):
        due_at, name = began + place / PER_SECOND, str(uuid4())
        await asyncio.sleep(due_at - time.monotonic())
        case = [("ce_subject", name.encode())]
        sent.append(await sender.send(STRAIGHT, values[place % len(values)], name.encode(), 0, headers=case))
        due[name] = due_at
    await asyncio.gather(*sent)
    await arrived(desk, due)
    await sender.stop()
    return [1000 * (desk.seen[name] - due_at) for name, due_at in list(due.items())[warm:]]


def on_the_way(bootstrap: str, answers: dict[str, Answer]) -> dict[str, list[float]]:
    """Stage → milliseconds until the submission was appended, the router began to decide, its record was appended.

    By the clocks of the broker and of PostgreSQL, which are this machine's.
    """
    offset, found = time.time() - time.monotonic(), dict[str, dict[str, float]]()
    for record in evidence.topics(bootstrap):
        stages = found.setdefault(record.case, {})
        if record.topic == topics.SUBMISSIONS:
            stages["submitted"] = record.appended_at.timestamp() - offset
        elif record.type == AssignmentOpened.TYPE:
            decided_at = datetime.fromisoformat(record.headers["ce_time"])
            stages.setdefault("decided", decided_at.timestamp() - offset)
            stages.setdefault("published", record.appended_at.timestamp() - offset)
    return {
        stage: [1000 * (found[case][stage] - answer.due_at) for case, answer in answers.items()]
        for stage in ("submitted", "decided", "published")
    }


def make_topic(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})  # named: its end would end the request
    admin.create_topics([NewTopic(STRAIGHT, 1, 1)])[STRAIGHT].result()


def assignment_topics(city: City) -> list[TopicPartition]:
    return [TopicPartition(topics.assignments(one.slug), 0, 0) for one in city.departments]


def figures(ends: Sequence[float], stages: dict[str, list[float]], peer: Sequence[float]) -> list[Figure]:
    whole = [
        against(
            f"latency.assigned.{name}",
            percentile(ends, share),
            "ms",
            PEER,
            percentile(peer, share),
            LIMITS.get(name),
        )
        for name, share in SHARES.items()
    ]
    return whole + [
        Figure(f"latency.{stage}.{name}", percentile(values, share), "ms")
        for stage, values in stages.items()
        for name, share in SHARES.items()
    ]


def run(say: Say) -> list[Figure]:
    city = files.load_all(CITY, cities.MODELS, cities.assemble, cities.problems).value
    directory = HOME / "bench-latency"
    with Stack("bench-latency", directory=directory, fresh=True, usual_ports=False, say=say) as stack:
        bootstrap, count = stack.kafka.bootstrap, PER_SECOND * (WARM_SECONDS + SECONDS)
        raw = list(requests(city, stack.tokens, count))
        make_topic(bootstrap)  # so early that all have heard of it when it is written to
        with reading(Desk(bootstrap, assignment_topics(city), AssignmentOpened.TYPE)) as desk:
            pids = process.pids_of(stack.children) if process.available() else {}
            before, began = process.total_s(pids), time.monotonic()
            pushed = uvloop.run(push(stack, desk, raw, say))
            busy = process.used(before, process.total_s(pids), time.monotonic() - began)
        stages = {
            "accepted": [1000 * (answer.at - answer.due_at) for answer in pushed.accepted.values()],
            **on_the_way(bootstrap, pushed.accepted),
        }
        say(f"latency: the same records straight through Kafka for {SECONDS // 2 + WARM_SECONDS} s")
        with reading(Desk(bootstrap, [TopicPartition(STRAIGHT, 0, 0)])) as direct:
            peer = uvloop.run(straight(bootstrap, direct, desk.sample))
    stack.forget()
    refused = Figure("latency.refused", pushed.refused, "requests")
    cpu = [Figure(f"latency.cpu.{name}", share, "% of a core") for name, share in busy.items()]
    return [*figures(pushed.ends(desk.seen), stages, peer), refused, *cpu]
