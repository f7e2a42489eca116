"""Who must be told? The by-law of notices: what happened, whom that concerns, when, and what is done in doubt.

Pure: facts and the city's book in, verdicts out. Everybody is told once per event and medium, whatever capacities they
have; an event that should reach somebody and reaches nobody is a verdict too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.contracts import ids
from services.contracts.city import City
from services.contracts.ids import CaseId, EventId, NoticeId
from services.contracts.values import Audience, Locale, Medium, TriageClass
from services.notify.occurrence import OPENED, Case, Occurrence, Reporter
from services.notify.quiet import QuietHours
from services.notify.roster import Roster
from services.notify.wording import OnUnknown, Template, TemplatesFile

STAFF_LOCALE = Locale.ZH
PRESSING = (TriageClass.SPECIAL, TriageClass.URGENT)


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


def _by_audience(
    occurrence: Occurrence, templates: TemplatesFile
) -> Iterator[tuple[Audience, list[Template]]]:
    found: dict[Audience, list[Template]] = {}
    for template in templates.by_event.get(occurrence.event, ()):
        for_them = occurrence.audiences is None or template.audience in occurrence.audiences
        if for_them and not (occurrence.again and template.first_only):
            found.setdefault(template.audience, []).append(template)
    yield from found.items()


def _audience(
    occurrence: Occurrence,
    case: Case | None,
    audience: Audience,
    templates: Sequence[Template],
    law: Bylaw,
    now: datetime,
) -> Iterator[Intended]:
    for template in templates:
        if audience is Audience.CITIZEN:
            found = _citizens(case, template.medium)
        else:
            found = [(one, STAFF_LOCALE) for one in _staff(occurrence, audience, law.roster, now)]
        for recipient, locale in found:
            yield Intended(
                _id(occurrence, recipient, template.medium), occurrence, audience, recipient, template.medium,
                template, locale, not_before(template, case, law.quiet, now), template.on_unknown,
            )  # fmt: skip


def _citizens(case: Case | None, medium: Medium) -> list[tuple[str, Locale]]:
    """Who reported it, and who reported what it stands for; each address once, in its reader's language."""
    found: dict[str, Locale] = {}
    reporters: tuple[Case | Reporter, ...] = (case, *case.others) if case else ()
    for one in reporters:
        address = one.phone if medium is Medium.SMS else one.app
        if address:
            found.setdefault(address, one.locale)
    return list(found.items())


def _staff(occurrence: Occurrence, audience: Audience, roster: Roster, now: datetime) -> tuple[str, ...]:
    if occurrence.event == OPENED and audience is Audience.HANDLER:
        return tuple(officer.id for officer in roster.handlers(occurrence.unit, now))
    return tuple(officer.id for officer in roster.reached(audience, occurrence.unit, occurrence.handler, now))


def _named(occurrence: Occurrence, roster: Roster) -> Occurrence:
    """The handler's name is said when the roster knows it: a name typed into a command is free text."""
    officer = roster.officer_by_id.get(occurrence.handler or "")
    return (
        replace(occurrence, subject=replace(occurrence.subject, handler_name=officer.name))
        if officer
        else occurrence
    )


def _unreached(
    occurrence: Occurrence, case: Case | None, audience: Audience, template: Template
) -> Suppressed:
    if audience is Audience.CITIZEN:
        reason = "unknown_case" if case is None else "no_address" if case.has_contact else "no_contact"
    else:
        reason = "nobody_on_duty"
    locale = case.locale if case and audience is Audience.CITIZEN else STAFF_LOCALE
    return Suppressed(
        _id(occurrence, f"nobody:{audience}", template.medium), occurrence, audience, template, locale, reason
    )


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
