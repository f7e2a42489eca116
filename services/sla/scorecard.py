"""每周一评: how each department did with what fell due in a week of the city's. Pure; the same facts give the same bytes.

A clock counts in the week its due falls in, for who answered it in time, else for who had the case when it fell due.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from html import escape
from math import ceil
from zoneinfo import ZoneInfo

from services.contracts.values import ClockKind
from services.sla import course as courses
from services.sla.clocks import Clock
from services.sla.ledger import Entry

WEEK = timedelta(days=7)
HEADER = (
    ("department", "单位"), ("cases", "工单"), ("responses", "应响应"), ("responses_in_time", "按时响应"),
    ("closes", "应办结"), ("closes_in_time", "按时办结"), ("response_median_s", "响应中位数（秒）"),
    ("response_p90_s", "响应 P90（秒）"), ("close_median_s", "办结中位数（秒）"), ("close_p90_s", "办结 P90（秒）"),
    ("bounces", "退单"), ("redos", "重办"), ("breaches", "超时"), ("response_rate", "响应率"),
    ("resolution_rate", "办结率"), ("satisfaction_rate", "满意率"), ("excluded", "剔除"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A clock that does not count: of which case, why, and who approved it.

    `appeal`: granted after the week had been published, an appeal 申诉 that was accepted.
    """

    number: str
    clock: str
    reason: str
    approver: str
    appeal: bool = False


@dataclass(slots=True)
class Score:
    """One department's week. Rates are None where nothing was to be done."""

    cases: set[str] = field(default_factory=set)
    response_s: list[float] = field(default_factory=list)
    close_s: list[float] = field(default_factory=list)
    responses: int = 0
    responses_in_time: int = 0
    closes: int = 0
    closes_in_time: int = 0
    bounces: int = 0
    redos: int = 0
    excluded: int = 0
    ratings: list[bool] = field(default_factory=list)

    def row(self, department: str) -> dict[str, object]:
        return {
            "department": department, "cases": len(self.cases), "responses": self.responses,
            "responses_in_time": self.responses_in_time, "closes": self.closes, "closes_in_time": self.closes_in_time,
            "response_median_s": rank(self.response_s, 0.5), "response_p90_s": rank(self.response_s, 0.9),
            "close_median_s": rank(self.close_s, 0.5), "close_p90_s": rank(self.close_s, 0.9),
            "bounces": self.bounces, "redos": self.redos,
            "breaches": self.responses - self.responses_in_time + self.closes - self.closes_in_time,
            "response_rate": share(self.responses_in_time, self.responses),
            "resolution_rate": share(self.closes_in_time, self.closes),
            "satisfaction_rate": share(sum(self.ratings), len(self.ratings)), "excluded": self.excluded,
        }  # fmt: skip


def week(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`2026-W48` as its Monday's first instant and the next one's, in the city's zone. Raises ValueError."""
    year, number = text.split("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    first = datetime.combine(monday, time(), zone)
    return first, datetime.combine(monday + WEEK, time(), zone)


def compute(
    name: str, entries: Iterable[Entry], since: datetime, until: datetime, excluded: Sequence[Exclusion]
) -> str:
    """The week as canonical JSON, which is what is published and signed for."""
    scores: dict[str, Score] = {}
    away = {(one.number, one.clock) for one in excluded}
    for entry in sorted(entries, key=lambda entry: entry.close.number):
        for clock in filter(None, (entry.response, entry.close)):
            if since <= clock.due_at < until:
                _count(scores, entry, clock, (clock.number, clock.kind) in away)
    rows = [scores[unit].row(unit) for unit in sorted(scores)]
    kept = sorted((asdict(one) for one in excluded), key=lambda one: (one["number"], one["clock"]))
    return json.dumps(
        {"week": name, "departments": rows, "excluded": kept}, ensure_ascii=False, sort_keys=True, indent=1
    )


def appealed(body: str, excluded: Sequence[Exclusion]) -> bool:
    """Whether more is left out than in the revision that stands: the one thing that makes a new one."""
    stood = {(one["number"], one["clock"]) for one in json.loads(body)["excluded"]}
    return any((one.number, one.clock) not in stood for one in excluded)


def _count(scores: dict[str, Score], entry: Entry, clock: Clock, away: bool) -> None:
    in_time = clock.stop is not None and clock.stop.at <= clock.due_at
    if clock.stop is not None and clock.stop.cancels and in_time:
        return
    unit = clock.stop.by if clock.stop and in_time else courses.counts_for(entry.course, clock.due_at)
    score = scores.setdefault(unit, Score())
    if away:
        score.excluded += 1
        return
    score.cases.add(clock.number)
    _timed(score, clock, in_time)
    if clock.kind is ClockKind.CLOSE:
        score.redos += clock.reopened
        score.ratings += [entry.course.satisfied] if entry.course.satisfied is not None else []
        for returned in entry.course.returns:
            scores.setdefault(returned, Score()).bounces += 1


def _timed(score: Score, clock: Clock, in_time: bool) -> None:
    took = [(clock.stop.at - clock.started_at).total_seconds()] if clock.stop else []
    if clock.kind is ClockKind.RESPONSE:
        score.responses, score.responses_in_time = score.responses + 1, score.responses_in_time + in_time
        score.response_s += took
    else:
        score.closes, score.closes_in_time = score.closes + 1, score.closes_in_time + in_time
        score.close_s += took


def rank(values: Sequence[float], at: float) -> float | None:
    """The value at this part of the order, nearest rank: half of 1, 2, 9 is 2."""
    return sorted(values)[max(ceil(at * len(values)) - 1, 0)] if values else None


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def table(body: str, names: Mapping[str, str]) -> list[list[str]]:
    """For CSV and paper: departments by their names, nothing where nothing was to be done."""
    rows = json.loads(body)["departments"]
    return [
        [
            names.get(row["department"], row["department"]),
            *("" if row[key] is None else str(row[key]) for key, _ in HEADER[1:]),
        ]
        for row in rows
    ]


def page(body: str, names: Mapping[str, str], revision: int | None) -> str:
    """A page to be printed."""
    said = json.loads(body)
    stand = f"第 {revision} 版 revision {revision}" if revision else "未发布 not published"
    head = "".join(f"<th>{zh}<br><small>{escape(key)}</small></th>" for key, zh in HEADER)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table(body, names)
    )
    away = "".join(
        f"<li>{escape(one['number'])} {escape(one['clock'])}：{escape(one['reason'])}（{escape(one['approver'])}"
        f"{'，申诉 appeal' if one['appeal'] else ''}）</li>"
        for one in said["excluded"]
    )
    return (
        "<!doctype html><html lang='zh'><meta charset='utf-8'><title>每周一评</title><style>body{font-family:sans-serif}"
        "table{border-collapse:collapse;font-size:11px}td,th{border:1px solid #999;padding:3px 5px;text-align:right}"
        "td:first-child{text-align:left}@page{size:A4 landscape}</style>"
        f"<h1>每周一评 {escape(said['week'])}</h1><p>{stand}</p><table><tr>{head}</tr>{rows}</table>"
        f"<h2>剔除与申诉 exclusions and appeals</h2><ul>{away or '<li>无 none</li>'}</ul></html>\n"
    )
