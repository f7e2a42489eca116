"""`sla ledger`: 台账 of a community and a month, as CSV or XLSX."""

import argparse
import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services.chassis import clock as clocktime
from services.chassis import database, files, run, settings
from services.chassis.database import Connection
from services.chassis.settings import OperatorSettings
from services.console.clocks import sheets
from services.console.clocks.history import BadHistory
from services.contracts.city import CityFile, DepartmentsFile
from services.contracts.ids import CaseId
from services.contracts.values import ClockKind
from services.sla import ledger, store
from services.sla.ledger import Entry


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--community", required=True, metavar="AREA", help="an area's code; everything below it counts"
    )
    parser.add_argument(
        "--month", required=True, metavar="2026-11", help="cases received in this month, in the city's zone"
    )
    parser.add_argument("--out", type=Path, required=True, help="ends in .csv or .xlsx")


def main(asked: argparse.Namespace) -> int:
    mine = settings.read(OperatorSettings)
    zone = ZoneInfo(files.load(mine.city_dir / "city.yaml", CityFile).value.timezone)
    departments = files.load(mine.city_dir / "departments.yaml", DepartmentsFile).value.departments
    try:
        since, until = ledger.month(asked.month, zone)
    except ValueError as wrong:
        raise BadHistory(f"--month {asked.month}: write 2026-11") from wrong
    url = mine.database_url.get_secret_value()
    found, now = asyncio.run(read(url, asked.community, since, until))
    names = {row.slug: row.name.zh for row in departments}
    sheets.write(asked.out, ledger.HEADER, ledger.rows(found, names, zone, now))
    print(f"{len(found)} cases → {asked.out}")
    return 0


async def read(url: str, area: str, since: datetime, until: datetime) -> tuple[list[Entry], datetime]:
    """What sla knows of the cases received meanwhile, and the city's time of the answer."""
    pool = await database.create_pool(url, "sla", 2)
    try:
        _, clock = await run.provisioned(pool, "sla")
        async with pool.acquire() as conn:
            found = await entries(conn, await store.cases_of_area(conn, area, since, until))
    finally:
        await pool.close()
    return found, clock.city(clocktime.wall_now())


async def entries(conn: Connection, cases: list[CaseId]) -> list[Entry]:
    """What is known of these cases."""
    known = await store.courses_of(conn, cases)
    every = await store.clocks_of(conn, store.Plans(), cases)
    kinds = {case: {one.kind: one for one in of_case.values()} for case, of_case in every.items()}
    return [
        Entry(of_case[ClockKind.CLOSE], of_case.get(ClockKind.RESPONSE), known[case])
        for case, of_case in kinds.items() if case in known
    ]  # fmt: skip
