"""One command upon one case: what it does, or why not. Pure; the same for both doors.

A command asks three things in turn: is it yours (an open assignment, seen at the present version), does the table of
lifecycle.py allow it, does the edge's guard agree. `at` is when it counts from: the broker's append time or the
moment the HTTP command was taken, never before the case's previous time, never after now (delivery rule 7).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import (
    Accept,
    AnyCommand,
    Assign,
    Close,
    Refusal,
    Reject,
    Resolve,
    Respond,
    Return,
    Start,
    Unserved,
    Withdraw,
)
from services.contracts.events import Event
from services.contracts.values import Handler, Holder, ResponseBasis, State
from services.router import case as cases
from services.router import lifecycle, records, wording
from services.router.case import Assignment, Case
from services.router.lifecycle import Illegal, Moved, Who
from services.router.records import Dossier
from services.router.wording import Said


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was taken. `unit` is the department that speaks, None for the desk's people and for timers.

    `appended_at` is the broker's append time, None for what came by HTTP or from ourselves.
    """

    actor: str
    unit: str | None
    desk: bool
    command: AnyCommand
    now: datetime
    appended_at: datetime | None = None
    timer: bool = False

    def at(self, case: Case) -> datetime:
        """When it counts from: between the case's previous time and now."""
        return self.now if self.appended_at is None else min(max(self.appended_at, case.changed_at), self.now)


