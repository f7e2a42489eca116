"""Who must be told? The by-law of notices: what happened, whom that concerns, when, and what is done in doubt.

Pure: facts and the city's book in, verdicts out. Everybody is told once per event and medium, whatever capacities they
have; an event that should reach somebody and reaches nobody is a verdict too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts import ids
from services.contracts.city import City
from services.contracts.events import (
    CaseAccepted,
    CaseDispatched,
    CaseEvent,
    CaseRegistered,
    CaseRejected,
    CaseResolved,
    CaseResponded,
    CaseReturned,
    Rung,
)
from services.contracts.ids import CaseId, EventId, NoticeId
from services.contracts.values import Audience, Kind, Locale, Medium, State, TriageClass
from services.notify.quiet import QuietHours
from services.notify.roster import Roster
from services.notify.slots import Subject
from services.notify.wording import OnUnknown, Template, TemplatesFile

OPENED = "assignment.opened"
STAFF_LOCALE = Locale.ZH
PRESSING = (TriageClass.SPECIAL, TriageClass.URGENT)
SHUT = (State.CLOSED, State.REJECTED, State.MERGED, State.WITHDRAWN, State.TRANSFERRED_OUT, State.HANDED_OFF)


@dataclass(frozen=True, slots=True)
class Case:
    """What notify knows of a case. `phone`, `app`: blind indexes. `department`: whose assignment is open."""

    case_id: CaseId
    number: str
    channel: str
    kind: Kind
    triage_class: TriageClass
    category: str | None
    area: str | None
    received_at: datetime
    due_response_at: datetime
    due_close_at: datetime
    locale: Locale
    phone: str | None
    app: str | None
    tracking: str | None = None
    department: str | None = None
    handler: str | None = None
    has_contact: bool = False


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something people are told of, under the name their templates have. `audiences` None: all with a template."""

    event: str
    event_id: EventId
    case_id: CaseId
    subject: Subject
    unit: str
    handler: str | None = None
    audiences: tuple[Audience, ...] | None = None


