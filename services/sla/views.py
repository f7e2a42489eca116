"""How late is it, in figures and in one line: what the door says of clocks and of hands. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.contracts.values import Audience, ClockKind, Handler, Instant, PauseReason
from services.sla import course as courses
from services.sla import kinds, ladder
from services.sla.clocks import Clock, Stop
from services.sla.course import Account, Course, Span

WAITS: dict[str, tuple[str, str]] = {
    PauseReason.AWAITING_CITIZEN: ("等待市民", "the citizen"),
    PauseReason.AWAITING_THIRD_PARTY: ("等待第三方", "a third party"),
    PauseReason.WEATHER_OR_SEASON: ("天气或季节", "weather or season"),
    PauseReason.LEGAL_PROCEDURE: ("法定程序", "a legal procedure"),
    PauseReason.SHELVED: ("挂账", "shelved"),
    courses.VERIFICATION: ("回访", "verification"),
}


class RungView(BaseModel):
    """A rung of the ladder. `fired` is false for one that lies ahead, or that the clock stopped before."""

    percent: int
    at: Instant
    fired: bool
    audiences: tuple[Audience, ...]


class Line(BaseModel):
    zh: str
    en: str


class ClockView(BaseModel):
    """One clock. Seconds are city time; `left_seconds` is negative once it is late."""

    clock_id: UUID
    clock: ClockKind
    state: Annotated[str, Field(description="running | stopping | met | breached | cancelled")]
    plan: str
    started_at: Instant
    due_at: Annotated[Instant, Field(description="as if a pause that is on lasted to its cap")]
    original_due_at: Annotated[Instant, Field(description="without any extension")]
    paused: Annotated[str | None, Field(description="the reason of the pause that is on")] = None
    paused_until: Annotated[Instant | None, Field(description="its cap: then it goes on by itself")] = None
    instance: Annotated[str, Field(description="the assignment, stay, attendance or redo it belongs to")] = ""
    credit_seconds: Annotated[float, Field(description="what was credited, in the plan's own time")] = 0.0
    stopped_at: Instant | None
    breached: bool
    corrected: bool
    elapsed_seconds: float
    left_seconds: float
    holder: str
    holder_is_desk: bool
    handler: Handler | None
    next_rung_at: Instant | None
    days_known: Annotated[
        bool, Field(description="false: due lies after the last year whose public holidays are known")
    ] = True
    rungs: tuple[RungView, ...]
    line: Line


class SpanView(BaseModel):
    """`of`: a unit, `us`, or the reason of a wait. Seconds by the wall, and in the plan's own time."""

    of: str
    seconds: float
    own_seconds: float


class AccountView(BaseModel):
    """In whose hands the time was. Holdings and waits together are all of it, to the microsecond.

    `counted`: the holdings as reviews of returns 退单审核 have decided that they count.
    """

    until: Instant
    elapsed_seconds: float
    own_elapsed_seconds: float
    holdings: tuple[SpanView, ...]
    counted: tuple[SpanView, ...]
    waits: tuple[SpanView, ...]
    sense_seconds: Annotated[float | None, Field(description="感知: observed to received")]
    dispatch_seconds: Annotated[float | None, Field(description="响应: received to responded")]
    handle_seconds: Annotated[float | None, Field(description="处置: responded to resolved")]
    line: Line


class ClocksView(BaseModel):
    case_id: UUID
    number: str
    at: Annotated[Instant, Field(description="city time of this answer")]
    clocks: tuple[ClockView, ...]
    account: AccountView | None = None


Names = Mapping[str, tuple[str, str]]
"""What people call a unit, in Chinese and English, by its slug. One that has no name is called by its slug."""
NAMELESS: Names = {}
SHORTEST = timedelta(seconds=1)


def view(clock: Clock, now: datetime, names: Names = NAMELESS) -> ClockView:
    until = clock.stop.at if clock.stop else max(now, clock.started_at)
    return ClockView(
        clock_id=clock.clock_id, clock=clock.kind, state=_state(clock), plan=clock.plan.name,
        started_at=clock.started_at, due_at=clock.due_at, original_due_at=clock.original_due_at,
        paused=clock.rest.reason if clock.rest and until < clock.rest.until else None,
        paused_until=clock.rest.until if clock.rest and until < clock.rest.until else None, instance=clock.instance,
        credit_seconds=(clock.credited + clock.extended).total_seconds(), stopped_at=clock.stop.at if clock.stop else None,
        breached=until > clock.due_at, corrected=clock.corrected,
        elapsed_seconds=(until - clock.started_at).total_seconds(),
        left_seconds=(clock.due_at - until).total_seconds(), holder=clock.holding.unit,
        holder_is_desk=clock.holding.is_desk, handler=clock.holding.handler, next_rung_at=clock.next_rung_at,
        days_known=days_known(clock),
        rungs=tuple(
            RungView(percent=step.percent, at=step.at, fired=index < clock.rung, audiences=step.audiences)
            for index, step in enumerate(ladder.steps(clock.plan.ladder, clock.measure, clock.started_at, clock.credited + clock.extended))
        ),
        line=line(clock, until, names),
    )  # fmt: skip


