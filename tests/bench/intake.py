"""Intake's door, durable, over a socket: one request at a time on 64 connections, and batches of 500.

`python -m tests.bench intake`; SECONDS=5 is how long each figure is measured. Batches are sent to one process, and to
two beside each other over one store, as one runs intake on two cores. The peer is a FastAPI handler that only
validates the same model, in the same kind of process. Postgres runs with fsync; sealing and phone checks are inside.
"""

import asyncio
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import asyncpg
import orjson
import uvloop
from fastapi import Body, FastAPI

from deploy.local.postgres import Postgres
from services.chassis import database, http, keys
from services.chassis import run as run_of
from services.chassis.clock import monotonic
from services.chassis.service import Running
from services.intake import api, canonical, front, state
from tests.bench.figure import Figure, Say, against, at_least, ratio_at_least
from tests.integration.intake import rig

NAME = "intake"
CONNECTIONS, WARM_UP_S = 64, 1.0
BATCHES = 4
# A process parses on one core: what a machine takes is taken by as many doors as it has cores (two here).
FIGURES = (
    ("intake.single", 0, 1, ratio_at_least(0.5)),
    ("intake.batch_500.one_process", 500, 1, None),
    ("intake.batch_500", 500, 2, at_least(15_000)),
)


def peer() -> FastAPI:
    """What a team would write first: validated, and thrown away."""
    app = FastAPI()

    @app.post("/v1/requests", status_code=202)
    async def submit(body: canonical.Request) -> dict[str, str]:
        return {"request_id": body.request_id or ""}

    @app.post("/v1/requests:batch", status_code=202)
    async def submit_batch(requests: Annotated[list[canonical.Request], Body(embed=True)]) -> dict[str, int]:
        return {"requests": len(requests)}

    return app


async def serve(url: str, city: Path, port: int) -> None:
    """The child: intake's door when there is a database, else the peer."""
    app: object = peer()
    if url:
        run_of.tame_collector()  # as the service's own main does
        pool = await database.create_pool(url, "intake", 6)
        lent = rig.plumbing(pool, rig.FakePublisher(), rig.settings(url))
        lent.city_dir = city
        running = Running(lent, await state.build(lent))
        inner = http.build("intake", [])
        api.routes(inner, running)
        app = http.Capped(front.front(inner, running))
    await http.server(app, 1.0).serve_until(asyncio.Event(), http.listen("127.0.0.1", port))


class Sender(asyncio.Protocol):
    """One connection: the next request when the last is answered. Reads no more of an answer than it must."""

    def __init__(self, head: bytes, bodies: "Bodies", items: int) -> None:
        self.head, self.bodies, self.items, self.done, self.refused = head, bodies, items, 0, 0
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        assert self.transport is not None
        body = self.bodies.next()
        self.transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (self.head, len(body), body))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = int(re.search(rb"content-length: (\d+)", self.buffer[:end])[1])  # type: ignore[index]
        if len(self.buffer) < end + 4 + length:
            return
        ok, busy = self.buffer.startswith(b"HTTP/1.1 202"), self.buffer.startswith(b"HTTP/1.1 503")
        self.done, self.refused = self.done + self.items * ok, self.refused + (not ok and not busy)
        self.buffer = b""
        self.send()


class Bodies:
    """Requests as channels write them, each with an id of its own; made before the clock starts, ids filled in."""

    def __init__(self, batch: int) -> None:
        one = rig.request("@@@@@@@@", reporter={"name": "王小明", "phone": "13800138000"}, kind="complaint",
                          place={"address": "碧岭街道新榕路 12 号", "lat": 22.68, "lon": 114.34, "datum": "GCJ02"})  # fmt: skip
        one["text"] = (
            "新榕路附近有人占道经营，油烟很大，噪音扰民，已经多次反映没有解决，请相关部门尽快处理，谢谢。"
        )
        self._item, self._batch, self._number = orjson.dumps(one), batch, 0

    def next(self) -> bytes:
        items = [self._numbered() for _ in range(self._batch or 1)]
        return b'{"requests":[%b]}' % b",".join(items) if self._batch else items[0]

    def _numbered(self) -> bytes:
        self._number += 1
        return self._item.replace(b"@@@@@@@@", b"%08d" % self._number)


async def load(ports: Sequence[int], token: str, batch: int, seconds: float) -> float:
    """Requests taken a second, by all these doors together."""
    path = "/v1/requests:batch" if batch else "/v1/requests"
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n"
    ).encode()
    bodies = Bodies(batch)
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: Sender(head, bodies, batch or 1), "127.0.0.1", port)
        for _ in range((BATCHES if batch else CONNECTIONS) // len(ports))
        for port in ports
    ]
    await asyncio.sleep(WARM_UP_S)
    before, began = sum(sender.done for _, sender in pairs), monotonic()
    await asyncio.sleep(seconds)
    done = sum(sender.done for _, sender in pairs) - before
    rate = done / (monotonic() - began)
    assert not sum(sender.refused for _, sender in pairs), "something was refused"
    for transport, _ in pairs:
        transport.close()
    return rate


async def measured(url: str, city: Path, token: str, batch: int, seconds: float, doors: int = 1) -> float:
    """`doors`: processes beside each other over one store."""
    children = [await door(url, city) for _ in range(doors)]
    try:
        return await load([port for _, port in children], token, batch, seconds)
    finally:
        for child, _ in children:
            child.kill()
            await child.wait()


async def door(url: str, city: Path) -> tuple[asyncio.subprocess.Process, int]:
    """A process that answers, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.intake", "serve", url, str(city), str(port))  # fmt: skip
    for _ in range(200):
        try:
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            break
        except OSError:
            await asyncio.sleep(0.1)
    return child, port


async def provisioned(url: str) -> str:
    """Intake's schema and a key; returns the token."""
    conn = await asyncpg.connect(url)
    await database.migrate(conn, "intake")
    token = await keys.add_to(conn, f"channel:{rig.HOTLINE}", ["intake"])
    await conn.close()
    return token


async def compare(url: str, city: Path, seconds: float, say: Say) -> list[Figure]:
    token = await provisioned(url)
    figures = []
    for name, batch, doors, limit in FIGURES:
        say(f"{name}: ours, for {seconds:.0f} s")
        ours = await measured(url, city, token, batch, seconds, doors)
        say(f"{name}: the peer, for {seconds:.0f} s")
        theirs = await measured("", city, token, batch, seconds, doors)
        figures.append(against(name, ours, "cases/s", "FastAPI, validate only", theirs, limit))
    return figures


def unlimited(folder: Path) -> Path:
    """The city with channels that may send as much as the schema allows."""
    city = shutil.copytree(rig.CITY, folder / "city")
    channels = city / "channels.yaml"
    channels.write_text(re.sub(r"rate_per_minute: \d+", "rate_per_minute: 1000000", channels.read_text()))
    return city


def run(say: Say) -> list[Figure]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        store = Postgres(folder / "postgres")
        try:
            store.start()
            store.wait_ready()
            return asyncio.run(
                compare(store.url(), unlimited(folder), float(os.environ.get("SECONDS", "5")), say)
            )
        finally:
            store.kill()
            store.forget()


if __name__ == "__main__":  # the child
    uvloop.run(serve(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
