"""What stands on a case beside its owner: a request not answered, a pause, a whistle, redos. Frozen; no citizen's text."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from services.contracts.values import PauseReason

NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Request:
    """Asked of the desk and not answered: a pause (`reason`, `until`) or an extension (`amount`). `by`: the actor."""

    id: str
    by: str
    department: str
    asked_at: datetime
    reason: PauseReason | None = None
    until: datetime | None = None
    amount: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """The close clock rests. `until`: the cap, at which it goes on by itself."""

    reason: PauseReason
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Attendance:
    """One department of a whistle."""

    id: str
    department: str
    arrive_by: datetime
    arrived_at: datetime | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Whistle:
    id: str
    by: str
    blown_at: datetime
    attendances: tuple[Attendance, ...]

    def of(self, department: str) -> Attendance | None:
        return next((one for one in self.attendances if one.department == department), None)

    @property
    def unscored(self) -> tuple[str, ...]:
        return tuple(one.department for one in self.attendances if one.score is None)

    def noted(self, attendance: Attendance) -> "Whistle":
        """With this attendance in place of its earlier self."""
        every = (attendance if one.id == attendance.id else one for one in self.attendances)
        return replace(self, attendances=tuple(every))


@dataclass(frozen=True, slots=True)
class Standing:
    """`rested`: ended pauses: reason, from, to. `extensions`: what was granted, in order. `reported`: assignments whose part is
    done. `scored`: units of whistles that are closed. `raised`: units of levels above that take part, lowest first. `credited`: from a resolve to its redo.`redos` and `flagged` never fall.
    """

    request: Request | None = None
    pause: Pause | None = None
    rested: tuple[tuple[PauseReason, datetime, datetime], ...] = ()
    extensions: tuple[timedelta, ...] = ()
    whistle: Whistle | None = None
    reported: tuple[str, ...] = ()
    scored: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    supervised: bool = False
    verify_at: datetime | None = None
    credited: tuple[tuple[datetime, datetime], ...] = ()
    redos: int = 0
    flagged: bool = False

    def not_counted(self, at: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches up to `at` that the close clock does not count: pauses, and from a resolve to its redo."""
        running = ((self.pause.since, max(at, self.pause.since)),) if self.pause else ()
        return (*((start, end) for _, start, end in self.rested), *self.credited, *running)

    def rested_for(self, reason: PauseReason) -> timedelta:
        return sum((end - start for why, start, end in self.rested if why is reason), NO_TIME)

    @property
    def rested_total(self) -> timedelta:
        return sum((end - start for _, start, end in self.rested), NO_TIME)

    @property
    def extended(self) -> timedelta:
        return sum(self.extensions, NO_TIME)


NOTHING = Standing()
_CODEC = TypeAdapter(Standing)


def handed_on(standing: Standing, at: datetime) -> Standing:
    """To another owner, or to nobody: what was asked for or begun is over; what counts for the case stays."""
    if standing is NOTHING:
        return standing
    over = rested(standing, at)
    return replace(over, request=None, whistle=None, reported=(), scored=(), raised=(), verify_at=None)


def rested(standing: Standing, at: datetime) -> Standing:
    """The pause is over and counted; as it was, when there is none."""
    pause = standing.pause
    if pause is None:
        return standing
    return replace(standing, pause=None, rested=(*standing.rested, (pause.reason, pause.since, at)))


def written(standing: Standing) -> Any:
    """As compact JSON-able data."""
    return _CODEC.dump_python(standing, mode="json", exclude_defaults=True)


def read(data: Any) -> Standing:
    return NOTHING if data is None else _CODEC.validate_python(data)
