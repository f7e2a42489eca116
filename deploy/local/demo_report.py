"""The report: figures computed from what topics and tables hold, and the same in words."""

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from deploy.local.evidence import Record, Tables
from deploy.local.ledger import CASES, CLOCKS, Promise, Verdict
from services.contracts.city import City

REPEATS = ("duplicated", "repeated_effects", "repeated_rungs", "repeated_notices")
HELD = "由分拨台人工研判"
NUMBERS = {"police": "110", "fire": "119", "medical": "120", "traffic": "122"}
SLOW = timedelta(minutes=3)  # of city time from POST to topic: more eats into everybody's 30 minutes
FEW_IN_TIME = 0.95
LEAST_CASES = 3  # a department with fewer is not called the worst
MINUTE = timedelta(minutes=1)


@dataclass
class Answered:
    """How one department answered: `took` from our receipt to its response, in city time."""

    in_time: int = 0
    late: int = 0
    unanswered: int = 0
    returned: int = 0
    took: list[timedelta] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return self.in_time + self.late + self.unanswered

    @property
    def share(self) -> float:
        return self.in_time / self.asked if self.asked else 1.0


@dataclass
class Figures:
    """Feed it every record by first occurrence; what it counts are cases, not records."""

    due: dict[str, datetime] = field(default_factory=dict)
    received: dict[str, datetime] = field(default_factory=dict)
    holder: dict[str, str] = field(default_factory=dict)
    dispatched: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    responded: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    breached: dict[str, str] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    assigned_at: dict[str, datetime] = field(default_factory=dict)
    returned: Counter[str] = field(default_factory=Counter)
    handed_off: dict[str, str] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    held: dict[str, str] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)
    city_now: datetime | None = None
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def take(self, record: Record) -> None:
        known = (record.topic, record.id)
        if not record.id or known in self._seen:
            return
        self._seen.add(known)
        if record.type == "assignment.opened":
            earlier = self.assigned_at.get(record.case, record.appended_at)
            self.assigned_at[record.case] = min(earlier, record.appended_at)
        elif record.topic == CASES:
            self._line(record, record.data())
        elif record.topic == CLOCKS:
            self._clock(record)
        elif record.type == "notice.sent":
            self.notices.add(record.data()["notice_id"])

    def _line(self, record: Record, data: dict[str, Any]) -> None:
        case, at = record.case, datetime.fromisoformat(data["at"])
        self.holder[case] = data["holder"]["unit"]
        self.city_now = max(at, self.city_now or at)
        match record.type:
            case "case.registered":
                self.received[case] = datetime.fromisoformat(data["received_at"])
                self.due[case] = self.received[case] + _span(data["plan"]["response"]["target"])
                if data["holder"]["is_desk"] and HELD in (data["holder"]["reason"] or ""):
                    self.held[case] = data["holder"]["reason"]
            case "case.handed_off":
                self.handed_off[case] = data["service"]
            case "case.hand_off_confirmed":
                self.confirmed.add(case)
            case "case.dispatched":
                self.dispatched.add(case)
            case "case.returned":
                self.returned[data["department"]] += 1
            case "case.responded" if data["first"]:
                self.responded[case] = (at, data["department"])
            case "case.closed":
                self.closed.add(case)

    def _clock(self, record: Record) -> None:
        if record.type == "clock.breached":
            data = record.data()
            self.breached[data["clock_id"]] = record.case
        elif record.type == "clock.corrected":
            self.corrected.add(record.data()["clock_id"])

    @property
    def in_time(self) -> set[str]:
        return {case for case, (at, _) in self.responded.items() if at <= self.due[case]}

    @property
    def late(self) -> set[str]:
        """Due, and answered late or not at all. What an emergency service has is no longer ours to answer."""
        now = self.city_now
        return {
            case
            for case, due in self.due.items()
            if case not in self.in_time and case not in self.handed_off and now is not None and due < now
        }

    @property
    def breached_cases(self) -> set[str]:
        return {case for clock, case in self.breached.items() if clock not in self.corrected}

    def by_department(self) -> dict[str, Answered]:
        found: dict[str, Answered] = defaultdict(Answered)
        for case in self.in_time | self.late:
            if case in self.responded:
                at, unit = self.responded[case]
                found[unit].took.append(at - self.received[case])
                found[unit].in_time += case in self.in_time
                found[unit].late += case not in self.in_time
            else:
                found[self.holder[case]].unanswered += 1
        for unit, count in self.returned.items():
            found[unit].returned = count
        return dict(found)

    def latencies_ms(self, promises: Sequence[Promise]) -> list[float]:
        """From before the POST to the broker's append of the first assignment; one figure a case."""
        first: dict[str, datetime] = {}
        for promise in promises:
            first[promise.case_id] = min(promise.sent_at, first.get(promise.case_id, promise.sent_at))
        return sorted(
            (self.assigned_at[case] - sent_at) / timedelta(milliseconds=1)
            for case, sent_at in first.items()
            if case in self.assigned_at
        )


def report(figures: Figures, verdict: Verdict, tables: Tables, promises: Sequence[Promise]) -> dict[str, Any]:
    """What report.json holds. `breached` counts cases with a breached clock that was not corrected."""
    taken = figures.latencies_ms(promises)
    return {
        "accepted": len(tables.journal),
        "cases": verdict.cases,
        "lost": verdict.counts["lost"],
        "duplicated": sum(verdict.counts[name] for name in REPEATS),
        "dispatched": len(figures.dispatched),
        "responded_in_time": len(figures.in_time),
        "breached": len(figures.breached_cases),
        "closed": len(figures.closed),
        "emergencies": len(figures.handed_off),
        "emergencies_confirmed": len(figures.confirmed),
        "held_for_a_person": len(figures.held),
        "notices": len(figures.notices),
        "latency_ms": {"p50": _quantile(taken, 0.5), "p99": _quantile(taken, 0.99)},
    }


