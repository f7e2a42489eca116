"""The course of a case: in whose hands it was, and when it waited, from our receipt to its resolve. Pure.

Every moment is either *holding* by one owner or *waiting* for one reason. The owner is ours between receipt and
registration, then whoever the log names; a return that was right counts for whom its review says. Waiting wins over
holding, and one wait over another by the order they began, so no moment is counted twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from services.contracts.countings import Ruler
from services.contracts.events import (
    CaseEvent,
    CasePaused,
    CaseRated,
    CaseRegistered,
    CaseReopened,
    CaseResponded,
    CaseResumed,
    CaseReturned,
    CaseReturnReviewed,
    CaseVerified,
)
from services.sla import kinds

US = "us"
VERIFICATION = "verification"  # from a resolve to the redo it fails into
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Held:
    """From `since` on this unit has it. With `until`: a stretch that a review counts for another."""

    unit: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """It rests. `until` is the cap while it is open, and the end once it is over."""

    reason: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Course:
    """`holders` in order of time; `reviewed` lie over them. `open`: clock instances that may still change.
    `returns`: departments that returned it, in order; `satisfied`: the citizen's last word."""

    received_at: datetime
    occurred_at: datetime | None = None
    holders: tuple[Held, ...] = ()
    reviewed: tuple[Held, ...] = ()
    waits: tuple[Wait, ...] = ()
    responded_at: datetime | None = None
    resolved_at: datetime | None = None
    open: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    satisfied: bool | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, by the wall and in the plan's own time."""

    wall: timedelta = NOTHING
    own: timedelta = NOTHING

    def __add__(self, other: "Span") -> "Span":
        return Span(self.wall + other.wall, self.own + other.own)


@dataclass(frozen=True, slots=True)
class Account:
    """Where the time from receipt to `until` went. Holdings and waits together are all of it, exactly.

    `holdings` says who had the case, `counted` for whom that counts: for the desk, where a return was right.
    """

    until: datetime
    holdings: dict[str, Span]
    counted: dict[str, Span]
    waits: dict[str, Span]
    elapsed: Span


def opened(event: CaseRegistered) -> Course:
    """Ours until it was registered, then whoever's the first line says."""
    return Course(event.received_at, event.occurred_at, (Held(event.holder.unit, event.at),))


def after(course: Course, event: CaseEvent) -> Course:
    """One line of the log. Most only say who has the case."""
    match event:
        case CasePaused():
            return paused(course, event.reason, event.at, event.until)
        case CaseResumed():
            return resumed(course, event.at)
        case CaseReturnReviewed():
            judged = Held(event.counts_for, event.held_from, event.held_until)
            return replace(held(course, event.holder.unit, event.at), reviewed=(*course.reviewed, judged))
        case CaseResponded() if event.first:
            return replace(course, responded_at=min(event.at, course.responded_at or event.at))
        case CaseReturned():
            course = replace(course, returns=(*course.returns, event.department))
        case CaseVerified() | CaseRated():
            course = replace(course, satisfied=event.satisfied)
        case CaseReopened():
            return held(reopened(course, event.resolved_at, event.at), event.holder.unit, event.at)
    course = held(course, event.holder.unit, event.at)
    return ended(course, event.at) if event.TYPE in (*kinds.RESOLVED, *kinds.ENDS) else course


def ended(course: Course, at: datetime) -> Course:
    """Resolved, closed, or out of our hands: the first of these counts."""
    over = resumed(course, at)
    return replace(over, resolved_at=course.resolved_at or at, responded_at=course.responded_at or at)


def first_over(before: Course | None, now: Course) -> bool:
    """Whether it was resolved, or ended, for the first time: a redo leaves a wait for its verification behind."""
    fresh = now.resolved_at is not None and (before is None or before.resolved_at is None)
    return fresh and all(wait.reason != VERIFICATION for wait in now.waits)


def held(course: Course, unit: str, at: datetime) -> Course:
    """From `at` on `unit` has it."""
    if course.holders and course.holders[-1].unit == unit:
        return course
    return replace(course, holders=(*course.holders, Held(unit, at)))


def paused(course: Course, reason: str, since: datetime, until: datetime) -> Course:
    return replace(course, waits=(*course.waits, Wait(reason, since, until)))


def resumed(course: Course, at: datetime) -> Course:
    """Every wait that is still open ends now; one whose cap was reached before ended then."""
    waits = (replace(wait, until=min(wait.until, max(at, wait.since))) for wait in course.waits)
    return replace(course, waits=tuple(waits))


def reopened(course: Course, resolved_at: datetime, at: datetime) -> Course:
    """What lies between resolve and redo is nobody's work."""
    again = paused(course, VERIFICATION, resolved_at, at)
    return replace(again, resolved_at=None)


def account(course: Course, until: datetime, ruler: Ruler) -> Account:
    """Everything up to `until`, or to the resolve when that was earlier."""
    end = max(min(until, course.resolved_at or until), course.received_at)
    found = Account(
        end, {}, {}, {}, Span(end - course.received_at, ruler.at(end) - ruler.at(course.received_at))
    )
    for start, stop in _stretches(course, end):
        span = Span(stop - start, ruler.at(stop) - ruler.at(start))
        wait = next((each for each in course.waits if each.since <= start < each.until), None)
        if wait:
            _add(found.waits, wait.reason, span)
        else:
            _add(found.holdings, holder(course, start), span)
            _add(found.counted, counts_for(course, start), span)
    return found


def _add(spans: dict[str, Span], key: str, span: Span) -> None:
    spans[key] = spans.get(key, Span()) + span


def holder(course: Course, at: datetime) -> str:
    """Who had it at this moment."""
    return next((held.unit for held in reversed(course.holders) if held.since <= at), US)


def counts_for(course: Course, at: datetime) -> str:
    """In whose holding this moment counts."""
    for review in reversed(course.reviewed):
        if review.until is not None and review.since <= at < review.until:
            return review.unit
    return holder(course, at)


def _stretches(course: Course, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time cut wherever anything begins or ends."""
    cuts = {course.received_at, end}
    cuts |= {held.since for held in (*course.holders, *course.reviewed)}
    cuts |= {held.until for held in course.reviewed if held.until}
    cuts |= {instant for wait in course.waits for instant in (wait.since, wait.until)}
    inside = sorted(cut for cut in cuts if course.received_at <= cut <= end)
    return pairwise(inside)


@dataclass(frozen=True, slots=True)
class Phases:
    """感知—响应—处置, each on its own; None while it is not over."""

    sense: timedelta | None
    dispatch: timedelta | None
    handle: timedelta | None


def phases(course: Course) -> Phases:
    """observed → received, received → responded, responded → resolved."""
    sense = course.received_at - course.occurred_at if course.occurred_at else None
    dispatch = course.responded_at - course.received_at if course.responded_at else None
    both = course.responded_at and course.resolved_at
    handle = (
        course.resolved_at - course.responded_at
        if both and course.resolved_at and course.responded_at
        else None
    )
    return Phases(sense, dispatch, handle)
