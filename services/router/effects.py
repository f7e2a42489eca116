"""What each command does to a case: the case after it, the line of the log, the letters. Pure.

`before` is the case as it was; `after` has the new state and version already (lifecycle.py has agreed).
"""

from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import (
    Accept,
    Assign,
    Close,
    Reject,
    Resolve,
    Respond,
    Return,
    Start,
    Unserved,
    Withdraw,
)
from services.contracts.events import Event
from services.contracts.values import Handler, Holder, ResponseBasis
from services.router import case as cases
from services.router import records, wording
from services.router.case import Assignment, Case
from services.router.records import Dossier
from services.router.verdicts import Asked, Done


def apply(city: City, after: Case, before: Case, dossier: Dossier | None, asked: Asked) -> Done:
    at = asked.at(before)
    match asked.command:
        case Accept() as command:
            return _accept(after, before, asked, command, at)
        case Start():
            lead = records.lead_of(after)
            told = events.CaseStarted(
                **records.line(after, at, asked.actor), assignment_id=lead.id, department=lead.department
            )
            return Done(after, at, (told,))
        case Respond() as command:
            basis = ResponseBasis(command.basis)
            after, told_response = _responded(
                after, before, asked, basis, command.handler, command.public_text
            )
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
            return _end(
                after,
                before,
                at,
                events.CaseClosed(**records.line(after, at, asked.actor), reason=reason),
                reason,
            )
        case Reject() as command:
            rejected = events.CaseRejected(
                **records.line(after, at, asked.actor),
                reason_code=command.reason_code,
                public_text=command.public_text,
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
        after, response = _responded(
            after, before, asked, ResponseBasis.ACCEPT_WITH_HANDLER, command.handler, None
        )
        told.append(response)
    return Done(after, at, tuple(told))


def _responded(
    after: Case,
    before: Case,
    asked: Asked,
    basis: ResponseBasis,
    handler: Handler | None,
    public_text: str | None,
) -> tuple[Case, events.CaseResponded]:
    """The response itself. It counts from when it reached us, also when that is before the case's previous time."""
    lead = next((one for one in before.open if one.role != cases.ASSIST), None)
    floor = lead.opened_at if lead else before.received_at
    heard = asked.now if asked.appended_at is None else min(max(asked.appended_at, floor), asked.now)
    return response_of(
        after, before, lead, heard, heard < before.changed_at, asked, basis, handler, public_text
    )


def response_of(
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
    """A response heard at `heard`; `late`: earlier than the case's previous time, through our fault."""
    counts = basis in before.plan.response.counts
    first = counts and (before.responded_at is None or heard < before.responded_at)
    after = replace(
        after, responded_at=heard if first else before.responded_at, handler=handler or after.handler
    )
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
    holder = Holder(
        unit=city.file.desk, is_desk=True, reason=str(wording.came_back(lead.department, why, city))
    )
    after = cases.handed(replace(after, bounces=before.bounces + 1), holder, (), at)
    told = events.CaseReturned(
        **records.line(after, at, asked.actor), assignment_id=lead.id, department=lead.department,
        reason_code=command.reason_code, suggested_owner=command.suggested_owner, bounce_count=after.bounces,
    )  # fmt: skip
    reason = wording.returned(
        lead.department, command.reason_code, command.grounds, command.suggested_owner, city
    )
    letters = (
        *records.cancelled(before, str(wording.RETURNED)),
        *records.opened(after, dossier, city, str(reason)),
    )
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
    return Done(
        replace(cases.ended(after, at), close_at=None), at, (told, *records.cancelled(before, reason))
    )
