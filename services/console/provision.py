"""`provision`: topics, the rights on them, schemas, roles, the number of shards and the base of the city's clock. Safe to repeat."""

import argparse
import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from confluent_kafka import KafkaException
from confluent_kafka import admin as kafka_admin
from rich.console import Console

from services.chassis import clock, database, files, keys
from services.chassis import settings as settings_of
from services.chassis.access import OPEN, Access
from services.chassis.settings import OperatorSettings
from services.console import rights, store
from services.contracts import city as cities
from services.contracts import topics
from services.contracts.city import City
from services.contracts.topics import Partitions, Topic

SAY = Console(stderr=True)
MAX_MESSAGE = 1_048_576


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shards", type=int, default=12, help="fixed for good; 4 on one machine, 12 and more in production"
    )
    parser.add_argument(
        "--city", type=Path, default=Path("deploy/city/pingshan"), help="folder of the city's data"
    )
    parser.add_argument(
        "--rate", type=float, default=1.0, help="city seconds in a wall second; 1 but in demonstrations"
    )
    parser.add_argument("--city-start", help="city time (ISO 8601, with zone) at which a faster clock starts")
    parser.add_argument("--replication", type=int, default=1, help="copies of each topic; 3 in production")
    parser.add_argument(
        "--users",
        action="store_true",
        help="make a SCRAM-SHA-512 user for each department and service; needs --out",
    )
    parser.add_argument(
        "--out", type=Path, help="write the services' environment and keys for everybody to this file (0600)"
    )


def main(asked: argparse.Namespace) -> int:
    if asked.users and asked.out is None:
        raise SystemExit("--users makes passwords: say with --out where they may be written")
    city = files.load_all(asked.city, cities.MODELS, cities.assemble, cities.problems).value
    settings = settings_of.read(OperatorSettings)
    url = settings.database_url.get_secret_value()
    SAY.print("provision: schemas, roles, clock")
    environment = asyncio.run(_store(asked, city, url))
    SAY.print("provision: topics")
    admin = client(settings.kafka_bootstrap, settings.access)
    made = make_topics(admin, city, asked.shards, asked.replication)
    _rights(admin, city, asked.users, environment)
    SAY.print(
        f"provision: done; {made} topics made, {len(city.departments)} departments, {asked.shards} shards"
    )
    if asked.out is not None:
        asked.out.touch(mode=0o600)
        asked.out.write_text(json.dumps(environment, indent=2) + "\n")
    return 0


async def _store(asked: argparse.Namespace, city: City, url: str) -> dict[str, Any]:
    conn = await store.connect()
    known = json.loads(asked.out.read_text()) if asked.out is not None and asked.out.exists() else None
    facts = {"schema_version": database.SCHEMA_VERSION, "shards": asked.shards, "clock": _base(asked)}
    out: dict[str, Any] = known or {"environment": {}, "tokens": {}}
    try:
        for service in database.SERVICES:
            await database.migrate(conn, service)
            await _facts(conn, service, facts)
            if asked.out is not None and known is None:
                out["environment"][service] = {"SUBAN_DATABASE_URL": await _role(conn, service, url)}
        if asked.out is not None and known is None:
            out["tokens"] = await _tokens(conn, city)
    finally:
        await conn.close()
    return out


def _base(asked: argparse.Namespace) -> dict[str, Any]:
    wall = clock.wall_now()
    start = datetime.fromisoformat(asked.city_start) if asked.city_start else wall
    return {"wall_base": wall.isoformat(), "city_base": start.astimezone(UTC).isoformat(), "rate": asked.rate}


async def _facts(conn: database.Connection, service: str, facts: Mapping[str, Any]) -> None:
    """Facts once stored stay; another number of shards is refused (delivery rule 1)."""
    await conn.execute(f"SET search_path = {service}")
    for key, value in facts.items():
        await conn.execute(database.SQL["put_meta"], key, value)
    version = await conn.fetchval("SELECT value FROM meta WHERE key = 'schema_version'")
    if version != facts["schema_version"]:
        raise SystemExit(f"the store of {service} has schema version {version}, this program makes {facts['schema_version']}, "
                         "and nothing leads from one to the other: empty its outbox with the old program, then start "
                         "with a new store (`make clean` for a local one).")  # fmt: skip
    stored = await conn.fetchval("SELECT value FROM meta WHERE key = 'shards'")
    if stored != facts["shards"]:
        raise SystemExit(f"{service} was provisioned with {stored} shards; the number is fixed for good, "
                         f"--shards {facts['shards']} is refused. Say --shards {stored}.")  # fmt: skip
    await conn.execute(
        "INSERT INTO shard (shard) SELECT generate_series(0, $1 - 1) ON CONFLICT DO NOTHING", stored
    )


