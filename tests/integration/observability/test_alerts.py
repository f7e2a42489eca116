"""Each alert fires for real: its fault is caused in a running Suban, and a real Prometheus says so.

The city's clock and a copy of the rules run FASTER times faster (prometheus.FASTER), so that what takes an hour takes a
minute and a half. Faults of one cause come together, as they do in life.
"""

import asyncio
import json
import os
import shutil
import signal
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml

from deploy.local.stack import CITY, Stack
from services.chassis import database
from services.contracts import envelope as envelopes
from services.contracts import ids
from services.contracts.envelope import Position
from services.contracts.ids import CaseId
from tests.e2e.world import World
from tests.integration.observability import prometheus
from tests.pictures import drawing
from tests.suban import AT_ANY_HOUR, MORNING

OPEN_MANHOLE = {"text": "锦绣西路井盖缺失，没有围挡。", "place": {"area": "pingshan/biling/shahu"}}  # 特事
MANY = 130  # of one shard: more than a hundred reminders, and more than a tenth of the outbox
SETTINGS = {
    "SUBAN_OUTBOX_LIMIT": "1000", "SUBAN_MARK_PATIENCE_S": "5", "SUBAN_SNAPSHOT_S": "1", "SUBAN_SMS_PROVIDER": "webhook",
    "SUBAN_WEBHOOK_ALLOW_LOOPBACK": "true", "SUBAN_WEBHOOK_SECRET": "whsec_c3ViYW4tdGVzdHMtc2VjcmV0LW9mLTI0LWI=",
    "SUBAN_WEBHOOK_TIMEOUT_S": "10",
}  # fmt: skip
LANE, TOPIC = "suban.submissions.v1", "suban.clocks.v1"


class Receiver(BaseHTTPRequestHandler):
    """Who takes the SMS: `status` it answers, None for one that takes the call and says nothing."""

    status: int | None = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        if self.status is None:
            time.sleep(10)
            return
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: numbers go through here."""


@contextmanager
def receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/sms"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Town:
    """A Suban of one shard, its Prometheus, and what has fired so far."""

    world: World
    url: str
    city: Path
    fired: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def stack(self) -> Stack:
        return self.world.stack

    def firing(self) -> set[str]:
        answer = httpx.get(f"{self.url}/api/v1/alerts", timeout=10, trust_env=False).json()["data"]["alerts"]
        found = {str(one["labels"]["alertname"]) for one in answer if one["state"] == "firing"}
        for name in found:
            self.fired.setdefault(name, time.monotonic() - self.began)
        return found

    def until_fired(self, *names: str, within_s: float = 60) -> None:
        def left() -> list[str]:
            self.firing()
            return sorted(set(names) - self.fired.keys())

        prometheus.wait_until(
            lambda: not left(), within_s, lambda: f"not fired: {left()}; fired: {sorted(self.fired)}"
        )

    def until_over(self, name: str, within_s: float = 40) -> None:
        prometheus.wait_until(lambda: name not in self.firing(), within_s, lambda: f"{name} does not end")

    def push(self, many: int, name: str) -> list[str]:
        """As many open manholes, each with a telephone of its own; their case ids."""
        requests = [
            {"request_id": f"{name}-{n}", **OPEN_MANHOLE, "reporter": {"name": "王小明", "phone": f"139{ord(name[0]) % 10}{n:07d}"}}
            for n in range(many)
        ]  # fmt: skip
        answer = self.world.ask(
            "intake", "POST", "/v1/requests:batch", "channel:hotline-12345", json={"requests": requests}
        )
        assert answer.status_code == 202, answer.text
        return [one["case_id"] for one in answer.json()["results"]]

    def until_timed(self, many: int) -> None:
        """Until sla has opened so many response clocks since it started."""
        started = 'sum(suban_sla_clocks_started_total{clock="response"})'
        prometheus.wait_until(
            lambda: prometheus.number(self.url, started) >= many, 30, lambda: "not all are timed"
        )

    def command(self, case: str, command: str, **fields: Any) -> None:
        answer = self.world.command(case, "desk:duty", command, **fields)
        assert answer.status_code == 200, answer.text

    def produce(
        self, topic: str, value: bytes, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.world.produce(topic, value, key.encode() if key else None, 0, dict(headers or {}))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    prometheus.need("prometheus")
    tmp = tmp_path_factory.mktemp("alerts")
    city = shutil.copytree(CITY, tmp / "city")
    with tempfile.TemporaryDirectory(prefix="suban-alerts-") as folder, receiver() as sms:
        stack = Stack(
            "alerts", directory=Path(folder) / "stack", city=city, shards=1, rate=prometheus.FASTER, city_start=MORNING,
            fsync=False, usual_ports=False, env={**AT_ANY_HOUR, **SETTINGS, "SUBAN_WEBHOOK_URL": sms},
        )  # fmt: skip
        with stack:
            targets = {name: urllib.parse.urlsplit(stack.http(name)).netloc for name in stack.services}
            with prometheus.start_prometheus(targets, prometheus.faster(tmp), tmp, pace="500ms") as url:
                found = Town(World(stack), url, city)
                prometheus.wait_until(
                    lambda: prometheus.number(url, "sum(up)") == len(targets), 30, lambda: "not all are up"
                )
                prometheus.wait_until(lambda: not found.firing(), 30, lambda: f"at rest: {found.firing()}")
                found.fired.clear()
                yield found
                if folder_of_pictures := os.environ.get("PICTURES"):
                    picture(found, Path(folder_of_pictures))


def picture(town: Town, folder: Path) -> None:
    """When which alert was firing, from Prometheus' own answers."""
    end = time.time()
    start = end - (time.monotonic() - town.began)
    found = prometheus.over(town.url, 'max by (alertname) (ALERTS{alertstate="firing"})', start, end, 1)
    rows = {labels["alertname"]: points for labels, points in found}
    svg = drawing.spans(
        f"告警 Alerts of the test, {prometheus.FASTER} times faster than life",
        rows,
        lambda at: f"{at - start:.0f} s",
    )
    (folder / "alerts.svg").write_text(svg, encoding="utf-8")


