"""`dead-letters`: what was set aside, why, and taking it up again once the cause is gone."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from uuid import UUID

from rich.console import Console
from rich.table import Table

from services.chassis import database
from services.console import store

SQL = database.SQL


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", choices=database.SERVICES, help="one service only; all by default")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="parked cases and dead letters")
    verbs.add_parser("show", help="everything parked for one case, without its content").add_argument(
        "case_id", type=UUID
    )
    retry = verbs.add_parser("retry", help="let the service take parked cases up again, in order")
    retry.add_argument("case_id", type=UUID, nargs="*", help="these cases; all when none is named")


def main(asked: argparse.Namespace) -> int:
    services = [asked.service] if asked.service else list(database.SERVICES)
    return asyncio.run({"list": _list, "show": _show, "retry": _retry}[asked.verb](asked, services))


async def _list(asked: argparse.Namespace, services: list[str]) -> int:
    parked = Table(
        "service", "case", "events", "since (city time)", "topic", "offset", "reason", title="parked cases"
    )
    buried = Table("service", "topic", "partition", "offset", "reason", title="dead letters")
    for service in services:
        conn = await store.connect(service)
        for row in await conn.fetch(SQL["list_parked"]):
            parked.add_row(service, row["case_id"], str(row["events"]), f"{row['since']:%m-%d %H:%M:%S}", row["topic"],
                           str(row["offset"]), row["reason"])  # fmt: skip
        for row in await conn.fetch(SQL["list_buried"]):
            buried.add_row(service, row["topic"], str(row["partition"]), str(row["offset"]), row["reason"])
        await conn.close()
    # Into a file or a pipe whole lines, so that ids can be copied out of it.
    console = Console()
    Console(width=None if console.is_terminal else 240).print(parked, buried)
    return 0


async def _show(asked: argparse.Namespace, services: list[str]) -> int:
    found = False
    for service in services:
        conn = await store.connect(service)
        for row in await conn.fetch(SQL["show_parked"], asked.case_id):
            found = True
            print(f"{service} {row['topic']}@{row['offset']} parked {row['parked_at']:%Y-%m-%d %H:%M:%S} "
                  f"retry={row['retry']} bytes={row['bytes']}: {row['reason']}")  # fmt: skip
        await conn.close()
    return _unknown([] if found else [asked.case_id], services)


async def _retry(asked: argparse.Namespace, services: list[str]) -> int:
    found = set[UUID]()
    for service in services:
        conn = await store.connect(service)
        rows = await conn.fetch(SQL["ask_for_retry"], asked.case_id or None)
        await conn.close()
        found |= {row["case_id"] for row in rows}
        if rows:
            print(f"{service}: {len(rows)} events are taken up again; `dead-letters list` shows what stays")
    if not found and not asked.case_id:
        print("nothing is parked")
    return _unknown([case for case in asked.case_id if case not in found], services)


def _unknown(cases: Iterable[UUID], services: list[str]) -> int:
    """The exit code: 1 when one of the cases named is parked nowhere."""
    told = [f"{case}: nothing is parked for this case in {', '.join(services)}" for case in cases]
    print(*told, sep="\n", end="\n" if told else "", file=sys.stderr)
    return 1 if told else 0