async def _role(conn: database.Connection, service: str, url: str) -> str:
    password = secrets.token_urlsafe(24)
    role = await database.own(conn, service, password)
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}"))


async def _tokens(conn: database.Connection, city: City) -> dict[str, str]:
    """A key for everybody the city knows: for one machine. In production `keys add` makes them one by one."""
    principals: dict[str, Sequence[str]] = {
        f"channel:{channel.id}": ("intake", "notify") for channel in city.channels
    }
    principals |= {f"department:{row.slug}": ("router", "sla", "notify") for row in city.departments}
    principals |= {"desk:duty": ("router", "sla", "notify"), "operator:local": database.SERVICES}
    found: dict[str, str] = {}
    for principal, services in principals.items():
        found[principal] = await keys.add_to(conn, principal, services)
    return found


def client(bootstrap: str, access: Access = OPEN) -> Any:
    """An admin client that keeps quiet while a broker is away; its calls raise KafkaException instead."""
    return kafka_admin.AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "log_level": 0,
            "reconnect.backoff.max.ms": 1000,
            **access.librdkafka(),
        }
    )


def _rights(admin: Any, city: City, users: bool, out: dict[str, Any]) -> None:
    """ACLs where the brokers have an authorizer; users where they were asked for, their passwords into `out`."""
    slugs = [row.slug for row in city.departments]
    granted = rights.everybody(slugs)
    if rights.guarded(admin):
        rights.grant(admin, granted)
        SAY.print(f"provision: {len(granted)} rights granted")
    else:
        SAY.print(
            "provision: the brokers have no authorizer: every client may read every department's topics"
        )
    if users:
        made = rights.make_users(admin, sorted({right.user for right in granted}))
        out.setdefault("kafka", {}).update(made)
        SAY.print(f"provision: {len(made)} users made")


def make_topics(admin: Any, city: City, shards: int, replication: int) -> int:
    """Create what is missing; refuse a topic whose number of partitions is not the city's. Returns how many were made."""
    wanted = dict(topics.concrete(row.slug for row in city.departments))
    present = admin.list_topics(timeout=20).topics
    for name in wanted.keys() & present.keys():
        count, right = len(present[name].partitions), partitions(wanted[name], shards)
        if count != right:
            raise SystemExit(f"topic {name} has {count} partitions and must have {right}; it cannot be mended in place "
                             "(delivery rule 1): remove it if it is empty, or provision another city")  # fmt: skip
    missing = [_new(name, row, shards, replication) for name, row in wanted.items() if name not in present]
    if missing:
        for name, future in admin.create_topics(missing, operation_timeout=30).items():
            try:
                future.result()
            except KafkaException as failed:
                raise SystemExit(f"topic {name} could not be made: {failed}") from failed
    return len(missing)


def partitions(row: Topic, shards: int) -> int:
    return shards if row.partitions is Partitions.BY_CASE else 1


def config(row: Topic, replication: int) -> dict[str, str]:
    """A topic's settings. Append time: what a department's command says of its time never counts."""
    return {
        "retention.ms": str(int(row.retention.total_seconds() * 1000)),
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MAX_MESSAGE),
        "min.insync.replicas": "2" if replication >= 3 else "1",
        "unclean.leader.election.enable": "false",
    }


def _new(name: str, row: Topic, shards: int, replication: int) -> Any:
    return kafka_admin.NewTopic(name, partitions(row, shards), replication, config=config(row, replication))


def describe(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:
    """Topic → its settings on the broker; for `check`."""
    asked = admin.describe_configs(
        [kafka_admin.ConfigResource(kafka_admin.ResourceType.TOPIC, name) for name in names]
    )
    return {
        resource.name: {k: v.value for k, v in future.result(timeout=10).items()}
        for resource, future in asked.items()
    }
