"""What an end-to-end test can do: knock at every door with everybody's key, write and read topics, wait for something."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

import httpx
from confluent_kafka import Producer

from deploy.local import evidence
from deploy.local.evidence import Record
from deploy.local.ledger import Promise
from deploy.local.stack import Stack
from services.chassis import clock

T = TypeVar("T")
JSON = dict[str, Any]
LOOK_S = 0.1
_keys = count(1)


def until(look: Callable[[], T | None], within_s: float = 30) -> T:
    """What `look` finds, as soon as it finds something (anything true). Fails with its source when it does not."""
    end = time.monotonic() + within_s
    while True:
        if found := look():
            return found
        assert time.monotonic() < end, f"not within {within_s} s: {look.__qualname__}"
        time.sleep(LOOK_S)


@dataclass
class World:
    stack: Stack
    promises: list[Promise] = field(default_factory=list)

    def ask(self, service: str, method: str, path: str, who: str = "", **more: Any) -> httpx.Response:
        """`who` is a principal, `channel:at-pingshan`; its key goes along."""
        headers = {"Authorization": f"Bearer {self.stack.tokens[who]}"} if who else {}
        headers |= more.pop("headers", {})
        return httpx.request(
            method, self.stack.http(service) + path, headers=headers, timeout=10, trust_env=False, **more
        )

    def submit(self, channel: str = "hotline-12345", **fields: Any) -> JSON:
        """A request that is taken; returns the receipt."""
        body = {"request_id": f"e2e-{next(_keys)}", "text": "路边有人占道摆摊，行人没法走。", **fields}
        sent_at = clock.wall_now()
        answer = self.ask("intake", "POST", "/v1/requests", f"channel:{channel}", json=body)
        assert answer.status_code == 202, answer.text
        told: JSON = answer.json()
        self.promises.append(Promise(told["case_id"], channel, body["request_id"], sent_at, told["number"]))
        return told

    def case(self, case_id: str) -> JSON | None:
        answer = self.ask("router", "GET", f"/v1/cases/{case_id}", "desk:duty")
        return answer.json() if answer.status_code == 200 else None

    def until_state(self, case_id: str, state: str) -> JSON:
        def look() -> JSON | None:
            found = self.case(case_id)
            return found if found and found["state"] == state else None

        return until(look)

    def command(self, case_id: str, who: str, command: str, **fields: Any) -> httpx.Response:
        """By HTTP."""
        body = {"command": command, "command_id": f"e2e-{next(_keys)}", **fields}
        return self.ask("router", "POST", f"/v1/cases/{case_id}/commands", who, json=body)

    def say(self, department: str, case_id: str, command: str, **fields: Any) -> str:
        """By the department's topic; returns the command id."""
        command_id = f"e2e-{next(_keys)}"
        body = {"command": command, "command_id": command_id, "case": case_id, **fields}
        self.produce(f"suban.commands.{department}.v1", json.dumps(body, ensure_ascii=False).encode())
        return command_id

    def produce(
        self,
        topic: str,
        value: bytes,
        key: bytes | None = None,
        partition: int = 0,
        headers: dict[str, str] | None = None,
    ) -> None:
        producer = Producer({"bootstrap.servers": self.stack.kafka.bootstrap, "acks": "all"})
        producer.produce(topic, value, key, partition, headers=list((headers or {}).items()))
        assert producer.flush(10) == 0

    def records(self, case_id: str, prefix: str = "suban.") -> list[Record]:
        """Everything said about a case, of one topic in order."""
        every = evidence.topics(self.stack.kafka.bootstrap)
        return [record for record in every if record.topic.startswith(prefix) and record.case == case_id]

    def clocks(self, case_id: str) -> dict[str, JSON]:
        """By kind: response, close. Empty while there are none."""
        answer = self.ask("sla", "GET", f"/v1/clocks/{case_id}", "desk:duty")
        return {one["clock"]: one for one in answer.json()["clocks"]} if answer.status_code == 200 else {}

    def outgoing(self, number: str) -> list[JSON]:
        """What the local provider would have sent about a case, oldest first."""
        found, cursor, more = list[JSON](), 0, True
        while more:
            page = self.ask("notify", "GET", "/v1/outgoing", params={"cursor": cursor, "limit": 1000}).json()
            found += [item for item in page["items"] if item["number"] == number]
            cursor, more = page["cursor"], page["more"]
        return found
