"""What the router writes: lines of the log and letters to departments, made from a case and what was sent.

The log holds no citizen's text and nobody's typed reasons. A letter holds what a duty officer needs to act: the text,
the masked reporter, the due times; of a 举报 no reporter at all, as the unit complained of might be the reader.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from services.contracts import events
from services.contracts.city import City
from services.contracts.events import SubmissionReceived, unchecked
from services.contracts.values import Holder, Kind, State
from services.router import case as cases
from services.router import dues, moves
from services.router.case import Assignment, Case
from services.router.lifecycle import Who

# Made for every case, of parts that are valid: not validated once more.
_REGISTERED, _DISPATCHED = unchecked(events.CaseRegistered), unchecked(events.CaseDispatched)
_OPENED, _FORCED = unchecked(events.AssignmentOpened), unchecked(events.AssignmentForced)
ROLES = {cases.LEAD: Who.LEAD, cases.ASSIST: Who.ASSIST, cases.DESK: Who.DESK}


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the citizen sent: the submission, and the texts added since."""

    submission: SubmissionReceived
    added: tuple[str, ...] = ()


class Line(TypedDict):
    """What every line of the log says."""

    number: str
    at: datetime
    state: State
    version: int
    holder: Holder
    actor: str
    parent: str | None


def line(case: Case, at: datetime, actor: str) -> Line:
    kin = case.family.parent
    return Line(
        number=case.number, at=at, state=case.state, version=case.version, holder=case.holder, actor=actor,
        parent=str(kin.case_id) if kin else None,
    )  # fmt: skip


def registered(
    case: Case, sent: SubmissionReceived, at: datetime, actor: str, holder: Holder, *, bare: bool
) -> events.CaseRegistered:
    """The first line, whatever has become of the case meanwhile. `holder` had it until it was dispatched."""
    first: Line = {**line(case, at, actor), "state": State.REGISTERED, "version": 1, "holder": holder}
    return _REGISTERED(
        **first, channel=sent.channel, channel_kind=sent.channel_kind, received_at=case.received_at,
        occurred_at=sent.occurred_at, kind=sent.kind, segment=sent.segment, category=case.category, area=case.area,
        area_owner=case.area_owner,
        triage_class=case.triage_class, plan=case.plan, contact=sent.contact, tracking=sent.tracking, bare=bare,
    )  # fmt: skip


def dispatched(
    case: Case,
    at: datetime,
    actor: str,
    reason: str,
    rule_id: str | None = None,
    digest: str | None = None,
    taken_from: str | None = None,
) -> events.CaseDispatched:
    lead = lead_of(case)
    assists = tuple(one.department for one in case.open if one.role == cases.ASSIST)
    return _DISPATCHED(
        **line(case, at, actor), assignment_id=lead.id, assignment_version=lead.version, department=lead.department,
        assists=assists, forced=lead.forced, rule_id=rule_id, rules_digest=digest, reason=reason,
        taken_from=taken_from, again=sum(one.role == cases.LEAD for one in case.assignments) > 1,
    )  # fmt: skip


def lead_of(case: Case) -> Assignment:
    """The open assignment of whoever holds the case: a department, or the desk."""
    return next(one for one in case.open if one.role != cases.ASSIST)


def opened(
    case: Case, dossier: Dossier, city: City, reason: str, rule_id: str | None = None
) -> list[events.AssignmentOpened | events.AssignmentUpdated]:
    """Letters to everybody whose assignment began with the present assignment version."""
    letters: list[events.AssignmentOpened | events.AssignmentUpdated] = []
    for one in (one for one in case.open if one.version == case.assignment_version):
        letters.append(_opened(case, one, dossier.submission, city, reason, rule_id))
        letters += [updated(case, one, "supplement", text) for text in dossier.added]
    return letters


def _opened(
    case: Case, to: Assignment, sent: SubmissionReceived, city: City, reason: str, rule_id: str | None
) -> events.AssignmentOpened:
    hidden = sent.kind is Kind.REPORT
    area = city.area_by_code.get(case.area) if case.area else None
    letter = _FORCED if to.forced else _OPENED
    return letter(
        assignment_id=to.id,
        assignment_version=to.version,
        number=case.number,
        department=to.department,
        role=to.role,
        forced=to.forced,
        channel=sent.channel,
        received_at=case.received_at,
        due_response_at=dues.response_due(case),
        due_close_at=dues.close_due(case, to.opened_at),
        plan=case.plan.name,
        triage_class=case.triage_class,
        kind=sent.kind,
        segment=sent.segment,
        category=case.category,
        title=sent.title,
        text=sent.text,
        place=sent.place,
        area=case.area,
        area_name=area.name.zh if area else None,
        area_owner=case.area_owner,
        media=sent.media,
        reporter_name=None if hidden else sent.contact.masked_name,
        reporter_phone=None if hidden else sent.contact.masked_phone,
        reporter_anonymous=hidden or sent.contact.anonymous,
        rule_id=rule_id,
        reason=reason,
        legal_moves=moves.legal(case, ROLES[to.role]),
        parent=case.family.parent.number if case.family.parent else None,
        scope=case.family.scope,
    )


def updated(
    case: Case, to: Assignment, what: str, text: str | None = None, unit: str | None = None, **more: Any
) -> events.AssignmentUpdated:
    """`unit`: to somebody else than the assignment's department, the desk above all."""
    return events.AssignmentUpdated(
        assignment_id=to.id, assignment_version=to.version, number=case.number, department=unit or to.department,
        what=what, text=text, **more,
    )  # fmt: skip


def urged(case: Case, to: Assignment, by: str) -> events.AssignmentUrged:
    return events.AssignmentUrged(
        assignment_id=to.id,
        assignment_version=to.version,
        number=case.number,
        department=to.department,
        by=by,
    )


def cancelled(before: Case, reason: str) -> list[events.AssignmentCancelled]:
    """To everybody who had an assignment on the case as it was before."""
    return [cancelled_one(before, one, reason) for one in before.open]


def cancelled_one(case: Case, to: Assignment, reason: str) -> events.AssignmentCancelled:
    return events.AssignmentCancelled(
        assignment_id=to.id,
        assignment_version=to.version,
        number=case.number,
        department=to.department,
        reason=reason,
    )