@dataclass(frozen=True, slots=True)
class Intended:
    """One notice to one recipient. `not_before` is city time; `recipient` a blind index or a roster id."""

    notice_id: NoticeId
    occurrence: Occurrence
    audience: Audience
    recipient: str
    medium: Medium
    template: Template
    locale: Locale
    not_before: datetime
    on_unknown: OnUnknown


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Somebody should hear of it and is not told; `reason` is closed vocabulary."""

    notice_id: NoticeId
    occurrence: Occurrence
    audience: Audience
    template: Template
    locale: Locale
    reason: str


Verdict = Intended | Suppressed


@dataclass(frozen=True, slots=True)
class Bylaw:
    """What is in force: the templates, the roster, the quiet hours."""

    templates: TemplatesFile
    roster: Roster
    quiet: QuietHours

    @property
    def city(self) -> City:
        return self.roster.city


# What a line of the log changes in what we know, and whom it concerns.


def opened(case_id: CaseId, event: CaseRegistered, phone: str | None, app: str | None) -> Case:
    """A case as it is registered. The plan travels in the event, so its due times need no file."""
    return Case(
        case_id, event.number, event.channel, event.kind, event.triage_class, event.category, event.area,
        event.received_at, event.received_at + event.plan.response.target, event.received_at + event.plan.close.target,
        event.contact.locale, phone, app, event.tracking, has_contact=event.contact.sealed is not None,
    )  # fmt: skip


def after(case: Case, event: CaseEvent) -> Case:
    """Whose assignment is open now, and the handler it named. Whoever no longer holds the case loses its contact."""
    if event.state in SHUT or isinstance(event, CaseReturned):
        return replace(case, department=None, handler=None)
    match event:
        case CaseDispatched():
            return replace(case, department=event.department, handler=None)
        case CaseAccepted() | CaseResponded() if event.handler is not None:
            return replace(case, handler=event.handler.id)
    return case


def occurrences(case: Case, event_id: EventId, event: CaseEvent) -> Iterator[Occurrence]:
    """What one line of the log is told as. A response that was none, and was not said in public, is told to nobody."""
    unit = event.department if isinstance(event, CaseDispatched | CaseReturned) else event.holder.unit
    if isinstance(event, CaseResponded | CaseResolved):
        unit = event.department
    told = not isinstance(event, CaseResponded) or event.first or event.public_text is not None
    subject = _subject(case, event, unit)
    if told:
        yield Occurrence(event.TYPE, event_id, case.case_id, subject, unit, case.handler)
    new_owner = _new_owner(event)
    if new_owner is not None:
        yield Occurrence(OPENED, event_id, case.case_id, replace(subject, unit=new_owner), new_owner)


def _new_owner(event: CaseEvent) -> str | None:
    """Who has got it by this event: a department, or the desk when nobody claims it or it comes back."""
    if isinstance(event, CaseDispatched):
        return event.department
    unclaimed = isinstance(event, CaseRegistered) and event.holder.reason is not None
    if event.holder.is_desk and (unclaimed or isinstance(event, CaseReturned)):
        return event.holder.unit
    return None


def on_rung(case_id: CaseId, event_id: EventId, rung: Rung) -> Occurrence:
    """A rung names its audience itself, so that nothing of the case need be known."""
    subject = Subject(
        rung.number, rung.fired_at, rung.holder, rung.category, rung.area, due_at=rung.due_at, kind=rung.clock,
        percent=rung.percent,
    )  # fmt: skip
    handler = rung.handler.id if rung.handler else None
    return Occurrence(rung.TYPE, event_id, case_id, subject, rung.holder, handler, rung.audiences)


def _subject(case: Case, event: CaseEvent, unit: str) -> Subject:
    return Subject(
        case.number, event.at, unit, case.category, case.area,
        received_at=case.received_at, due_response_at=case.due_response_at, due_close_at=case.due_close_at,
        triage_class=case.triage_class, request_kind=case.kind, tracking=case.tracking,
        kind=event.kind if isinstance(event, CaseResolved) else None,
        reason_code=event.reason_code if isinstance(event, CaseRejected | CaseReturned) else None,
        basis=event.basis if isinstance(event, CaseResponded) else None,
        public_text=event.public_text if isinstance(event, CaseResponded | CaseResolved | CaseRejected) else None,
    )  # fmt: skip


# Whom an occurrence reaches.


def notices(occurrence: Occurrence, case: Case | None, law: Bylaw, now: datetime) -> list[Verdict]:
    """Everybody who is told of one occurrence, once each by each medium, in the order of templates.yaml.

    `case` None: it was registered before our log begins; its citizen is not known, its rungs still reach the staff.
    """
    told: dict[NoticeId, Verdict] = {}
    occurrence = _named(occurrence, law.roster)
    for audience, templates in _by_audience(occurrence, law.templates):
        reached: list[Verdict] = list(_audience(occurrence, case, audience, templates, law, now))
        for verdict in reached or [_unreached(occurrence, case, audience, templates[0])]:
            told.setdefault(verdict.notice_id, verdict)
    return list(told.values())


def _by_audience(occurrence: Occurrence, templates: TemplatesFile) -> Iterator[tuple[Audience, list[Template]]]:
    found: dict[Audience, list[Template]] = {}
    for template in templates.by_event.get(occurrence.event, ()):
        if occurrence.audiences is None or template.audience in occurrence.audiences:
            found.setdefault(template.audience, []).append(template)
    yield from found.items()


def _audience(
    occurrence: Occurrence, case: Case | None, audience: Audience, templates: Sequence[Template], law: Bylaw, now: datetime
) -> Iterator[Intended]:
    for template in templates:
        if audience is Audience.CITIZEN:
            recipients, locale = _citizen(case, template.medium), case.locale if case else STAFF_LOCALE
        else:
            recipients, locale = _staff(occurrence, audience, law.roster, now), STAFF_LOCALE
        for recipient in recipients:
            yield Intended(
                _id(occurrence, recipient, template.medium), occurrence, audience, recipient, template.medium,
                template, locale, not_before(template, case, law.quiet, now), template.on_unknown,
            )  # fmt: skip


def _citizen(case: Case | None, medium: Medium) -> tuple[str, ...]:
    if case is None:
        return ()
    address = case.phone if medium is Medium.SMS else case.app
    return (address,) if address else ()


def _staff(occurrence: Occurrence, audience: Audience, roster: Roster, now: datetime) -> tuple[str, ...]:
    if occurrence.event == OPENED and audience is Audience.HANDLER:
        return tuple(officer.id for officer in roster.handlers(occurrence.unit, now))
    return tuple(officer.id for officer in roster.reached(audience, occurrence.unit, occurrence.handler, now))


def _named(occurrence: Occurrence, roster: Roster) -> Occurrence:
    """The handler's name is said when the roster knows it: a name typed into a command is free text."""
    officer = roster.officer_by_id.get(occurrence.handler or "")
    return replace(occurrence, subject=replace(occurrence.subject, handler_name=officer.name)) if officer else occurrence


def _unreached(occurrence: Occurrence, case: Case | None, audience: Audience, template: Template) -> Suppressed:
    if audience is Audience.CITIZEN:
        reason = "unknown_case" if case is None else "no_address" if case.has_contact else "no_contact"
    else:
        reason = "nobody_on_duty"
    locale = case.locale if case and audience is Audience.CITIZEN else STAFF_LOCALE
    return Suppressed(_id(occurrence, f"nobody:{audience}", template.medium), occurrence, audience, template, locale, reason)


def notice_id(case_id: CaseId, event: str, event_id: EventId, recipient: str, medium: Medium) -> NoticeId:
    """Once per (case, event, recipient, medium): somebody who is handler and duty officer at once is told once."""
    return NoticeId(ids.derive("notice", str(case_id), event, str(event_id), recipient, medium))


def _id(occurrence: Occurrence, recipient: str, medium: Medium) -> NoticeId:
    return notice_id(occurrence.case_id, occurrence.event, occurrence.event_id, recipient, medium)


def not_before(template: Template, case: Case | None, quiet: QuietHours, now: datetime) -> datetime:
    """Now, or the end of the quiet hours: for citizens, what rings, and nothing that presses. A feed wakes nobody."""
    rings = template.medium is not Medium.APP
    waits = template.audience is Audience.CITIZEN and template.quiet_hours and rings
    if not waits or (case is not None and case.triage_class in PRESSING):
        return now
    return quiet.ends_after(now) or now

