"""`sla simulate`: past cases under another plan: would-be breach rates by department and category."""

import argparse
import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from services.chassis import database, files, run, settings
from services.chassis.settings import OperatorSettings
from services.console.clocks import history, picture
from services.console.clocks.history import BadHistory
from services.contracts import calendars
from services.contracts.calendars import CalendarsFile, HolidaysFile
from services.contracts.city import CityFile
from services.contracts.plans import Facts, Plans
from services.contracts.values import Kind, Segment, TriageClass
from services.sla import store, what_if
from services.sla.what_if import Outlook, Past, Tally

SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plan", type=Path, required=True, help="a plans.yaml; calendars.yaml and holidays.yaml beside it"
    )
    parser.add_argument(
        "--against", type=Path, help="another plans.yaml to stand beside it: the one in force"
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--history", type=Path, help="CSV with a header, one past case a line")
    source.add_argument(
        "--last", metavar="30d", help="the cases of the last days that this city's sla has timed"
    )
    parser.add_argument(
        "--city", type=Path, default=Path("deploy/city/pingshan"), help="where city.yaml says the time zone"
    )
    for name, default in (("received", "received_at"), ("closed", "closed_at"), ("department", "department")):
        parser.add_argument(f"--{name}", default=default, metavar="COLUMN", help=f"default: {default}")
    for name in ("responded", "category", "class", "segment", "kind"):
        parser.add_argument(
            f"--{name}", metavar="COLUMN", dest=f"{name}_column", help="left out when not given"
        )
    parser.add_argument("--picture", type=Path, help="an SVG of the departments")
    parser.add_argument("--json", action="store_true", help="figures for a program")


def main(asked: argparse.Namespace) -> int:
    city = files.load(asked.city / "city.yaml", CityFile).value
    past, until = _past(asked, ZoneInfo(city.timezone))
    seen = asked.last is not None or asked.responded_column is not None
    found = {
        name: what_if.simulate(past, what_if.chooser(_plans(path, city.timezone)), until, responses=seen)
        for name, path in (("plan", asked.plan), ("against", asked.against)) if path
    }  # fmt: skip
    if asked.json:
        print(
            json.dumps(
                {name: _figures(outlook) for name, outlook in found.items()}, ensure_ascii=False, indent=2
            )
        )
    else:
        _show(found)
    if asked.picture:
        asked.picture.write_text(picture.bars(found), encoding="utf-8")
    return 0


def _plans(path: Path, zone: str) -> Plans:
    """With the calendars beside it. Raises BadFile."""
    own = files.load(path.parent / "calendars.yaml", CalendarsFile).value
    public = files.load(path.parent / "holidays.yaml", HolidaysFile).value
    known = calendars.snapshots(own.calendars, public, zone)
    return files.load(path, Plans).value.bound(known)


def _past(asked: argparse.Namespace, zone: ZoneInfo) -> tuple[list[Past], datetime]:
    """The cases, and up to when they are judged: now, or the last that the file knows of."""
    if asked.last:
        return _timed(asked.last)
    past = list(_file(asked, zone))
    if not past:
        raise BadHistory("there is no case in this history")
    return past, max(max(one.received_at, one.closed_at or one.received_at) for one in past)


def _file(asked: argparse.Namespace, zone: ZoneInfo) -> Iterator[Past]:
    """Raises BadHistory."""
    more = [
        getattr(asked, f"{name}_column") for name in ("responded", "category", "class", "segment", "kind")
    ]
    columns = [asked.received, asked.closed, asked.department, *(name for name in more if name)]
    for line, (received, closed, department, *rest) in history.rows(asked.history, columns):
        given = iter(rest)
        responded, category, triage, segment, kind = (next(given) if name else "" for name in more)
        facts = _facts(category, triage, segment, kind, line)
        yield Past(
            department, facts, history.instant(received, zone, line),
            history.instant(responded, zone, line) if responded else None,
            history.instant(closed, zone, line) if closed else None,
        )  # fmt: skip


_KNOWN: dict[tuple[str, str, str, str], Facts] = {}


def _facts(category: str, triage: str, segment: str, kind: str, line: int) -> Facts:
    """One object for all cases that are alike."""
    key = category, triage, segment, kind
    if key not in _KNOWN:
        try:
            facts = Facts(category or None)
            facts = replace(facts, triage_class=TriageClass(triage)) if triage else facts
            facts = replace(facts, segment=Segment(segment)) if segment else facts
            _KNOWN[key] = replace(facts, kind=Kind(kind)) if kind else facts
        except ValueError as wrong:
            raise BadHistory(f"line {line}: {wrong}") from wrong
    return _KNOWN[key]


def _timed(last: str) -> tuple[list[Past], datetime]:
    """What this city's sla has timed."""
    try:
        span = timedelta(days=int(last.removesuffix("d")))
    except ValueError as wrong:
        raise BadHistory(f"--last {last}: write a number of days, 30d") from wrong
    past, now = asyncio.run(read(settings.read(OperatorSettings).database_url.get_secret_value(), span))
    if not past:
        raise BadHistory(f"sla has timed no case that was received in the last {span.days} days")
    return past, now


async def read(url: str, span: timedelta) -> tuple[list[Past], datetime]:
    """Cases received so lately, by the city's time, and that time. sla keeps no class, segment or kind of a case."""
    pool = await database.create_pool(url, "sla", 2)
    try:
        _, city = await run.provisioned(pool, "sla")
        async with pool.acquire() as conn:
            now = city.city(await store.wall(conn))
            rows = await store.past_cases(conn, now - span)
    finally:
        await pool.close()
    return [
        Past(row["holder"], Facts(row["category"], area=row["area"]), row["started_at"].astimezone(UTC),
             row["responded_at"], row["closed_at"])
        for row in rows
    ], now  # fmt: skip


def _figures(outlook: Outlook) -> dict[str, object]:
    return {
        "until": outlook.until.isoformat(), **_tally(outlook.total),
        "departments": {name: _tally(tally) for name, tally in outlook.by(0).items()},
        "categories": {name: _tally(tally) for name, tally in outlook.by(1).items()},
    }  # fmt: skip


def _tally(tally: Tally) -> dict[str, object]:
    return {
        "cases": tally.cases, "open": tally.open, "late": tally.late, "late_share": round(tally.late_share, 6),
        "responses": tally.responses, "responses_late": tally.responses_late,
        "responses_late_share": round(tally.responses_late_share, 6),
    }  # fmt: skip


def _show(found: dict[str, Outlook]) -> None:
    for place, title in ((0, "department"), (1, "category")):
        names = found["plan"].by(place)
        table = Table(
            title,
            "cases",
            *(f"late, {name}" for name in found),
            *(f"no response in time, {name}" for name in found),
        )
        tallies = {name: outlook.by(place) for name, outlook in found.items()}
        for key in ["all", *list(names)[:SHOWN]]:
            row = [outlook.total if key == "all" else tallies[name][key] for name, outlook in found.items()]
            table.add_row(key or "—", str(row[0].cases), *(f"{each.late_share:.1%}" for each in row),
                          *(f"{each.responses_late_share:.1%}" if each.responses else "—" for each in row))  # fmt: skip
        Console().print(table)
