"""Load on a running Suban while things are done to it, and the independent ledger as the judge afterwards.

Load runs in a thread of its own with its own loop; what is done to processes is done from the main thread (child.py).
"""

import asyncio
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from confluent_kafka import Producer

from deploy.local import demo_channels, demo_requests, evidence, ledger
from deploy.local.child import Child
from deploy.local.demo_channels import Pusher
from deploy.local.demo_departments import Departments
from deploy.local.demo_requests import Item
from deploy.local.ledger import Promise, Verdict
from deploy.local.stack import CITY, SERVICES, Stack
from services.chassis import files
from services.chassis.clock import CityClock
from services.contracts import city as cities

HASTE = 7200.0  # departments answer within half a second and resolve within three
ANSWERED = 0.8  # the rest is left alone, so that rungs fire
LOOK_S = 0.05


@dataclass(frozen=True)
class Size:
    """How much: requests, how many a second, how long (wall seconds) something is away."""

    requests: int
    per_second: float
    away_s: float


@dataclass
class Load:
    """Requests pushed at a steady rate, and departments that answer. `pushed` when every request has its answer."""

    pusher: Pusher
    departments: Departments
    items: Sequence[Item]
    per_second: float
    pushed: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    failed: BaseException | None = None

    @property
    def count(self) -> int:
        return len(self.pusher.promises)

    def run(self) -> None:
        """In its thread, until `ended` is set."""
        try:
            asyncio.run(self._run())
        except BaseException as failed:
            self.failed = failed
        self.pushed.set()

    async def _run(self) -> None:
        answering = asyncio.create_task(self.departments.run())
        async with self.pusher.client:
            await self._push()
        self.pushed.set()
        while not self.ended.is_set() and not answering.done():  # noqa: ASYNC110  it is set by another thread
            await asyncio.sleep(LOOK_S)
        self.departments.stop()
        if answering.done():
            answering.result()
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    async def _push(self) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as pushes:
            for place, item in enumerate(self.items):
                await asyncio.sleep(began + place / self.per_second - time.monotonic())
                pushes.create_task(self.pusher.push(item))