@dataclass(frozen=True, slots=True)
class Done:
    """The case as it is now, and what is written about it."""

    case: Case
    at: datetime
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is changed, but for `events`: a response that was legal when it was appended counts for the clock.

    `case` is what the refused may be shown; None when it is none of their business.
    """

    code: Refusal
    reason: Said
    legal: tuple[str, ...] = ()
    case: Case | None = None
    events: tuple[Event, ...] = ()
    at: datetime | None = None


Verdict = Done | Refused


def decide(city: City, case: Case, dossier: Dossier | None, asked: Asked) -> Verdict:
    """`dossier` is needed by commands that open an assignment (`needs_dossier`). Raises nothing for what may happen."""
    who = _who(case, asked)
    refused = _not_theirs(case, asked, who)
    if refused is None and who is not None:
        match lifecycle.move(case.state, asked.command.command, who):
            case Illegal() as illegal:
                refused = _illegal(case, illegal)
            case Moved(edge, state):
                said = GUARDS[edge.guard](city, case, asked) if edge.guard else None
                if said is None:
                    return _do(city, cases.moved(case, state, asked.at(case)), case, dossier, asked)
                refused = _guarded(case, asked, who, said)
    assert refused is not None
    return _counted(case, asked, refused)


def needs_dossier(command: AnyCommand) -> bool:
    return isinstance(command, Assign | Return)


def _who(case: Case, asked: Asked) -> Who | None:
    """In what capacity this actor acts on this case; None: in none."""
    if asked.timer:
        return Who.TIMER
    if asked.desk:
        return Who.DESK
    mine = case.assignment_of(asked.unit) if asked.unit else None
    return records.ROLES[mine.role] if mine else None


def _not_theirs(case: Case, asked: Asked, who: Who | None) -> Refused | None:
    known = asked.unit is None or case.has_seen(asked.unit)
    shown = case if known or asked.desk else None
    seen = asked.command.assignment_version
    if seen is not None and seen != case.assignment_version and shown:
        return Refused(Refusal.STALE_VERSION, wording.STALE, lifecycle.legal(case.state, who) if who else (), shown)
    if who is None:
        return Refused(Refusal.NOT_YOURS, wording.NOT_YOURS, (), shown)
    return None


def _illegal(case: Case, found: Illegal) -> Refused:
    if not found.served:
        return Refused(Refusal.NOT_SERVED_YET, wording.not_served(found.command, found.legal), found.legal, case)
    return Refused(Refusal.ILLEGAL_MOVE, wording.illegal(found.command, found.state, found.legal), found.legal, case)


def _guarded(case: Case, asked: Asked, who: Who, said: Said) -> Refused:
    command = asked.command
    legal = tuple(name for name in lifecycle.legal(case.state, who) if name != command.command)
    code = Refusal.UNKNOWN_DEPARTMENT if isinstance(command, Assign) else Refusal.ILLEGAL_MOVE
    return Refused(code, said, legal, case)


# Guards: what the table alone cannot know. None: it agrees.


def _known_units(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Assign)
    for slug in (asked.command.department, *asked.command.assists):
        if slug == city.file.desk or slug not in city.department_by_slug:
            return wording.unknown_unit(slug)
    if asked.command.department in asked.command.assists:
        return wording.unknown_unit(asked.command.department)
    return None


def _said_or_noted(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Respond)
    public = asked.command.basis is ResponseBasis.PUBLIC_MESSAGE
    return None if (asked.command.public_text if public else asked.command.contact_note) else wording.NOTHING_SAID


def _returnable(city: City, case: Case, asked: Asked) -> Said | None:
    """Within the window, counted from the opening of the assignment."""
    window = city.file.return_window
    if asked.at(case) - records.lead_of(case).opened_at > window:
        return wording.window_over(window.total_seconds() / 3600)
    return None


def _evidence(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Resolve)
    category = city.category_by_path.get(case.category) if case.category else None
    asks = category is not None and category.evidence
    return wording.NO_EVIDENCE if asks and not asked.command.evidence else None


def _silent(city: City, case: Case, asked: Asked) -> Said | None:
    return wording.NOT_SILENT_YET if case.close_at is None or asked.now < case.close_at else None


GUARDS: Mapping[str, Callable[[City, Case, Asked], Said | None]] = {
    "known_units": _known_units,
    "said_or_noted": _said_or_noted,
    "returnable": _returnable,
    "evidence": _evidence,
    "silent": _silent,
}


# What each command does. `after` has the new state and version already; `before` is the case as it was.


def _do(city: City, after: Case, before: Case, dossier: Dossier | None, asked: Asked) -> Done:
    at = asked.at(before)
    match asked.command:
        case Accept() as command:
            return _accept(after, before, asked, command, at)
        case Start():
            lead = records.lead_of(after)
            told = events.CaseStarted(**records.line(after, at, asked.actor), assignment_id=lead.id, department=lead.department)
            return Done(after, at, (told,))
        case Respond() as command:
            basis = ResponseBasis(command.basis)
            after, told_response = _responded(after, before, asked, basis, command.handler, command.public_text)
            return Done(after, at, (told_response,))
        case Return() as command:
            assert dossier is not None
            return _return(city, after, before, dossier, asked, command, at)
        case Assign() as command:
            assert dossier is not None
            return _assign(city, after, before, dossier, asked, command, at)
        case Resolve() as command:
            return _resolve(city, after, asked, command, at)
        case Close():
            reason = str(wording.SILENT if asked.timer else wording.CLOSED)
            return _end(after, before, at, events.CaseClosed(**records.line(after, at, asked.actor), reason=reason), reason)
        case Reject() as command:
            rejected = events.CaseRejected(
                **records.line(after, at, asked.actor), reason_code=command.reason_code, public_text=command.public_text
            )
            return _end(after, before, at, rejected, str(wording.REJECTED))
        case Withdraw():
            return withdrawn(after, before, at, asked.actor)
        case Unserved() as command:
            raise AssertionError(f"the table serves {command.command} and nothing here does it")


def _accept(after: Case, before: Case, asked: Asked, command: Accept, at: datetime) -> Done:
    lead = records.lead_of(after)
    after = replace(after, handler=command.handler)
    told: list[Event] = [events.CaseAccepted(
        **records.line(after, at, asked.actor), assignment_id=lead.id, department=lead.department, handler=command.handler
    )]  # fmt: skip
    if command.handler is not None:
        after = replace(after, version=after.version + 1)
        after, response = _responded(after, before, asked, ResponseBasis.ACCEPT_WITH_HANDLER, command.handler, None)
        told.append(response)
    return Done(after, at, tuple(told))


def _responded(
    after: Case, before: Case, asked: Asked, basis: ResponseBasis, handler: Handler | None, public_text: str | None
) -> tuple[Case, events.CaseResponded]:
    """The response itself. It counts from when it reached us, also when that is before the case's previous time."""
    lead = next((one for one in before.open if one.role != cases.ASSIST), None)
    floor = lead.opened_at if lead else before.received_at
    heard = asked.now if asked.appended_at is None else min(max(asked.appended_at, floor), asked.now)
    return _heard(after, before, lead, heard, heard < before.changed_at, asked, basis, handler, public_text)


def _heard(
    after: Case,
    before: Case,
    assignment: Assignment | None,
    heard: datetime,
    late: bool,
    asked: Asked,
    basis: ResponseBasis,
    handler: Handler | None,
    public_text: str | None,
) -> tuple[Case, events.CaseResponded]:
    counts = basis in before.plan.response.counts
    first = counts and (before.responded_at is None or heard < before.responded_at)
    after = replace(after, responded_at=heard if first else before.responded_at, handler=handler or after.handler)
    told = events.CaseResponded(
        **records.line(after, heard, asked.actor), assignment_id=assignment.id if assignment else None,
        department=assignment.department if assignment else before.holder.unit, basis=basis, first=first,
        handler=handler, public_text=public_text, late_taken=late,
    )  # fmt: skip
    return after, told


