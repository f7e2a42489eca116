"""Channels: they push requests through the HTTP door, again and again until they have an answer, and keep every 202."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx

from deploy.local.demo_requests import Item
from deploy.local.ledger import Promise

AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
PATIENCE_S = 5.0
PAUSE_S = 0.25


@dataclass
class Pusher:
    """All channels of a city. `promises` is what they were promised, `answers` counts status codes and lost connections."""

    client: httpx.AsyncClient
    tokens: Mapping[str, str]
    promises: list[Promise] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[Item, dict[str, Any]]] = field(default_factory=list)

    async def push(self, item: Item) -> Promise | None:
        """Until it is answered for good: 202, or a refusal that sending again would not change (None)."""
        sent_at = datetime.now(UTC)
        while True:
            answer = await self._once(item)
            if answer is not None and answer.status_code == HTTPStatus.ACCEPTED:
                told = answer.json()
                promise = Promise(told["case_id"], item.channel, item.key, sent_at, told["number"])
                self.promises.append(promise)
                return promise
            if answer is not None and answer.status_code < 500 and answer.status_code not in AGAIN:
                self.refused.append((item, answer.json()))
                return None
            await asyncio.sleep(PAUSE_S)

    async def _once(self, item: Item) -> httpx.Response | None:
        """None: no answer; what became of it nobody knows."""
        headers = {
            "Authorization": f"Bearer {self.tokens[f'channel:{item.channel}']}",
            "Content-Type": "application/json",
        }
        try:
            answer = await self.client.post("/v1/requests", content=item.body, headers=headers)
        except httpx.TransportError as lost:
            self.answers[type(lost).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        return answer


def client(base_url: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    return httpx.AsyncClient(base_url=base_url, timeout=PATIENCE_S, limits=limits, trust_env=False)
