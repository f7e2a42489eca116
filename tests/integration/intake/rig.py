"""Intake's whole HTTP door over a real Postgres, without Kafka and without a socket."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.chassis import clock as clocks
from services.chassis import database, heads, http, keys, packed, sealing
from services.chassis.numbering import Unnumbered
from services.chassis.service import Plumbing, Running
from services.contracts import envelope as envelopes
from services.contracts.envelope import Envelope
from services.contracts.events import EVENTS, Event
from services.intake import api, front, state
from services.intake.settings import IntakeSettings
from services.intake.state import State

CITY = Path("deploy/city/pingshan")
PRIVATE, PUBLIC = sealing.new_key_pair()
SHARDS = 4
HOTLINE = "hotline-12345"
CANARY_PHONE, CANARY_NAME = "13912345678", "欧阳探针"


@dataclass
class FakePublisher:
    """Stands in for the publisher: remembers who was woken."""

    woken: set[int] = field(default_factory=set)
    backlog: int = 0

    def offer_late(self, rows: Sequence[Unnumbered]) -> None:
        self.woken |= {row.shard for row in rows}

    def waiting(self) -> int:
        return self.backlog


@dataclass
class Intake:
    """One process' door, its database, and a client without a key."""

    pool: asyncpg.Pool
    running: Running[State]
    publisher: FakePublisher
    client: httpx.AsyncClient
    tokens: dict[str, str]

    async def post(self, path: str, body: object, channel: str = HOTLINE, **headers: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, content=raw, headers=self.headers(channel) | named)

    async def get(self, path: str, channel: str = HOTLINE) -> httpx.Response:
        return await self.client.get(path, headers=self.headers(channel))

    def headers(self, channel: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[channel]}", "content-type": "application/json"}

    async def announced(self) -> list[tuple[Envelope, Event]]:
        """Everything in the outbox, decoded, in order."""
        rows = await self.pool.fetch("SELECT records FROM outbox ORDER BY id")
        found = []
        for row in rows:
            for headers, value in packed.pairs(row["records"]):
                head = envelopes.read_headers(heads.unpack(headers))
                found.append((head, EVENTS[head.type].model_validate_json(value)))
        return found

    async def count(self, table: str) -> int:
        number: int = await self.pool.fetchval(f"SELECT count(*) FROM {table}")
        return number


def settings(url: str, **more: Any) -> IntakeSettings:
    return IntakeSettings(
        database_url=url, kafka_bootstrap="127.0.0.1:1", contact_public_key=PUBLIC, intake_secret="s" * 32,
        city_dir=CITY, **more,
    )  # fmt: skip


def plumbing(pool: asyncpg.Pool, publisher: FakePublisher, chosen: IntakeSettings) -> Plumbing:
    clock = clocks.same(datetime(2026, 1, 1, tzinfo=UTC))
    unused: Any = None
    lent: Any = publisher
    return Plumbing("intake", chosen, pool, clock, SHARDS, unused, lent, unused, CITY)


@asynccontextmanager
async def opened(url: str, **more: Any) -> AsyncIterator[Intake]:
    pool = await database.create_pool(url, "intake", 6)
    chosen = settings(url, **more)
    async with pool.acquire() as conn:
        tokens = {
            channel: await keys.add_to(conn, f"channel:{channel}", ["intake"])
            for channel in (
                HOTLINE,
                "web-portal",
                "gov-mailbox",
                "qr-shahu-market",
                "talk-show-line",
                "landline",
            )
        }
        tokens["nobody"] = "unknown.secret"
    publisher = FakePublisher()
    lent = plumbing(pool, publisher, chosen)
    running = Running(lent, await state.build(lent))
    app = http.build("intake", [])
    api.routes(app, running)
    transport = httpx.ASGITransport(http.Capped(front.front(app, running)))
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield Intake(pool, running, publisher, client, tokens)
    pool.terminate()


def request(number: int | str = 1, **more: object) -> dict[str, object]:
    return {
        "request_id": f"r-{number}", "title": "占道经营", "text": f"新榕路&nbsp;附近有人占道經營，油烟很大 {number}",
        "category": "市容环卫/占道经营", "place": {"address": "新榕路 12 号"},
        "reporter": {"name": CANARY_NAME, "phone": CANARY_PHONE, "app_user": "u-1"}, **more,
    }  # fmt: skip
