"""A light HTTP/1.1 load client: keep-alive connections, requests written as bytes beforehand, answers read by their length.

It shares the machine's cores with what it measures, so it does no more than that.
"""

import asyncio
import re
import urllib.parse
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """`due_at` is when the request was to be sent, `at` when its answer was whole: seconds of time.monotonic()."""

    due_at: float
    at: float
    status: int
    body: bytes


def post(path: str, token: str, body: bytes) -> bytes:
    """A whole request, ready to be written."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: suban\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._read = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """(status, body). Raises ConnectionError when the other side closes."""
        if self._transport is None:
            raise ConnectionError("closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(END)
        if head < 0:
            return
        length = LENGTH.search(self._read, 0, head)
        end = head + len(END) + (int(length[1]) if length else 0)
        if len(self._read) < end or self._answer is None:
            return
        told, body = self._answer, self._read[head + len(END) : end]
        status, self._read, self._answer = int(self._read[9:12]), self._read[end:], None
        if not told.done():
            told.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection was closed before the answer"))


@asynccontextmanager
async def connected(base_url: str, count: int) -> AsyncIterator[list[Connection]]:
    """`count` connections to http://host:port."""
    address = urllib.parse.urlsplit(base_url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    loop = asyncio.get_running_loop()
    opened: list[Connection] = []
    try:
        for _ in range(count):
            opened.append((await loop.create_connection(Connection, host, port))[1])
        yield opened
    finally:
        for connection in opened:
            connection.close()


async def flat_out(connections: Sequence[Connection], requests: Iterable[bytes]) -> list[Answer]:
    """Every connection sends the next request as soon as it has its answer. In the order of the answers."""
    left, answers = iter(requests), list[Answer]()
    await asyncio.gather(*(_one_after_another(each, left, answers) for each in connections))
    return answers


async def _one_after_another(connection: Connection, left: Iterator[bytes], answers: list[Answer]) -> None:
    for request in left:
        began = monotonic()
        status, body = await connection.ask(request)
        answers.append(Answer(began, monotonic(), status, body))


async def at_rate(
    connections: Sequence[Connection], requests: Sequence[bytes], per_second: float
) -> list[Answer]:
    """One request each 1/per_second s, whatever becomes of those before it. In the order of the requests.

    `due_at` is the moment by the timetable: a request that waits for a free connection is late, and that counts.
    """
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for connection in connections:
        free.put_nowait(connection)
    began, tasks = monotonic(), list[asyncio.Task[Answer]]()
    for place, request in enumerate(requests):
        due_at = began + place / per_second
        await asyncio.sleep(due_at - monotonic())
        tasks.append(asyncio.create_task(_one(free, request, due_at)))
    return await asyncio.gather(*tasks)


async def _one(free: asyncio.LifoQueue[Connection], request: bytes, due_at: float) -> Answer:
    connection = await free.get()
    try:
        status, body = await connection.ask(request)
    finally:
        free.put_nowait(connection)
    return Answer(due_at, monotonic(), status, body)
