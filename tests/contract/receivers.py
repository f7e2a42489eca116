"""The other side of a provider, for its contract: who receives, keeps to the rules, and misbehaves when told."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg
from standardwebhooks import Webhook

from services.contracts.ids import NoticeId
from services.notify import outgoing
from services.notify.fate import Fate
from services.notify.provider import Message, Provider
from services.notify.provider_local import LocalProvider
from services.notify.provider_webhook import WebhookProvider

SILENT = "takes it and never answers"
HANGS_UP = "takes it and hangs up"


class Receiver(Protocol):
    """`received`: ids of what would reach people, once per id, in order; `repeats`: how often an id came again."""

    provider: Provider

    async def received(self) -> list[str]: ...

    async def repeats(self) -> int: ...

    def be_silent(self, silent: bool) -> None: ...


@dataclass
class HttpReceiver:
    """A receiver of Standard Webhooks: checks the signature, drops repeats by webhook-id."""

    secret: str
    answer: int | str = 204
    headers: str = ""
    ids: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    again: int = 0
    forged: int = 0
    port: int = 0
    provider: Provider = field(init=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def received(self) -> list[str]:
        return list(self.ids)

    async def repeats(self) -> int:
        return self.again

    def be_silent(self, silent: bool) -> None:
        self.answer = HANGS_UP if silent else 204

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                found = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                lowered = {name.lower(): value for name, value in found.items()}
                self._take(lowered, await reader.readexactly(int(lowered.get("content-length", "0"))))
                if self.answer == SILENT:
                    continue
                if self.answer == HANGS_UP:
                    break
                writer.write(f"HTTP/1.1 {self.answer} x\r\ncontent-length: 0\r\n{self.headers}\r\n".encode())
                await writer.drain()
        self._open.discard(writer)
        writer.close()

    def _take(self, headers: dict[str, str], body: bytes) -> None:
        try:
            Webhook(self.secret).verify(body, headers)
        except Exception:
            self.forged += 1
            return
        if isinstance(self.answer, int) and self.answer in (400, 401, 429, 503):
            return  # these say that nothing was taken
        self.bodies.append(body)
        if headers["webhook-id"] in self.ids:
            self.again += 1
        else:
            self.ids.append(headers["webhook-id"])


@asynccontextmanager
async def by_webhook() -> AsyncIterator[HttpReceiver]:
    receiver = HttpReceiver("whsec_" + secrets.token_hex(16))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{receiver.port}/hook"
    provider = WebhookProvider(url, receiver.secret, timeout_s=10, drops_repeats=True, allow_loopback=True)
    receiver.provider = provider
    try:
        yield receiver
    finally:
        await provider.close()
        server.close()


@dataclass
class Interrupted:
    """The local provider when the answer to its commit is lost."""

    inner: LocalProvider
    silent: bool = False
    name: str = "local"
    at_once: int = 500
    call_s: float = 5.0
    drops_repeats: bool = True

    async def send(self, messages: Sequence[Message]) -> Sequence[Fate]:
        fates = await self.inner.send(messages)
        if self.silent:
            raise TimeoutError
        return fates

    async def ask(self, notices: Sequence[NoticeId]) -> "dict[NoticeId, object]":
        return dict(await self.inner.ask(notices))


@dataclass
class LocalReceiver:
    pool: asyncpg.Pool
    provider: Provider

    async def received(self) -> list[str]:
        return [str(row["notice_id"]) for row in await outgoing.after(self.pool, 0, 1000)]

    async def repeats(self) -> int:
        return int(await self.pool.fetchval("SELECT coalesce(sum(repeats), 0) FROM outgoing"))

    def be_silent(self, silent: bool) -> None:
        assert isinstance(self.provider, Interrupted)
        self.provider.silent = silent


@asynccontextmanager
async def by_local(url: str) -> AsyncIterator[LocalReceiver]:
    pool = await asyncpg.create_pool(url, min_size=1, max_size=2, server_settings={"search_path": "notify"})
    try:
        yield LocalReceiver(pool, Interrupted(LocalProvider(pool)))  # type: ignore[arg-type]
    finally:
        await pool.close()
