"""The Kafka and the PostgreSQL that a test run uses: an address it was given, else containers, else local processes."""

import asyncio
import concurrent.futures
import contextlib
import functools
import os
import shutil
import tempfile
import urllib.parse
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from confluent_kafka.admin import AdminClient

from deploy.local import ports
from deploy.local.kafka import VERSION, Kafka
from deploy.local.postgres import Postgres
from services.chassis import database
from tests import containers

HOME = Path(__file__).resolve().parents[1] / ".suban" / "test"
TEMPLATE = "suban_template"
used: list[str] = []
"""The origins of the servers this run has started or was given, for its summary."""


@dataclass(frozen=True)
class Broker:
    """A broker shared by the whole run. `origin` says in words where it comes from."""

    bootstrap: str
    origin: str

    def __post_init__(self) -> None:
        used.append(self.origin)

    def empty(self) -> None:
        """Delete every topic of ours and everything consumers have committed, as if the broker were new."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        topics = [name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")]
        groups = [group.group_id for group in admin.list_consumer_groups().result().valid]
        tasks = admin.delete_topics(topics) if topics else {}
        tasks |= admin.delete_consumer_groups(groups) if groups else {}
        for task in tasks.values():
            task.result()


@dataclass(frozen=True)
class DatabaseServer:
    """A server shared by the whole run; each test has a database of its own on it."""

    admin_url: str
    origin: str

    def __post_init__(self) -> None:
        used.append(self.origin)

    def url(self, name: str, role: str | None = None, password: str = "") -> str:
        """The URL of a database on this server, the administrator's unless a role is named."""
        parts = urllib.parse.urlsplit(self.admin_url)
        door = parts.netloc if role is None else f"{role}:{password}@{parts.netloc.rpartition('@')[2]}"
        return urllib.parse.urlunsplit(parts._replace(netloc=door, path=f"/{name}"))

    def create(self, name: str, template: str = TEMPLATE) -> str:
        """A new database, a copy of the template; returns its URL."""
        finish(self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self.url(name)

    def drop(self, name: str) -> None:
        finish(self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    def make_template(self) -> None:
        """The schemas of all four services, migrated once a run; what tests copy."""
        self.drop(TEMPLATE)
        self.create(TEMPLATE, template="template0")
        finish(_migrate(self.url(TEMPLATE)))

    async def _execute(self, statement: str) -> None:
        async with _connected(self.admin_url) as conn:
            await conn.execute(statement)


def finish(task: Coroutine[None, None, None]) -> None:
    """Run it to its end in a thread of its own: fixtures are called with and without a loop running in ours."""
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, task).result()


@contextlib.contextmanager
def broker() -> Iterator[Broker]:
    """SUBAN_TEST_KAFKA, else a container, else a local process."""
    if given := os.environ.get("SUBAN_TEST_KAFKA"):
        yield Broker(given, f"Kafka at {given} (SUBAN_TEST_KAFKA)")
    elif _engine_answers():
        with containers.KafkaContainer() as container:
            yield Broker(container.bootstrap, f"container {containers.KAFKA_IMAGE}")
    else:
        with _folder("kafka") as folder:
            local = Kafka(folder, ports.choose(), ports.choose())
            try:
                local.start()
                local.wait_ready()
                yield Broker(
                    local.bootstrap, f"local process, Apache Kafka {VERSION} (no Docker engine answers)"
                )
            finally:
                local.kill()


@contextlib.contextmanager
def database_server() -> Iterator[DatabaseServer]:
    """SUBAN_TEST_POSTGRES (a superuser's URL), else a container, else a local process."""
    if given := os.environ.get("SUBAN_TEST_POSTGRES"):
        where = given.rpartition("@")[2]
        yield DatabaseServer(given, f"PostgreSQL at {where} (SUBAN_TEST_POSTGRES)")
    elif _engine_answers():
        with containers.postgres_container() as container:
            yield DatabaseServer(container.get_connection_url(), f"container {containers.POSTGRES_IMAGE}")
    else:
        with _folder("postgres") as folder:
            local = Postgres(folder, ports.choose(), fsync=False)
            try:
                local.start()
                local.wait_ready()
                yield DatabaseServer(local.url(), "local process, PostgreSQL 18 (no Docker engine answers)")
            finally:
                local.kill()
                local.forget()


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(url)
    try:
        yield conn
    finally:
        await conn.close()


async def _migrate(url: str) -> None:
    async with _connected(url) as conn:
        for service in database.SERVICES:
            await database.migrate(conn, service)


@functools.cache
def _engine_answers() -> bool:
    return containers.engine_answers()


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    HOME.mkdir(parents=True, exist_ok=True)
    _sweep()
    folder = Path(tempfile.mkdtemp(dir=HOME, prefix=f"{name}-{os.getpid()}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders of runs that were killed. Their servers died with them (deploy/local/leash.py)."""
    for folder in HOME.glob("*-*-*"):
        if not _lives(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
