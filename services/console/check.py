"""`check`: what is wrong with settings, city data, store and broker, in one screen. Exit code 1 when something is."""

import argparse
import asyncio
import importlib
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table

from services.chassis import clock, database, files, run, settings
from services.chassis.files import BadFile
from services.chassis.settings import OperatorSettings
from services.console import provision, rights
from services.contracts import city as cities
from services.contracts import topics
from services.contracts.city import City
from services.intake import channels
from services.notify import book
from services.router import state as router

Finding = tuple[str, str, str]  # what, "ok" or "bad", detail


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--production", action="store_true", help="demand what production needs (delivery rule 14)"
    )


def main(asked: argparse.Namespace) -> int:
    try:
        mine = settings.read(OperatorSettings)
    except settings.BadSettings as wrong:
        Console().print(f"[red]{wrong}")
        return 1
    store = asyncio.run(_store(mine.database_url.get_secret_value(), asked.production))
    findings = [*_settings(), *_city(mine.city_dir), *store, *_broker(mine, asked.production)]
    table = Table("what", "", "detail", title="Suban: check")
    for what, verdict, detail in findings:
        table.add_row(what, f"[{'green' if verdict == 'ok' else 'red'}]{verdict}", detail)
    Console().print(table)
    return 1 if any(verdict == "bad" for _, verdict, _ in findings) else 0


def _settings() -> Iterator[Finding]:
    for service in database.SERVICES:
        try:
            settings.read(importlib.import_module(f"services.{service}.service").SERVICE.settings)
        except settings.BadSettings as wrong:
            yield f"settings of {service}", "bad", str(wrong)
        else:
            yield f"settings of {service}", "ok", ""


def _city(folder: Path) -> Iterator[Finding]:
    try:
        city = files.load_all(folder, cities.MODELS, cities.assemble, cities.problems).value
    except BadFile as bad:
        yield f"city data in {folder}", "bad", str(bad)
        return
    yield (
        f"city data in {folder}",
        "ok",
        f"{len(city.departments)} departments, {len(city.channels)} channels",
    )
    yield from _calendars(city)
    for service, load in (("intake", channels.load), ("router", router.load), ("notify", _templates)):
        try:
            load(folder)
        except BadFile as bad:
            yield f"city data of {service}", "bad", str(bad)
        else:
            yield f"city data of {service}", "ok", ""


def _calendars(city: City) -> Iterator[Finding]:
    """Promises made now may fall due next year: its public days should be known before this year's last months."""
    today = clock.wall_now().astimezone(city.zone).date()
    wanted = today.year + (today.month >= 12)
    known = {name: each.known_until for (name, observed), each in city.calendars.items() if observed}
    for name, until in known.items():
        if until is not None:
            late = f"public days end with {until}; after it the week alone counts. Write holidays.yaml again: `python -m services holidays`"
            yield (
                f"calendar {name}",
                "bad" if until < wanted else "ok",
                late if until < wanted else f"public days known to {until}",
            )


def _templates(folder: Path) -> object:
    return book.load(folder, "22:00-07:00")


async def _store(url: str, production: bool) -> list[Finding]:
    found: list[Finding] = []
    for service in database.SERVICES:
        try:
            pool = await database.create_pool(url, service, 2)
            shards, clock = await run.provisioned(pool, service)
            found.append((f"schema {service}", "ok", f"{shards} shards, clock {clock.rate:g}×"))
            if production:
                found += await _production_store(pool, clock.rate)
            await pool.close()
        except (OSError, asyncpg.PostgresError, run.NotProvisioned) as wrong:
            found.append((f"schema {service}", "bad", str(wrong)))
    return found


async def _production_store(pool: asyncpg.Pool, rate: float) -> list[Finding]:
    standby = await pool.fetchval(
        "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
    )
    return [
        ("synchronous standby", "ok" if standby else "bad", f"{standby} found"),
        ("clock rate", "ok" if rate == 1 else "bad", f"{rate:g}; production runs at 1"),
    ]


def _broker(mine: OperatorSettings, production: bool) -> list[Finding]:
    bootstrap, admin = mine.kafka_bootstrap, provision.client(mine.kafka_bootstrap, mine.access)
    names = [row.name for row in topics.TOPICS if not row.per_department]
    try:
        settings = provision.describe(admin, names)
    except (KafkaException, ValueError, TimeoutError) as wrong:
        return [(f"Kafka at {bootstrap}", "bad", f"no broker answers: {wrong or 'timed out'}")]
    wrong_time = [n for n, row in settings.items() if row["message.timestamp.type"] != "LogAppendTime"]
    found = [(f"Kafka at {bootstrap}", "bad" if wrong_time else "ok",
              f"{', '.join(wrong_time)}: message.timestamp.type must be LogAppendTime" if wrong_time else f"{len(names)} topics")]  # fmt: skip
    if production:
        weak = [n for n, row in settings.items() if int(row["min.insync.replicas"]) < 2]
        found.append(("min.insync.replicas ≥ 2", "bad" if weak else "ok", ", ".join(weak)))
        guarded = rights.guarded(admin)
        found.append(("authorizer", "ok" if guarded else "bad",
                      "" if guarded else "the brokers have none: every client may read every department's topics"))  # fmt: skip
    return found