def words(city: City, figures: Figures, verdict: Verdict, found: Mapping[str, Any], rate: float) -> list[str]:
    """The summary in sentences, Chinese and English. `rate`: city seconds in a second."""
    late = len(figures.late)
    asked = found["responded_in_time"] + late
    share = found["responded_in_time"] / asked if asked else 1.0
    lines = [
        f"受理 {found['accepted']} 件，立案 {found['cases']} 件，遗失 {found['lost']}，重复 {found['duplicated']}。 "
        f"{found['accepted']} requests became {found['cases']} cases; lost {found['lost']}, duplicated {found['duplicated']}.",
        f"按时响应 {found['responded_in_time']}/{asked}（{share:.1%}），结案 {found['closed']} 件，发出消息 {found['notices']} 条。 "
        f"{share:.1%} of the {asked} whose response fell due were answered in time; {found['closed']} are closed, "
        f"{found['notices']} messages were sent.",
        f"从提交到派单送达：p50 {found['latency_ms']['p50']} ms，p99 {found['latency_ms']['p99']} ms。 "
        f"From POST to the department's topic: p50 {found['latency_ms']['p50']} ms, p99 {found['latency_ms']['p99']} ms.",
    ]
    lines += _by_people(found, figures)
    if slow := _slow(share, found["latency_ms"]["p99"], rate):
        lines.append(slow)
    if worst := _worst(city, figures):
        lines.append(worst)
    if not verdict.clean:
        lines.append(str(verdict))
    return lines


def _by_people(found: Mapping[str, Any], figures: Figures) -> Iterator[str]:
    """What went to 110, 119, 120 or 122, and what a rule left to the desk."""
    if services := Counter(figures.handed_off.values()):
        by = "、".join(f"{NUMBERS[name]} {count}" for name, count in sorted(services.items()))
        yield (
            f"紧急移交 {found['emergencies']} 件（{by}），分拨台已确认 {found['emergencies_confirmed']} 件。 "
            f"{found['emergencies']} emergencies were handed off at once ({by.replace('、', ', ')}), "
            f"{found['emergencies_confirmed']} are confirmed by the desk."
        )
    if reason := next(iter(figures.held.values()), None):
        zh, _, en = reason.partition(" / ")
        yield (
            f"规则留分拨台研判 {len(figures.held)} 件，如：{zh}。 "
            f"A rule left {len(figures.held)} to a person, as: {en}."
        )


def _slow(share: float, p99_ms: float | None, rate: float) -> str | None:
    """Why departments look late that are not: to the city this machine is slow."""
    lag = timedelta(milliseconds=p99_ms or 0) * rate
    if share >= FEW_IN_TIME or lag <= SLOW:
        return None
    minutes, calmer = lag / MINUTE, max(1.0, rate / 4)
    return (
        f"按时率低，部分是因为这台机器慢：p99 相当于城里 {minutes:.0f} 分钟；DEMO_RATE={calmer:g} make demo 让城里的钟走慢些。 "
        f"The share is low partly because this machine is slow: p99 is {minutes:.0f} minutes of the city's time; "
        f"DEMO_RATE={calmer:g} make demo slows the city's clock."
    )


def _worst(city: City, figures: Figures) -> str | None:
    """The department with the least share in time, and why."""
    rows = [
        (slug, row)
        for slug, row in figures.by_department().items()
        if row.asked >= LEAST_CASES and slug != city.file.desk
    ]
    if not rows:
        return None
    slug, row = min(rows, key=lambda pair: (pair[1].share, -pair[1].asked))
    if row.share == 1.0:
        return "没有部门超时。 No department was late."
    name = city.department_by_slug[slug].name
    usual = statistics.median(span / MINUTE for span in row.took) if row.took else None
    zh = f"最慢：{name.zh}，{row.asked} 件中按时 {row.in_time} 件，超时响应 {row.late} 件，未响应 {row.unanswered} 件"
    en = f"Worst: {name.en}, {row.in_time} of {row.asked} in time, {row.late} answered late, {row.unanswered} not at all"
    if usual is not None:
        zh, en = (
            f"{zh}；通常 {usual:.0f} 分钟才响应",
            f"{en}; it usually takes {usual:.0f} minutes to respond",
        )
    return f"{zh}。 {en}."


async def messages(database_url: str, count: int = 3) -> list[str]:
    """Messages as citizens would read them: of different events, the latest of each."""
    conn = await asyncpg.connect(database_url, timeout=10)
    try:
        rows = await conn.fetch(
            "SELECT DISTINCT ON (event) event, body FROM notify.outgoing WHERE audience = 'citizen' AND medium = 'sms' "
            "ORDER BY event, id DESC"
        )
    finally:
        await conn.close()
    order = ["case.registered", "case.responded", "case.resolved", "case.closed", "case.dispatched"]
    known = {row["event"]: row["body"] for row in rows}
    return [known[event] for event in [*order, *sorted(known.keys() - set(order))] if event in known][:count]


def written(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else None


def _span(iso: str) -> timedelta:
    """ISO 8601 as pydantic writes it: P1DT2H30M5S, weeks and months never."""
    days, _, clock = iso.removeprefix("P").partition("T")
    amount = timedelta(days=float(days.rstrip("D") or 0))
    for unit, name in (("H", "hours"), ("M", "minutes"), ("S", "seconds")):
        value, found, rest = clock.partition(unit)
        if found:
            amount, clock = amount + timedelta(**{name: float(value)}), rest
    return amount
