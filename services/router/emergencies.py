"""110 / 119 / 120 / 122: handed off at once, on a topic of its own; the desk confirms. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import Confirm, HandOff
from services.contracts.events import Event, SubmissionReceived
from services.contracts.values import Emergency, Holder, Kind
from services.router import case as cases
from services.router import records, wording
from services.router.case import Case
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Done


def hand_off(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, HandOff)
    over = records.cancelled(scene.before, str(wording.handed_off(command.service)))
    done = handed_off(
        scene.city, scene.after, scene.dossier, command.service, (), scene.at, scene.actor, None
    )
    return Done(done.case, done.at, (*done.events[:2], *over, *done.events[2:]))


def handed_off(
    city: City,
    case: Case,
    dossier: Dossier,
    service: Emergency,
    helpers: tuple[str, ...],
    at: datetime,
    actor: str,
    rule_id: str | None,
) -> Done:
    """`case` is in its last state already. The desk holds it until it has confirmed; `helpers` follow it up."""
    said = wording.handed_off(service)
    desk = Holder(unit=city.file.desk, is_desk=True, reason=str(said))
    case = cases.handed(case, desk, helpers, at)
    case = replace(case, unconfirmed_since=at, close_at=None, emergency=service)
    told = events.CaseHandedOff(**records.line(case, at, actor), service=service, rule_id=rule_id)
    out = _out(case, dossier.submission, city, service, at, rule_id)
    return Done(case, at, (told, out, *records.opened(case, dossier, city, str(said), rule_id)))


def _out(
    case: Case, sent: SubmissionReceived, city: City, service: Emergency, at: datetime, rule_id: str | None
) -> events.EmergencyHandedOff:
    hidden = sent.kind is Kind.REPORT
    area = city.area_by_code.get(case.area) if case.area else None
    return events.EmergencyHandedOff(
        number=case.number, service=service, received_at=case.received_at, at=at, kind=sent.kind,
        category=case.category, text=sent.text, place=sent.place, area=case.area,
        area_name=area.name.zh if area else None, reporter_name=None if hidden else sent.contact.masked_name,
        reporter_phone=None if hidden else sent.contact.masked_phone, rule_id=rule_id,
    )  # fmt: skip


def confirm(scene: Scene) -> Done:
    """The desk has spoken with the service: nobody has to act any more."""
    assert isinstance(scene.asked.command, Confirm)
    since, service = scene.before.unconfirmed_since, scene.before.emergency
    assert since is not None
    assert service is not None
    after = replace(cases.ended(scene.after, scene.at), unconfirmed_since=None)
    line = records.line(after, scene.at, scene.actor)
    after_s = (scene.at - since).total_seconds()
    told: tuple[Event, ...] = (
        events.CaseHandOffConfirmed(**line, service=service, after_s=after_s),
        events.EmergencyConfirmed(number=after.number, service=service, at=scene.at, by=scene.actor),
    )
    return Done(after, scene.at, (*told, *records.cancelled(scene.before, str(wording.CONFIRMED))))
