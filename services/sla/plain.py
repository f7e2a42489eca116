"""Plain clocks: none that was moved, stopped, or handed on while a rung was due. Nearly all are. Pure.

`decide` is the law: one clock, and everything that can happen to it. Of a plain clock only its rungs can come, and they
are the same for all clocks of a plan; so they are worked out once, and a thousand rungs fire as a thousand lines are
read. `tests/unit/sla/test_plain.py` holds the two against each other: the same rungs, ids and bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.contracts.countings import EPOCH, Counting
from services.contracts.plans import Measure, Plan, Then
from services.contracts.plans import Rung as PlanRung
from services.contracts.values import ClockKind
from services.sla import announce, ladder

COLUMNS = (
    "clock_id", "case_id", "plan", "started_at", "due_at", "next_rung_at", "rung", "kind", "number", "holder",
    "holder_is_desk", "handler_id", "handler_name", "category", "area",
)  # fmt: skip
"""What is read of a plain clock, in this order."""


@dataclass(frozen=True, slots=True)
class Tread:
    """One rung as every clock of a plan and kind has it. `at`: when, for a clock that started then."""

    name: str
    percent: int
    type: str
    audiences: tuple[str, ...]
    at: Callable[[datetime], datetime]
    then: Then | None = None


@dataclass(slots=True)
class Ladders:
    """The treads of each plan and kind met so far: a city has tens."""

    known: dict[tuple[UUID, str], tuple[Tread, ...]] = field(default_factory=dict)

    def of(self, key: UUID, kind: str, plans: Mapping[UUID, Plan]) -> tuple[Tread, ...]:
        found = self.known.get((key, kind))
        if found is None:
            found = self.known[key, kind] = treads(plans[key], ClockKind(kind))
        return found


def treads(plan: Plan, kind: ClockKind) -> tuple[Tread, ...]:
    measure = plan.measure(kind)
    assert measure is not None  # what a plan does not promise is not opened
    steps = ladder.steps(plan.ladder, measure, EPOCH)
    return tuple(
        Tread(step.name, step.percent, announce.rung_type(step.percent).TYPE, step.audiences, _instants(plan.ladder, measure, place), step.then)
        for place, step in enumerate(steps)
    )  # fmt: skip


def _instants(rungs: Sequence[PlanRung], measure: Measure, place: int) -> Callable[[datetime], datetime]:
    """Elapsed time is the same from every start; other countings ask their ruler."""

    def counted(started_at: datetime) -> datetime:
        step = ladder.step(rungs, measure, started_at, place)
        assert step is not None
        return step.at

    if measure.by is not Counting.ELAPSED:
        return counted
    after = counted(EPOCH) - EPOCH
    return lambda started_at: started_at + after


class Shot(NamedTuple):
    """A rung that fired: its instant, whose, and its event as it goes on the topic."""

    at: datetime
    clock_id: UUID
    case: str
    type: str
    cause: str
    value: bytes
    kind: str
    percent: int
    unit: str
    late_s: float
    unconfirmed: bool
    then: Then | None


order = itemgetter(0, 1)
"""A shot's place among all that happened: by its instant, then by its clock."""


class Climbed(NamedTuple):
    """A clock after its rungs: what is stored of it."""

    clock_id: UUID
    rung: int
    next_rung_at: datetime | None
    breached_at: datetime | None


@dataclass(frozen=True, slots=True)
class Firing:
    """One look: up to `horizon` rungs fire, at `now`; up to `proven` the log is complete, of which `applied` was the last
    number."""

    horizon: datetime
    now: datetime
    proven: datetime | None
    applied: int


def fire(
    rows: Iterable[Sequence[Any]], ladders: Ladders, plans: Mapping[UUID, Plan], firing: Firing
) -> tuple[list[Shot], list[Climbed]]:
    """Every rung of these clocks up to the horizon: the shots in the order of their instants, and the clocks after them.

    `rows` have COLUMNS.
    """
    shots: list[Shot] = []
    climbed = [
        _climb(row, ladders.of(row[2], row[7], plans), plans[row[2]].name, firing, shots) for row in rows
    ]
    shots.sort(key=order)
    return shots, climbed


def _climb(
    row: Sequence[Any], steps: Sequence[Tread], plan: str, firing: Firing, shots: list[Shot]
) -> Climbed:
    """`decide.climb` of one plain clock."""
    (
        clock_id,
        case_id,
        _,
        started_at,
        due_at,
        at,
        rung,
        kind,
        number,
        unit,
        is_desk,
        officer,
        called,
        category,
        area,
    ) = row
    identity, case, breached_at = str(clock_id), str(case_id), None
    handler = {"id": officer, "name": called} if officer and called else None
    limit, now, proven = min(firing.horizon, firing.now), firing.now, firing.proven
    while at is not None and at <= limit:
        step = steps[rung]
        late_s, unconfirmed = (now - at).total_seconds(), proven is None or at > proven
        value = orjson.dumps({
            "clock_id": identity, "clock": kind, "number": number, "plan": plan, "due_at": due_at,
            "percent": step.percent, "rung_at": at, "fired_at": now, "late_by": late_s, "unconfirmed": unconfirmed,
            "holder": unit, "holder_is_desk": is_desk, "handler": handler, "audiences": step.audiences,
            "category": category, "area": area, "log_number": firing.applied,
        }, option=orjson.OPT_UTC_Z)  # fmt: skip
        cause = f"{identity}:{step.name}"
        shots.append(
            Shot(
                at,
                clock_id,
                case,
                step.type,
                cause,
                value,
                kind,
                step.percent,
                unit,
                late_s,
                unconfirmed,
                step.then,
            )
        )
        breached_at = now if step.percent == ladder.BREACH else breached_at
        rung += 1
        at = steps[rung].at(started_at) if rung < len(steps) else None
    return Climbed(clock_id, rung, at, breached_at)


def written(shots: Iterable[Shot]) -> Iterator[tuple[str, str, str, bytes]]:
    """(type, case, cause, value) of each."""
    return ((shot.type, shot.case, shot.cause, shot.value) for shot in shots)