@dataclass
class Rig:
    """A running Suban and everything it was ever asked in this session."""

    stack: Stack
    promises: list[Promise] = field(default_factory=list)
    restarts: Counter[str] = field(default_factory=Counter)
    _down: set[str] = field(default_factory=set)
    _taken: int = 0

    @contextmanager
    def load(self, size: Size) -> Iterator[Load]:
        """Load beside the block; after it, everything pushed, every service up, everything at rest."""
        city = files.load_all(CITY, cities.MODELS, cities.assemble, cities.problems).value
        every = demo_requests.samples(CITY, city, self._taken + size.requests)
        items, self._taken = every[self._taken :], self._taken + size.requests
        pusher = Pusher(demo_channels.client(self.stack.http("intake")), self.stack.tokens)
        departments = Departments(
            self.stack.kafka.bootstrap, city, HASTE, self.stack.shards, ANSWERED, trouble=True
        )
        load = Load(pusher, departments, items, size.per_second)
        thread = threading.Thread(target=load.run, daemon=True)
        thread.start()
        try:
            yield load
            self.wait(lambda: load.pushed.is_set(), size.requests / size.per_second + 120)
            self.rest(load)
        finally:
            self.promises += pusher.promises
            load.ended.set()
            thread.join(15)
        assert load.failed is None, repr(load.failed)
        assert not pusher.refused, pusher.refused[:3]

    def kill(self, service: str) -> None:
        self.stack.kill(service)

    @contextmanager
    def frozen(self, service: str) -> Iterator[None]:
        """SIGSTOP … SIGCONT. Meanwhile nobody starts another for it."""
        self._down.add(service)
        self.stack.kill(service, signal.SIGSTOP)
        try:
            yield
        finally:
            self.stack.kill(service, signal.SIGCONT)
            self._down.discard(service)

    @contextmanager
    def twin(self, service: str) -> Iterator[Child]:
        """A second process of a service beside the first."""
        child = self.stack.twin(service)
        try:
            yield child
        finally:
            child.stop(timeout_s=15)

    def tend(self) -> None:
        """What a supervisor does: start what has ended, whoever ended it."""
        for service in SERVICES:
            if service not in self._down and not self.stack.services[service].alive:
                self.restarts[service] += 1
                self.stack.restart(service, wait=False)

    def wait(self, look: Callable[[], bool], within_s: float) -> None:
        """Until `look()` is true, tending meanwhile."""
        end = time.monotonic() + within_s
        while not look():
            assert time.monotonic() < end, f"not within {within_s:.0f} s"
            self.tend()
            time.sleep(LOOK_S)

    def pass_time(self, seconds: float, load: Load | None = None) -> None:
        """Let this much wall time pass, or less when the load has ended: the span itself is the experiment."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (load and load.pushed.is_set()):
            self.tend()
            time.sleep(LOOK_S)

    def rest(self, load: Load | None = None) -> None:
        """Until every service is ready and everything promised has gone all the way."""
        for service in SERVICES:
            self.wait(lambda service=service: self.stack.is_ready(service), 60)  # type: ignore[misc]
        promised = {promise.case_id for promise in (load.pusher.promises if load else ())}
        why: list[str | None] = ["not looked yet"]

        def still() -> bool:
            if load is not None and not load.departments.idle:
                return False
            why[0] = asyncio.run(evidence.unfinished(self.stack.postgres.url(), promised))
            return why[0] is None

        try:
            self.wait(still, 120)
        except AssertionError:
            print(f"not at rest: {why[0]}; the ledger judges what is there")

    def judge(self) -> Verdict:
        return asyncio.run(ledger.judge(self.promises, self.stack.kafka.bootstrap, self.stack.postgres.url()))

    def letters(self, cases: set[str], since: evidence.Places) -> dict[str, dict[str, Any]]:
        """The open lead assignment of each of these cases, as soon as all have one."""
        found: dict[str, dict[str, Any]] = {}

        def look() -> bool:
            for record in evidence.topics(self.stack.kafka.bootstrap, since):
                if record.type == "assignment.opened" and record.case in cases:
                    found[record.case] = record.data()
            return found.keys() >= cases

        self.wait(look, 30)
        return found

    def respond(self, letters: Mapping[str, dict[str, Any]]) -> None:
        """Each department's response, on the broker when this returns."""
        producer = Producer({"bootstrap.servers": self.stack.kafka.bootstrap, "acks": "all"})
        for case, letter in letters.items():
            body = {"command": "respond", "case": case, "command_id": f"{case}-held", "basis": "public_message",
                    "public_text": "谢谢您的鼓励。"}  # fmt: skip
            producer.produce(
                f"suban.commands.{letter['department']}.v1", json.dumps(body).encode(), partition=0
            )
        assert producer.flush(10) == 0

    def outcomes(self, cases: set[str], since: evidence.Places) -> Counter[str]:
        """How the response clocks of these cases stopped, by the log."""
        return Counter(data["outcome"] for data in self.told(cases, since, "clock.stopped"))

    def told(self, cases: set[str], since: evidence.Places, kind: str) -> list[dict[str, Any]]:
        """What the log of clocks says of the response clocks of these cases, of one type."""
        every = evidence.topics(self.stack.kafka.bootstrap, since)
        said = (record.data() for record in every if record.type == kind and record.case in cases)
        return [data for data in said if data["clock"] == "response"]

    @cached_property
    def clock(self) -> CityClock:
        """Asked once: the store may be away when it is needed."""
        base = asyncio.run(evidence.clock_base(self.stack.postgres.url()))
        return CityClock(
            datetime.fromisoformat(base["wall_base"]), datetime.fromisoformat(base["city_base"]), base["rate"]
        )

    def city_now(self) -> datetime:
        return self.clock.now()
