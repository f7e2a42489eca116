"""`sla scorecard`: 每周一评. Computed from the clocks; published once it is agreed, and from then on frozen.

An exclusion after publication is an appeal that was accepted: publishing again makes a new revision.
"""

import argparse
import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from services.chassis import clock as clocktime
from services.chassis import database, files, settings
from services.chassis.database import Connection
from services.chassis.settings import OperatorSettings
from services.console.clocks import ledger as ledgers
from services.console.clocks import sheets
from services.console.clocks.history import BadHistory
from services.contracts.city import CityFile, DepartmentsFile
from services.contracts.values import ClockKind
from services.sla import scorecard, store
from services.sla.scorecard import Exclusion


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--week", required=True, metavar="2026-W48", help="ISO week of due, in the city's zone"
    )
    parser.add_argument("--out", type=Path, help="folder for week.json, week.csv and week.html")
    parser.add_argument(
        "--publish", action="store_true", help="freeze what is computed now; a change makes a new revision"
    )
    parser.add_argument(
        "--exclude",
        metavar="NUMBER",
        help="a case whose clock does not count; with --clock, --reason, --approver",
    )
    parser.add_argument("--clock", choices=[ClockKind.RESPONSE, ClockKind.CLOSE], default=ClockKind.CLOSE)
    parser.add_argument("--reason")
    parser.add_argument("--approver")


def main(asked: argparse.Namespace) -> int:
    if asked.exclude and not (asked.reason and asked.approver):
        raise BadHistory("--exclude needs --reason and --approver: nothing is left out without them")
    mine = settings.read(OperatorSettings)
    zone = ZoneInfo(files.load(mine.city_dir / "city.yaml", CityFile).value.timezone)
    try:
        scorecard.week(asked.week, zone)
    except ValueError as wrong:
        raise BadHistory(f"--week {asked.week}: write 2026-W48") from wrong
    departments = files.load(mine.city_dir / "departments.yaml", DepartmentsFile).value.departments
    names = {row.slug: row.name.zh for row in departments}
    body, revision = asyncio.run(run(mine.database_url.get_secret_value(), asked, zone))
    if asked.out:
        write(asked.out / asked.week, body, revision, names)
    print(f"{asked.week}: {f'revision {revision}' if revision else 'not published'}")
    return 0


async def run(url: str, asked: argparse.Namespace, zone: ZoneInfo) -> tuple[str, int | None]:
    """The week's body and its revision; None while nothing is published."""
    pool = await database.create_pool(url, "sla", 2)
    try:
        async with pool.acquire() as conn:
            if asked.exclude:
                one = Exclusion(asked.exclude, asked.clock, asked.reason, asked.approver)
                await store.exclude(conn, asked.week, one)
            if asked.publish:
                return await _published(conn, asked.week, zone)
            kept = await store.scorecard(conn, asked.week)
            return kept or (await _computed(conn, asked.week, zone), None)
    finally:
        await pool.close()


async def _published(conn: Connection, week: str, zone: ZoneInfo) -> tuple[str, int]:
    """What stands, frozen; a new revision only for an appeal that was accepted since, from what is known by then."""
    kept = await store.scorecard(conn, week)
    if kept and not scorecard.appealed(kept[0], await store.exclusions(conn, week)):
        return kept
    body, revision = await _computed(conn, week, zone), kept[1] + 1 if kept else 1
    await store.publish(conn, week, revision, body, clocktime.wall_now())
    return body, revision


async def _computed(conn: Connection, week: str, zone: ZoneInfo) -> str:
    since, until = scorecard.week(week, zone)
    entries = await ledgers.entries(conn, await store.cases_due(conn, since, until))
    return scorecard.compute(week, entries, since, until, await store.exclusions(conn, week))


def write(stem: Path, body: str, revision: int | None, names: dict[str, str]) -> None:
    """week.json, week.csv and week.html beside one another."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(body + "\n", encoding="utf-8")
    stem.with_suffix(".html").write_text(scorecard.page(body, names, revision), encoding="utf-8")
    header = [f"{zh} {key}" for key, zh in scorecard.HEADER]
    sheets.write(stem.with_suffix(".csv"), header, scorecard.table(body, names))
