"""What the demo pushes: the sample requests, or a file of real ones, in each channel's own shape, spread over a day."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from deploy.local import Broken
from services.contracts.city import AreaLevel, Channel, City

SAMPLES = "samples/requests.jsonl"
COLUMNS = (
    "rec_id", "event_type", "main_type", "sub_type", "street", "community", "event_src", "event_property",
)  # fmt: skip
MISSING = ("-", "")
KINDS = {"投诉": "complaint", "咨询": "consult", "建议": "suggestion", "求决": "help", "感谢": "praise"}
SAID = {
    "complaint": "反映{place}存在{what}问题，请尽快核实处理。",
    "consult": "想咨询一下{place}{what}方面的规定和办理方式。",
    "suggestion": "建议改善{place}的{what}。",
    "help": "{place}的{what}一直没有解决，请求帮助。",
    "praise": "感谢{place}处理{what}，速度很快。",
}
OTHERWISE = "web-portal"  # where a record names a channel that the city does not know
# How many requests of a hundred come in each hour of the day: quiet nights, a peak in the morning, one after dinner.
BY_HOUR = (1, 1, 0.5, 0.5, 0.5, 1, 2, 4, 7, 9, 9, 8, 5, 4, 6, 7, 7, 6, 5, 5, 5, 3.5, 2, 1)
DAY = timedelta(days=1)
_PATH = re.compile(r"[A-Za-z_][\w]*(\.[A-Za-z_][\w]*)*")
_WORD = re.compile(r"([\w.]+) == '([^']+)' && '(\w+)'")


@dataclass(frozen=True, slots=True)
class Item:
    """One request in the channel's own shape; `key` is the id that the channel gives it."""

    channel: str
    key: str
    body: bytes


def samples(city_dir: Path, city: City, wanted: int | None) -> list[Item]:
    """The sample requests; more than there are go round again under new ids."""
    lines = [
        json.loads(line) for line in (city_dir / SAMPLES).read_text(encoding="utf-8").splitlines() if line
    ]
    count = len(lines) if wanted is None else wanted
    return [_sample(city, lines[place % len(lines)], place // len(lines)) for place in range(count)]


def _sample(city: City, line: dict[str, Any], turn: int) -> Item:
    path = (city.channel_by_id[line["channel"]].mapping or {}).get("request_id", "request_id").split(".")
    inner = line["request"]
    for step in path[:-1]:
        inner = inner[step]
    if turn:
        inner[path[-1]] = f"{str(inner[path[-1]]).partition('~')[0]}~{turn}"
    return Item(line["channel"], str(inner[path[-1]]), _json(line["request"]))


def replay(path: Path, city: City) -> list[Item]:
    """Real requests of the district's records, in the order they came. Raises Broken when the file is another one."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise Broken(
                    f"{path} cannot be replayed: it lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
                    f"a file to replay has {', '.join(COLUMNS)}."
                )
            found = sorted(rows, key=_number)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as unreadable:
        raise Broken(f"{path} cannot be read as a CSV file of requests: {unreadable}") from None
    if not found:
        raise Broken(f"{path} holds no request: there is only a line of column names.")
    return [_real(city, row) for row in found]


def _number(row: Mapping[str, str]) -> int:
    return int(row["rec_id"])


def _real(city: City, row: Mapping[str, str]) -> Item:
    channel = city.channel_by_alias.get(row["event_src"])
    if channel is None or not channel.enabled:
        channel = city.channel_by_id[OTHERWISE]
    return Item(channel.id, row["rec_id"], _json(shaped(channel, _canonical(city, row))))


def _canonical(city: City, row: Mapping[str, str]) -> dict[str, Any]:
    """Our request, as a flat table of canonical fields. The file has no text and no reporter: both are made up."""
    kind = KINDS.get(row["event_property"], "complaint")
    category = [row[name] for name in ("event_type", "main_type", "sub_type") if row[name] not in MISSING]
    place = "".join(row[name] for name in ("street", "community") if row[name] not in MISSING)
    what = category[-1] if category else "其他"
    fields = {
        "request_id": row["rec_id"], "title": f"{what}"[:200], "text": SAID[kind].format(place=place or "坪山", what=what),
        "category": "/".join(category) or None, "kind": kind, "place.area": _area(city, row), "place.address": place or None,
        "reporter.phone": f"139{int(row['rec_id']) % 100_000_000:08d}", "reporter.app_user": f"citizen-{row['rec_id']}",
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def _area(city: City, row: Mapping[str, str]) -> str | None:
    """The community's code, else the street's; a street bears the name of its first community, so levels are told apart."""
    levels = ((AreaLevel.COMMUNITY, row["community"]), (AreaLevel.STREET, row["street"]))
    for level, name in levels:
        for area in city.areas:
            if area.level == level and area.name.zh == name:
                return area.code
    return None


def shaped(channel: Channel, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical fields as the channel itself would send them: its mapping read backwards. What it has no word for goes."""
    body: dict[str, Any] = {}
    if channel.mapping is None:
        for name, value in fields.items():
            _put(body, name, value)
        return body
    for name, expression in channel.mapping.items():
        if name in fields and (spoken := _backwards(expression, fields[name])) is not None:
            _put(body, *spoken)
    return body


def _backwards(expression: str, value: Any) -> tuple[str, Any] | None:
    """`letter.no` takes the value as it is; `letter.type == '咨询' && 'consult'` the word that stands for it."""
    if _PATH.fullmatch(expression):
        return expression, value
    return next(((path, word) for path, word, ours in _WORD.findall(expression) if ours == value), None)


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        body = body.setdefault(step, {})
    body[last] = value


def fastest(count: int, per_second: float) -> float:
    """City seconds in a wall second at which the day's busiest hour brings no more than `per_second` requests."""
    return per_second * 3600 * sum(BY_HOUR) / (count * max(BY_HOUR))


def spread(count: int, start: datetime) -> Iterator[timedelta]:
    """When each of `count` requests comes: city time after `start` (local), over one day, by the daily curve."""
    edges = list(accumulate(BY_HOUR, initial=0.0))

    def elapsed(hour: float) -> float:
        whole = int(hour)
        return edges[whole] + (BY_HOUR[whole % 24] * (hour - whole) if whole < 24 else 0.0)

    first = start.hour + start.minute / 60
    for place in range(count):
        weight = (elapsed(first) + (place + 0.5) / count * edges[-1]) % edges[-1]
        whole = next(hour for hour in range(24) if edges[hour + 1] > weight)
        hour = whole + (weight - edges[whole]) / BY_HOUR[whole]
        yield timedelta(hours=(hour - first) % 24)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