@contextmanager
def shard_held(stack: Stack, service: str) -> Iterator[None]:
    """Another session has the lock of the service's only shard, as a forgotten transaction would."""
    held, over = threading.Event(), threading.Event()

    async def hold() -> None:
        conn = await asyncpg.connect(stack.postgres.url())
        await conn.execute("SELECT pg_advisory_lock($1, 0)", database.lock_class(service))
        held.set()
        await asyncio.get_running_loop().run_in_executor(None, over.wait)
        await conn.close()

    thread = threading.Thread(target=lambda: asyncio.run(hold()))
    thread.start()
    assert held.wait(20)
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def stopped(stack: Stack) -> Iterator[None]:
    """Kafka is there and does nothing."""
    stack.kafka.child.send(signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kafka.child.send(signal.SIGCONT)


@contextmanager
def answering(status: int | None) -> Iterator[None]:
    Receiver.status = status
    try:
        yield
    finally:
        Receiver.status = 200


def test_every_alert_fires_on_its_fault(town: Town) -> None:
    named = {rule["alert"] for group in yaml.safe_load((prometheus.RULES / "alerts.yml").read_text())["groups"]
             for rule in group["rules"]}  # fmt: skip
    for fault in FAULTS:
        fault(town)
    assert town.fired.keys() == named


def a_provider_refuses_then_hangs_while_nobody_answers(town: Town) -> None:
    """A hundred and thirty open manholes, nobody answers; the shard of sla is held; and little things that go wrong beside."""
    with answering(422):
        first = town.push(MANY, "a")
        town.until_timed(MANY)
        with shard_held(town.stack, "sla"):
            town.world.until_state(town.push(1, "b")[0], "dispatched")
            little_things(town, first)
            town.until_fired("SubanRungsOverdue", "SubanWatermarkStale", "SubanConsumerLag")
        town.until_fired("SubanNoticesFailing")
    with answering(None):
        town.push(MANY, "d")
        town.until_fired("SubanDueSoonUnanswered", "SubanPromiseBurnsFast", "SubanNoticesWaiting")
        town.until_fired("SubanPromiseBurnsSlowly", "SubanPromiseErodes", "SubanPromiseLeaks")


def little_things(town: Town, cases: list[str]) -> None:
    """A bad file, a record nobody can read, one that parks its case, a merge into that case, an unconfirmed emergency."""
    rules = town.city / "rules.yaml"
    good = rules.read_text(encoding="utf-8")
    rules.write_text(good + "\n- nonsense\n", encoding="utf-8")
    town.produce(LANE, b"\xff not json")
    parked, merged, urgent = cases[:3]
    town.produce(LANE, b"\xff not json", key=parked)
    town.command(urgent, "hand_off", service="medical", reason="有人坠井")
    town.until_fired("SubanCityDataRefused", "SubanDeadLetters", "SubanParkedCases")
    rules.write_text(good, encoding="utf-8")
    town.command(merged, "merge", into=parked, reason="同一处井盖")
    town.until_fired("SubanEmergencyUnconfirmed", "SubanFollowUpsWaiting")


def kafka_does_nothing(town: Town) -> None:
    with stopped(town.stack):
        town.push(MANY, "c")
        town.until_fired("SubanOutboxStuck", "SubanOutboxLarge")
    town.until_over("SubanOutboxStuck")


def the_router_dies(town: Town) -> None:
    """Its marks end; after SUBAN_MARK_PATIENCE_S what is due fires without proof."""
    case = town.push(1, "e")[0]  # with all its reminders before it, whatever has become of the others
    prometheus.wait_until(lambda: bool(town.world.clocks(case)), 40, lambda: "the last case is not timed")
    town.fired.pop("SubanTargetDown", None)
    town.stack.kill("router")
    town.until_fired("SubanTargetDown", "SubanRungsUnconfirmed")


def a_record_is_missing(town: Town) -> None:
    """The next number of sla's on its topic is not the next: notify would lose what lies between."""
    case = CaseId(ids.derive("nobody"))
    headers = envelopes.position_headers(Position("sla", 0, 10**9))
    told = {name: value.decode() for name, value in headers}
    about = {"ce_id": str(case), "ce_source": "sla", "ce_type": "clock.started", "ce_specversion": "1.0",
             "ce_time": "2026-11-23T00:00:00Z", "ce_subject": str(case), "correlationid": str(case), "causationid": "test"}  # fmt: skip
    town.produce(TOPIC, json.dumps({}).encode(), key=str(case), headers={**about, **told})
    town.until_fired("SubanShardStopped")


FAULTS: tuple[Callable[[Town], None], ...] = (
    a_provider_refuses_then_hangs_while_nobody_answers,
    kafka_does_nothing,
    the_router_dies,
    a_record_is_missing,
)