def _return(
    city: City, after: Case, before: Case, dossier: Dossier, asked: Asked, command: Return, at: datetime
) -> Done:
    lead = records.lead_of(before)
    why = wording.RETURN_REASONS[command.reason_code]
    holder = Holder(unit=city.file.desk, is_desk=True, reason=str(wording.came_back(lead.department, why, city)))
    after = cases.handed(replace(after, bounces=before.bounces + 1), holder, (), at)
    told = events.CaseReturned(
        **records.line(after, at, asked.actor), assignment_id=lead.id, department=lead.department,
        reason_code=command.reason_code, suggested_owner=command.suggested_owner, bounce_count=after.bounces,
    )  # fmt: skip
    reason = wording.returned(lead.department, command.reason_code, command.grounds, command.suggested_owner, city)
    letters = (*records.cancelled(before, str(wording.RETURNED)), *records.opened(after, dossier, city, str(reason)))
    return Done(after, at, (told, *letters))


def _assign(
    city: City, after: Case, before: Case, dossier: Dossier, asked: Asked, command: Assign, at: datetime
) -> Done:
    after = cases.handed(after, Holder(unit=command.department, is_desk=False), command.assists, at)
    told = records.dispatched(after, at, asked.actor, str(wording.ASSIGNED))
    letters = records.opened(after, dossier, city, str(wording.by_desk(command.reason)))
    return Done(after, at, (told, *records.cancelled(before, str(wording.ASSIGNED)), *letters))


def _resolve(city: City, after: Case, asked: Asked, command: Resolve, at: datetime) -> Done:
    lead = records.lead_of(after)
    after = replace(after, close_at=at + city.file.silent_close)
    told = events.CaseResolved(
        **records.line(after, at, asked.actor), assignment_id=lead.id, department=lead.department,
        kind=command.kind, public_text=command.public_text,
    )  # fmt: skip
    return Done(after, at, (told,))


def withdrawn(after: Case, before: Case, at: datetime, actor: str) -> Done:
    """撤诉, by the desk on the citizen's word or by the citizen's own act."""
    told = events.CaseWithdrawn(**records.line(after, at, actor), reason=str(wording.WITHDRAWN))
    return _end(after, before, at, told, str(wording.WITHDRAWN))


def _end(after: Case, before: Case, at: datetime, told: Event, reason: str) -> Done:
    """Nobody has to act any more; those who had to are told."""
    return Done(replace(cases.ended(after, at), close_at=None), at, (told, *records.cancelled(before, reason)))


# Taken late through our fault: legal when it was appended, refused now. It counts for the clock, not for the state.


def _counted(case: Case, asked: Asked, refused: Refused) -> Refused:
    response = _response_in(asked.command)
    if response is None or asked.appended_at is None or asked.appended_at >= case.changed_at:
        return refused
    mine = _assignment_then(case, asked, asked.appended_at)
    if mine is None or isinstance(lifecycle.move(case.state_at(asked.appended_at), asked.command.command, Who.LEAD), Illegal):
        return refused
    after = replace(case, version=case.version + 1)
    after, told = _heard(after, case, mine, asked.appended_at, True, asked, *response)
    after = replace(after, handler=case.handler)
    said = Said(refused.reason.zh + wording.COUNTED.zh, refused.reason.en + wording.COUNTED.en)
    return replace(refused, reason=said, case=after, events=(told,), at=asked.appended_at)


def _response_in(command: AnyCommand) -> tuple[ResponseBasis, Handler | None, str | None] | None:
    match command:
        case Accept(handler=Handler() as handler):
            return ResponseBasis.ACCEPT_WITH_HANDLER, handler, None
        case Respond():
            return ResponseBasis(command.basis), command.handler, command.public_text
    return None


def _assignment_then(case: Case, asked: Asked, at: datetime) -> Assignment | None:
    """The lead assignment this department had open at `at`, under the version it names if it names one."""
    seen = asked.command.assignment_version
    mine = (one for one in case.assignments if one.department == asked.unit and one.role == cases.LEAD)
    return next((one for one in mine if one.covers(at) and seen in (None, one.version)), None)


def state_now(case: Case | None) -> dict[str, Any]:
    """The present state as a refusal shows it."""
    if case is None:
        return {}
    return {"state": State(case.state), "version": case.version, "assignment_version": case.assignment_version,
            "holder": case.holder.unit}  # fmt: skip
