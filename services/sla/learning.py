"""What was promised, learnt from what was recorded: each type's target and its way of counting. Pure.

Every record votes for the ways of counting that explain its due time; a type's plan is what most of its records voted
for. The office's opening and its cut-off are learnt first, from the dues that do not keep their time of day.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import product

from services.contracts import plans
from services.contracts.calendars import ALWAYS, Calendar, always
from services.contracts.countings import DAY, Counting
from services.contracts.plans import Close, Counted
from services.contracts.wallclock import naive

NEAR = timedelta(seconds=60)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CUT_OFFS = tuple(time(hour, minute) for hour, minute in product(range(12, 24), (0, 30)))
LEAST_BY_WALL = 2 * HOUR
ENOUGH = 20  # dues at one time of day before it is taken for an opening


@dataclass(frozen=True, slots=True)
class Record:
    """One request of the past: what it was, when it was received, and when it was said to be due."""

    kind: str
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Office:
    """What was learnt of the city's hours. Without a cut-off a day is open from midnight to midnight."""

    calendar: Calendar
    cut_off: time | None


@dataclass(frozen=True, slots=True)
class Learnt:
    """A type's plan, how many records it was learnt from, and how many of them it explains.

    `measure` None: nothing is promised, what comes is recorded as due at once.
    """

    measure: Close | None
    support: int
    explained: int


class Why(StrEnum):
    """Why a due was not what was learnt."""

    NEVER_SEEN = "never_seen"
    OTHER_TARGET = "other_target"
    BY_HAND = "by_hand"


SAID: dict[Why, str] = {
    Why.NEVER_SEEN: "the type was not among the records it was learnt from",
    Why.OTHER_TARGET: "a way of counting explains it, not the one most records of its type have",
    Why.BY_HAND: "no way of counting explains it: a due that somebody set",
}


@dataclass(slots=True)
class Judgement:
    """Records of a later time against what was learnt. `missed` by (type, what was promised instead)."""

    rows: int = 0
    right: int = 0
    unseen: int = 0
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    why: Counter["Why"] = field(default_factory=Counter)

    @property
    def agreement(self) -> float:
        """Of all rows; a type never seen counts as wrong."""
        return self.right / self.rows if self.rows else 0.0

    @property
    def of_seen(self) -> float:
        return self.right / (self.rows - self.unseen) if self.rows > self.unseen else 0.0


def learn(records: Sequence[Record], by: Office) -> dict[str, Learnt]:
    """The plan of each type; a type that nothing explains has none."""
    votes: dict[str, Counter[Close | None]] = defaultdict(Counter)
    seen = Counter(record.kind for record in records)
    for record in records:
        votes[record.kind].update(explanations(record, by))
    best = {kind: ballots.most_common(1)[0] for kind, ballots in votes.items() if ballots}
    return {kind: Learnt(measure, seen[kind], many) for kind, (measure, many) in best.items()}


def explanations(record: Record, by: Office) -> Iterator[Close | None]:
    """Every way of counting that gives this due, the plainest first; None: at once."""
    whole = always(by.calendar.zone)
    elapsed = record.due_at - record.opened_at
    span = naive(record.due_at, whole.tz) - naive(record.opened_at, whole.tz)
    if abs(elapsed) <= NEAR:
        yield None
    elif elapsed <= timedelta(0):
        return
    elif elapsed < LEAST_BY_WALL:
        yield Close(target=_round(elapsed, MINUTE))
    elif span >= LEAST_BY_WALL and abs(span - _round(span, HOUR)) <= NEAR:
        counted = Counted(by=Counting.CALENDAR_DAYS, calendar=ALWAYS, days=whole)
        yield Close(target=_round(span, HOUR), counted=counted)
    counted = Counted(
        by=Counting.WORKING_DAYS, calendar=by.calendar.name, cut_off=by.cut_off, days=by.calendar
    )
    days = _working_days(record, Close(target=DAY, counted=counted))
    if days > timedelta(0):
        yield Close(target=days, counted=counted)


