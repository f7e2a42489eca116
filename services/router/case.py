"""A case as the router knows it: its state, who holds it, what was promised. No citizen's text is in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts import ids
from services.contracts.ids import CaseId
from services.contracts.plans import Plan
from services.contracts.values import Emergency, Handler, Holder, Kind, State, TriageClass
from services.router import family as families
from services.router import quarrel as quarrels
from services.router import standing as standings
from services.router.family import Family
from services.router.quarrel import Quarrel
from services.router.standing import NOTHING, Standing

LEAD, ASSIST, DESK = "lead", "assist", "desk"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A stretch of time in which the case was a department's to act on; `closed_at` None while it is.

    `forced`: by a ruling; it cannot be returned.
    """

    id: str
    version: int
    department: str
    role: str
    opened_at: datetime
    closed_at: datetime | None = None
    forced: bool = False

    def covers(self, at: datetime) -> bool:
        return self.opened_at <= at and (self.closed_at is None or at <= self.closed_at)


@dataclass(frozen=True, slots=True)
class Case:
    """`version` counts lines of the log; `assignment_version` changes only with owner, role or force.

    `area_owner` 属地单位 sees the case beside whoever acts on it; nobody's of a 举报, which may be about them.
    `trail` is every state with the instant it began, so that it can be said what was legal at an earlier one.
    `unconfirmed_since`: handed to the `emergency` service then, and the desk has not confirmed it yet.
    """

    id: CaseId
    number: str
    state: State
    version: int
    assignment_version: int
    holder: Holder
    assignments: tuple[Assignment, ...]
    trail: tuple[tuple[datetime, State], ...]
    kind: Kind
    category: str | None
    area: str | None
    triage_class: TriageClass
    plan: Plan
    received_at: datetime
    changed_at: datetime
    bounces: int = 0
    handler: Handler | None = None
    responded_at: datetime | None = None
    close_at: datetime | None = None
    area_owner: str | None = None
    emergency: Emergency | None = None
    unconfirmed_since: datetime | None = None
    quarrel: Quarrel = quarrels.NONE
    family: Family = families.NONE

    @property
    def counted_from(self) -> datetime:
        """The earliest receipt among the cases this one stands for: its clocks count from there."""
        return min((self.received_at, *(one.received_at for one in self.family.absorbed)))

    standing: Standing = NOTHING

    @property
    def open(self) -> Iterator[Assignment]:
        return (one for one in self.assignments if one.closed_at is None)

    def assignment_of(self, department: str) -> Assignment | None:
        """The open assignment of this department, if it has one."""
        return next((one for one in self.open if one.department == department), None)

    def has_seen(self, department: str) -> bool:
        """Who has or had an assignment, and who answers for the place."""
        return department == self.area_owner or any(one.department == department for one in self.assignments)

    def last_in(self, state: State) -> datetime | None:
        """When it was last brought to this state; None when it never was."""
        return next((since for since, was in reversed(self.trail) if was is state), None)

    def state_at(self, at: datetime) -> State:
        """The state the case was in at `at`; before its receipt: received."""
        return next((state for since, state in reversed(self.trail) if since <= at), State.RECEIVED)


def moved(case: Case, state: State, at: datetime) -> Case:
    """The next line of the log: another version and, if it is another state, another stretch of the trail."""
    if state is case.state:
        return replace(case, version=case.version + 1)
    return replace(
        case, version=case.version + 1, state=state, changed_at=at, trail=(*case.trail, (at, state))
    )


def turned(case: Case, state: State, at: datetime) -> Case:
    """To another state within the same line of the log: what the table's first move did not know yet."""
    if state is case.state:
        return case
    return replace(case, state=state, changed_at=at, trail=(*case.trail, (at, state)))


def called(case: Case, departments: Iterable[str], at: datetime) -> Case:
    """More departments help: each that has no open assignment gets one, under the next assignment version."""
    new = [unit for unit in departments if case.assignment_of(unit) is None]
    if not new:
        return case
    version = case.assignment_version + 1
    helpers = tuple(_assignment(case.id, version, unit, ASSIST, at) for unit in new)
    return replace(case, assignment_version=version, assignments=(*case.assignments, *helpers))


def spared(case: Case, assignment: Assignment, at: datetime) -> Case:
    """One department no longer has to act."""
    over = (replace(one, closed_at=at) if one.id == assignment.id else one for one in case.assignments)
    return replace(case, assignments=tuple(over))


def handed(
    case: Case,
    holder: Holder,
    assists: tuple[str, ...],
    at: datetime,
    state: State | None = None,
    forced: bool = False,
) -> Case:
    """To another owner: open assignments end, new ones begin under the next assignment version.

    `state`: with the move to that state, as `moved` does it.
    """
    version = case.assignment_version + 1
    over = tuple(one if one.closed_at else replace(one, closed_at=at) for one in case.assignments)
    return replace(
        case,
        state=state or case.state,
        version=case.version + (state is not None),
        trail=(*case.trail, (at, state)) if state else case.trail,
        assignment_version=version,
        holder=holder,
        assignments=(*over, *begun(case.id, version, holder, assists, at, forced)),
        standing=standings.handed_on(case.standing, at),
        handler=None,
        changed_at=at,
    )


def begun(
    case_id: CaseId, version: int, holder: Holder, assists: Iterable[str], at: datetime, forced: bool = False
) -> tuple[Assignment, ...]:
    """The assignments under one assignment version: the holder's, then the helpers'."""
    lead = _assignment(case_id, version, holder.unit, DESK if holder.is_desk else LEAD, at, forced)
    return lead, *(_assignment(case_id, version, unit, ASSIST, at) for unit in assists)


def ended(case: Case, at: datetime) -> Case:
    """Nobody has to act any more, and nothing waits or rests."""
    return replace(
        case,
        standing=standings.handed_on(case.standing, at),
        assignments=tuple(one if one.closed_at else replace(one, closed_at=at) for one in case.assignments),
    )


def _assignment(
    case_id: CaseId, version: int, department: str, role: str, at: datetime, forced: bool = False
) -> Assignment:
    id_ = ids.written("assignment", str(case_id), str(version), department)
    return Assignment(id_, version, department, role, at, forced=forced)
