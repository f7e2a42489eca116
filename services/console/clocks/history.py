"""A city's export of past requests, read column by column: any CSV whose columns can be named."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

FORMATS = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%Y/%m/%d %H:%M:%S")


class BadHistory(ValueError):
    """What cannot be read, and what to write instead."""


def rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """(line, the values of these columns) of every row. Raises BadHistory for a column that is not there."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if missing := [name for name in columns if name not in header]:
            raise BadHistory(f"{path.name} has no column {missing[0]}; it has: {', '.join(header)}")
        places = [header.index(name) for name in columns]
        for row in reader:
            if len(row) < len(header):
                raise BadHistory(
                    f"{path.name}:{reader.line_num}: {len(row)} values, the header has {len(header)}"
                )
            yield reader.line_num, [row[place].strip() for place in places]


def instant(text: str, zone: ZoneInfo, line: int) -> datetime:
    """As a city writes it, by its wall clock unless the text has an offset. Raises BadHistory."""
    found = _read(text)
    if found is None:
        raise BadHistory(
            f"line {line}: {text!r} is no time; write 2026-11-22 09:00:00 or 2026-11-22T09:00:00+08:00"
        )
    return found if found.tzinfo else found.replace(tzinfo=zone)


@lru_cache(maxsize=65_536)
def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  the zone is the caller's to say
        except ValueError:
            continue
    return None
