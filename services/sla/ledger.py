"""台账: the cases of a place and a month, one a line: open, closed, overdue, and why. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.contracts.values import PauseReason
from services.sla import course as courses
from services.sla.clocks import Clock
from services.sla.course import VERIFICATION, Course

HEADER = ("工单号 number", "区域 area", "类别 category", "受理 received", "办结时限 due", "原时限 original due", "响应 responded",
          "办结 resolved", "状态 status", "承办 holder", "超时（小时）late hours", "暂停（小时）paused hours", "原因 why")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")  # OWASP, CSV Injection
WAITS: dict[str, str] = {
    PauseReason.AWAITING_CITIZEN: "等待市民", PauseReason.AWAITING_THIRD_PARTY: "等待第三方",
    PauseReason.WEATHER_OR_SEASON: "天气或季节", PauseReason.LEGAL_PROCEDURE: "法定程序", PauseReason.SHELVED: "挂账",
    VERIFICATION: "回访未通过",
}  # fmt: skip
HOUR = timedelta(hours=1)


class Status(StrEnum):
    OPEN = "在办 open"
    OVERDUE = "超时在办 open, overdue"
    CLOSED = "按期办结 closed in time"
    LATE = "超时办结 closed late"
    ENDED = "非办结结束 ended otherwise"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one case: its close clock, its response clock unless it is a part of another, its course."""

    close: Clock
    response: Clock | None
    course: Course


def rows(
    entries: Sequence[Entry], names: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> list[tuple[str, ...]]:
    """Lines by receipt, then by number. `names`: of departments, by slug."""
    ordered = sorted(entries, key=lambda entry: (entry.close.started_at, entry.close.number))
    return [row(entry, names, zone, now) for entry in ordered]


def row(entry: Entry, names: Mapping[str, str], zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    close, stop = entry.close, entry.close.stop
    account = courses.account(entry.course, now, close.measure.ruler)
    paused = sum((span.wall for span in account.waits.values()), timedelta(0))
    late = max((stop.at if stop else now) - close.due_at, timedelta(0))
    answered = entry.response.stop if entry.response else None
    return (
        close.number, close.area or "", close.category or "", _local(close.started_at, zone), _local(close.due_at, zone),
        _local(close.original_due_at, zone), _local(answered.at if answered else None, zone),
        _local(stop.at if stop else None, zone), status(close, now), names.get(close.holding.unit, close.holding.unit),
        _hours(late), _hours(paused), why(entry, names, now),
    )  # fmt: skip


def status(close: Clock, now: datetime) -> Status:
    if close.stop is None:
        return Status.OVERDUE if now > close.due_at else Status.OPEN
    if close.stop.cancels:
        return Status.ENDED
    return Status.LATE if close.stop.at > close.due_at else Status.CLOSED


def why(entry: Entry, names: Mapping[str, str], now: datetime) -> str:
    """Of what is late: in whose hands the time was, longest first. Of every case: what rested, what was granted."""
    close = entry.close
    account = courses.account(entry.course, now, close.measure.ruler)
    said = []
    if status(close, now) in (Status.OVERDUE, Status.LATE):
        held = sorted(account.counted.items(), key=lambda item: -item[1].wall)
        said.append(
            "经手：" + "、".join(f"{_unit(unit, names)} {_hours(span.wall)} 小时" for unit, span in held)
        )
    said += [
        f"{WAITS.get(reason, reason)} {_hours(span.wall)} 小时" for reason, span in account.waits.items()
    ]
    if close.extended:
        said.append(f"延期 {_hours(close.extended)} 小时")
    if close.corrected:
        said.append("超时已更正（系统原因）")
    return "；".join(said)


def safe(cell: str) -> str:
    """A cell that a spreadsheet takes for text, whatever it begins with."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def month(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """`2026-11` as its first instant and the next month's, in the city's zone. Raises ValueError."""
    year, number = (int(part) for part in text.split("-"))
    first = datetime(year, number, 1, tzinfo=zone)
    return first, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)


def _unit(unit: str, names: Mapping[str, str]) -> str:
    return "本平台" if unit == courses.US else names.get(unit, unit)


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else ""


def _hours(span: timedelta) -> str:
    return f"{span / HOUR:.2f}"
