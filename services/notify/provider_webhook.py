"""The generic webhook: a notice as a signed POST, by Standard Webhooks 1.0 (standardwebhooks.com).

`webhook-id` is our notice id, the same on every try: a receiver that keeps to the specification drops repeats by it.
The timestamp is wall time. There is nothing to ask: a doubt is settled by sending again, where repeats are dropped.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import httpx
import orjson
from standardwebhooks import Webhook

from services.chassis import clock
from services.contracts.ids import NoticeId
from services.notify import callback
from services.notify.callback import Target
from services.notify.fate import Answer, Fate, NotNow, Refused, Taken, Unknown
from services.notify.provider import Message

BUSY = (408, 425, 429, 503)
OURS = (401, 403, 404, 405, 410)  # a wrong secret or path: nothing is taken, and it can be mended
CONCURRENT = 20
LONGEST_WISH_S = 3600


class WebhookProvider:
    name = "webhook"

    def __init__(
        self, url: str, secret: str, *, timeout_s: float, drops_repeats: bool, allow_loopback: bool = False
    ) -> None:
        """Raises callback.Forbidden for a URL that may not be called, ValueError for an unusable secret."""
        callback.checked(url, allow_loopback=allow_loopback)
        self._url, self._allow_loopback = url, allow_loopback
        self._signer = _signer(secret)
        self.drops_repeats = drops_repeats
        self.at_once = CONCURRENT * 2
        self.call_s = timeout_s * 2 + 1
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._client: httpx.AsyncClient | None = None

    async def send(self, messages: Sequence[Message]) -> Sequence[Fate]:
        try:
            target = await callback.resolve(self._url, allow_loopback=self._allow_loopback)
        except OSError:
            return [NotNow("name_not_found")] * len(messages)
        except callback.Forbidden:
            return [NotNow("address_forbidden")] * len(messages)
        return await asyncio.gather(*(self._post(target, message) for message in messages))

    async def ask(self, notices: Sequence[NoticeId]) -> Mapping[NoticeId, Answer]:
        return dict.fromkeys(notices, Unknown("cannot_be_asked"))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, target: Target, message: Message) -> Fate:
        """Every failure is sorted by one question: can the other side have it?"""
        now = clock.wall_now()
        content = body(message, now)
        try:
            async with self._slots, asyncio.timeout(self._timeout_s):
                answer = await self._open().post(
                    target.url, content=content, headers=self._headers(message, content, now, target),
                    extensions={"sni_hostname": target.sni},
                )  # fmt: skip
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return NotNow("not_reached")
        except (httpx.HTTPError, TimeoutError):
            return Unknown("no_answer")
        return fate_of(answer.status_code, answer.headers.get("retry-after", ""))

    def _headers(self, message: Message, content: bytes, now: datetime, target: Target) -> dict[str, str]:
        return {
            "host": target.host,
            "content-type": "application/json",
            "user-agent": "suban-notify/1",
            "webhook-id": str(message.notice_id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(str(message.notice_id), now, content.decode()),
        }

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_connections=CONCURRENT, max_keepalive_connections=CONCURRENT)
            self._client = httpx.AsyncClient(
                timeout=self._timeout_s, limits=limits, follow_redirects=False, trust_env=False
            )
        return self._client


def body(message: Message, now: datetime) -> bytes:
    """Type, wall time and data, as the specification asks (section Payload structure)."""
    return orjson.dumps({
        "type": f"notice.{message.medium}",
        "timestamp": now,
        "data": {
            "notice_id": str(message.notice_id), "number": message.number, "event": message.event,
            "audience": message.audience, "medium": message.medium, "to": message.to, "locale": message.locale,
            "text": message.text, "parts": message.parts, "at": message.at,
        },
    })  # fmt: skip


def fate_of(status: int, retry_after: str) -> Fate:
    """What an answer means. 5xx but 503 may have come after the work was done: nobody knows."""
    reason = f"http_{status}"
    if 200 <= status < 300:
        return Taken()
    if status in BUSY:
        wish = int(retry_after) if retry_after.isdigit() else 0
        return NotNow(reason, timedelta(seconds=min(wish, LONGEST_WISH_S)))
    if status in OURS:
        return NotNow(reason)
    return Unknown(reason) if status >= 500 else Refused(reason)


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception as unusable:
        raise ValueError("webhook_secret: base64, with or without whsec_ before it") from unusable
