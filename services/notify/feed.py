"""Live feeds: who is connected, and when there may be something new for them.

A commit of this process wakes its listeners at once; what another process wrote is found by one question a second, asked
only while somebody is connected.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from services.chassis import rounds
from services.notify import metrics, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.chassis.service import Running

PAGE = 100
LOOK_S = 1.0
HEARTBEAT_S = 15.0


class Listeners:
    """Events by recipient; several connections may listen to one."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._somebody = asyncio.Event()
        self._known: dict[str, int] = {}

    @property
    def count(self) -> int:
        return sum(map(len, self._waiting.values()))

    @contextmanager
    def listen(self, recipient: str) -> "Iterator[asyncio.Event]":
        news = asyncio.Event()
        self._waiting.setdefault(recipient, set()).add(news)
        self._somebody.set()
        metrics.FEED_STREAMS.inc()
        try:
            yield news
        finally:
            metrics.FEED_STREAMS.dec()
            self._waiting[recipient].discard(news)
            if not self._waiting[recipient]:
                del self._waiting[recipient]
                self._known.pop(recipient, None)

    def tell(self, recipients: Iterable[str]) -> None:
        for recipient in recipients:
            for news in self._waiting.get(recipient, ()):
                news.set()

    async def look(self, pool: asyncpg.Pool) -> None:
        """One question for everybody who is connected; waits until somebody is."""
        if not self._waiting:
            self._somebody.clear()
        await self._somebody.wait()
        heads = await store.feed_heads(pool, list(self._waiting))
        self.tell(one for one, last in heads.items() if last > self._known.get(one, 0))
        self._known = heads


async def watch(running: "Running[Any]") -> None:
    """Worker. Until cancelled."""
    await rounds.every(LOOK_S, "feed", lambda: running.state.listeners.look(running.plumbing.pool))


async def stream(
    pool: asyncpg.Pool, listeners: Listeners, recipient: str, place: int
) -> AsyncIterator[bytes]:
    """Server-sent events (HTML standard, section 9.2) from after `place`: first what is there, then what comes."""
    with listeners.listen(recipient) as news:
        yield b"retry: 2000\n\n"
        while True:
            news.clear()
            for row in await store.feed_after(pool, recipient, place, PAGE):
                place = int(str(row["place"]))
                yield event(row)
                news.set()
            if news.is_set():
                continue
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await news.wait()
            except TimeoutError:
                yield b": still here\n\n"


def event(row: store.Row) -> bytes:
    """One notice as an event; its id is its place, which `Last-Event-ID` brings back."""
    return b"id: %d\nevent: notice\ndata: %b\n\n" % (int(str(row["place"])), orjson.dumps(entry(row)))


def entry(row: store.Row) -> dict[str, object]:
    """A notice as feeds show it."""
    return {
        "id": row["place"], "notice_id": str(row["notice_id"]), "number": row["number"], "event": row["event"],
        "locale": row["locale"], "text": row["body"], "at": row["at"],
    }  # fmt: skip


def page(rows: Sequence[store.Row], cursor: int, limit: int) -> dict[str, object]:
    """`cursor` of the answer is where the next page begins; `more` says whether it may hold something already."""
    last = int(str(rows[-1]["place"])) if rows else cursor
    return {"items": [entry(row) for row in rows], "cursor": last, "more": len(rows) == limit}