def days_known(clock: Clock) -> bool:
    """Whether every day the clock counts by is a known one: after the calendar's last year the week alone counts."""
    counted = clock.measure.counted
    days = counted.days if counted else None
    if days is None or days.known_until is None:
        return True
    return clock.due_at.astimezone(days.tz).year <= days.known_until


def _state(clock: Clock) -> str:
    if clock.outcome is not None:
        return clock.outcome
    return "stopping" if clock.stop else "running"


def line(clock: Clock, until: datetime, names: Names = NAMELESS) -> Line:
    """For a head of department. `until`: the stop, or now."""
    row, unit, left = kinds.OF[clock.kind], _unit(clock.holding.unit, names), clock.due_at - until
    if clock.stop is not None:
        zh, en = _stopped(clock, clock.stop, names)
    elif clock.rest is not None and until < clock.rest.until:
        why, goes_on = _wait(clock.rest.reason), clock.rest.until - until
        zh = f"暂停中（{why[0]}），最迟{span_zh(goes_on)}后恢复，由{unit[0]}持有"
        en = f"paused for {why[1]}, goes on in {span_en(goes_on)} at the latest, held by {unit[1]}"
    else:
        late = left < timedelta(0)
        zh = f"{'已超时' if late else '还剩'}{span_zh(abs(left))}，由{unit[0]}持有"
        en = f"{span_en(abs(left))} {'late' if late else 'left'}, held by {unit[1]}"
    return Line(zh=f"{row.zh}时钟：{zh}。", en=f"{row.en} clock: {en}.")


def _stopped(clock: Clock, stop: Stop, names: Names) -> tuple[str, str]:
    late, used, by = stop.at - clock.due_at, stop.at - clock.started_at, _unit(stop.by, names)
    if late > timedelta(0):
        return (
            f"超时{span_zh(late)}，用时{span_zh(used)}，{by[0].strip()}",
            f"{span_en(late)} late, after {span_en(used)}, by {by[1]}",
        )
    if stop.cancels:
        return "已取消", "cancelled"
    return f"按时，用时{span_zh(used)}，{by[0].strip()}", f"in time after {span_en(used)}, by {by[1]}"


def account(course: Course, clocks: Sequence[Clock], now: datetime, names: Names = NAMELESS) -> AccountView:
    """By the ruler of the close clock's plan."""
    close = next((clock for clock in clocks if clock.kind is ClockKind.CLOSE), clocks[0])
    found, phases = courses.account(course, now, close.measure.ruler), courses.phases(course)
    return AccountView(
        until=found.until, elapsed_seconds=found.elapsed.wall.total_seconds(),
        own_elapsed_seconds=found.elapsed.own.total_seconds(), holdings=_spans(found.holdings), counted=_spans(found.counted),
        waits=_spans(found.waits), sense_seconds=_seconds(phases.sense), dispatch_seconds=_seconds(phases.dispatch),
        handle_seconds=_seconds(phases.handle), line=account_line(found, names),
    )  # fmt: skip


def account_line(found: Account, names: Names = NAMELESS) -> Line:
    """Whoever held it longest first, from a second on; what rested apart. English names may have commas of their own."""
    told = (item for item in found.holdings.items() if item[1].wall >= SHORTEST)
    held = sorted(told, key=lambda item: -item[1].wall)
    zh = "、".join(f"{_unit(unit, names)[0]}{span_zh(span.wall)}" for unit, span in held)
    en = "; ".join(f"{span_en(span.wall)} with {_unit(unit, names)[1]}" for unit, span in held)
    if found.waits:
        zh += "；暂停：" + "、".join(
            f"{_wait(why)[0]}{span_zh(span.wall)}" for why, span in found.waits.items()
        )
        en += "".join(
            f"; {span_en(span.wall)} paused for {_wait(why)[1]}" for why, span in found.waits.items()
        )
    return Line(
        zh=f"共{span_zh(found.elapsed.wall)}，经手：{zh}。", en=f"{span_en(found.elapsed.wall)} in all: {en}."
    )


def _unit(unit: str, names: Names) -> tuple[str, str]:
    return ("本平台", "us") if unit == courses.US else names.get(unit, (f" {unit} ", unit))


def _wait(why: str) -> tuple[str, str]:
    return WAITS.get(why, (why, why))


def _spans(spans: Mapping[str, Span]) -> tuple[SpanView, ...]:
    return tuple(
        SpanView(of=key, seconds=span.wall.total_seconds(), own_seconds=span.own.total_seconds())
        for key, span in spans.items()
    )


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None


def span_zh(span: timedelta) -> str:
    days, hours, minutes, seconds = _parts(span)
    return "".join(f" {value} {unit}" for value, unit in
                   ((days, "天"), (hours, "小时"), (minutes, "分"), (seconds, "秒")) if value) or " 0 秒"  # fmt: skip


def span_en(span: timedelta) -> str:
    days, hours, minutes, seconds = _parts(span)
    return " ".join(f"{value} {unit}" for value, unit in
                    ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")) if value) or "0 s"  # fmt: skip


def _parts(span: timedelta) -> tuple[int, int, int, int]:
    """From an hour on to the minute: the figures beside the line are exact."""
    whole = span.total_seconds()
    minutes, seconds = divmod(int(whole), 60) if whole < 3600 else (round(whole / 60), 0)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes, seconds