def _working_days(record: Record, one: Close) -> timedelta:
    """How many lie between, when they do so to the minute; else none."""
    ruler = one.ruler
    between = ruler.at(record.due_at) - ruler.begins(record.opened_at)
    days = _round(between, DAY)
    near = (
        days > timedelta(0) and abs(ruler.due(ruler.begins(record.opened_at) + days) - record.due_at) <= NEAR
    )
    return days if near else timedelta(0)


def office(records: Sequence[Record], zone: str) -> Office:
    """Opening and cut-off: dues that gather at one time of day, and since when what is opened is due then."""
    tz = always(zone).tz
    times = [(naive(record.opened_at, tz), naive(record.due_at, tz)) for record in records]
    moved = Counter(due.time() for opened, due in times if _apart(opened, due))
    if not moved or moved.most_common(1)[0][1] < ENOUGH:
        return Office(_weekdays(zone, time(), time(23, 59)), None)
    opening = moved.most_common(1)[0][0]
    after = [at for at in CUT_OFFS if at > opening]
    cut_off = max(after, key=lambda at: (_split(at, opening, times), at), default=time(23, 59))
    return Office(_weekdays(zone, min(opening, time(23, 58)), cut_off), cut_off)


def _split(cut_off: time, opening: time, times: Iterable[tuple[datetime, datetime]]) -> int:
    """How many dues are as this cut-off would have them: at the opening after it, at their own time before."""
    moves = ((opened.time() >= cut_off, due.time() == opening) for opened, due in times if _apart(opened, due) or opened.time() < cut_off)  # fmt: skip
    return sum(1 if after is moved else -1 for after, moved in moves)


def _apart(opened: datetime, due: datetime) -> bool:
    """Whether the due does not keep the time of day."""
    off = abs(datetime.combine(opened.date(), due.time()) - opened)
    return NEAR < off < DAY - NEAR


def _weekdays(zone: str, opens: time, closes: time) -> Calendar:
    hours = (f"{opens:%H:%M}-{closes:%H:%M}",)
    return Calendar(name="office", zone=zone, week=(hours,) * 5 + ((),) * 2)


def _round(span: timedelta, to: timedelta) -> timedelta:
    return round(span / to) * to


def judge(learnt: dict[str, Learnt], records: Iterable[Record], by: Office) -> Judgement:
    """Recompute every due; right is within a minute."""
    found = Judgement()
    for record in records:
        found.rows += 1
        plan = learnt.get(record.kind)
        if plan is not None and abs(_due(plan, record) - record.due_at) <= NEAR:
            found.right += 1
            continue
        why = Why.NEVER_SEEN if plan is None else _why(record, by)
        found.unseen += plan is None
        found.why[why] += 1
        found.missed[record.kind, said(plan.measure) if plan else why] += 1
    return found


def _due(plan: Learnt, record: Record) -> datetime:
    return plans.due_at(plan.measure, record.opened_at) if plan.measure else record.opened_at


def _why(record: Record, by: Office) -> Why:
    return Why.OTHER_TARGET if any(True for _ in explanations(record, by)) else Why.BY_HAND


def said(measure: Close | None) -> str:
    """`10 working_days`, `1080 h calendar_days`: for tables."""
    if measure is None:
        return "at once"
    if measure.by is Counting.WORKING_DAYS:
        return f"{measure.target // DAY} {measure.by}"
    return f"{measure.target / HOUR:g} h {measure.by}"


def in_two(records: Iterable[Record]) -> tuple[list[Record], list[Record]]:
    """By time of opening: the first two thirds to learn from, the last third to be judged."""
    ordered = sorted(records, key=lambda record: record.opened_at)
    cut = len(ordered) * 2 // 3
    return ordered[:cut], ordered[cut:]
