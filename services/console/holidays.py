"""`holidays`: write a city's holidays.yaml from the kept library, for the years it really knows.

The days are written out, not looked up at run time: what was promised must not change with a library's version, and a
desk can read in a diff what a new announcement moves (ADR 0023).
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import holidays as library
from holidays import version

from services.contracts.calendars import HolidaysFile, PublicDay

LANGUAGES = {"CN": "zh_CN"}
HEAD = """\
# yaml-language-server: $schema=../schema/holidays.json
# Written by `python -m services holidays {country} --years {first}-{last}`; not by hand. Days of the city's own stand
# in calendars.yaml. After {last} calendars count by their week alone until this file is written again.
"""


class UnknownYear(ValueError):
    """The library has no announcement for this year yet."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("country", help="ISO 3166 code: CN, US, …")
    parser.add_argument("--years", required=True, help="2025-2026: the first and the last year")
    parser.add_argument("--out", type=Path, help="where to write; printed when not given")


def main(asked: argparse.Namespace) -> int:
    try:
        first, last = (int(year) for year in asked.years.split("-"))
        text = written(asked.country, days(asked.country, first, last))
    except (ValueError, NotImplementedError) as wrong:
        print(f"holidays: {wrong}", file=sys.stderr)
        return 1
    if asked.out is None:
        print(text, end="")
    else:
        asked.out.write_text(text, encoding="utf-8")
    return 0


def days(country: str, first: int, last: int) -> HolidaysFile:
    """Raises UnknownYear, and NotImplementedError for a country the library does not know."""
    years = range(first, last + 1)
    found = library.country_holidays(country, years=years, language=LANGUAGES.get(country))
    if unknown := [year for year in years if not announced(country, year)]:
        raise UnknownYear(
            f"{unknown[0]} is not announced in holidays {version.__version__}: a later version has it"
        )
    return HolidaysFile(
        source=f"holidays {version.__version__} {country}", first=first, last=last,
        closed=tuple(_named(found, (day for day in found if day.year in years))),
        swapped=tuple(_named(found, (day for day in found.weekend_workdays if day.year in years))),
    )  # fmt: skip


def announced(country: str, year: int) -> bool:
    """A country that swaps workdays says which, a year ahead; without one the year is a guess of statutory days."""
    found = library.country_holidays(country, years=year)
    swaps = found.has_substituted_holidays
    return bool(found) and (not swaps or any(day.year == year for day in found.weekend_workdays))


def _named(found: library.HolidayBase, which: Iterable[date]) -> Iterator[PublicDay]:
    return (
        PublicDay(on=day, name=(found.get(day) or "调休上班 swapped workday")[:60]) for day in sorted(which)
    )


def written(country: str, file: HolidaysFile) -> str:
    lines = [HEAD.format(country=country, first=file.first, last=file.last) + f"source: {file.source}"]
    lines += [f"first: {file.first}", f"last: {file.last}"]
    for name, rows in (("closed", file.closed), ("swapped", file.swapped)):
        lines.append(f"{name}:" if rows else f"{name}: []")
        lines += [f"  - {{on: {day.on}, name: {json.dumps(day.name, ensure_ascii=False)}}}" for day in rows]
    return "\n".join(lines) + "\n"
