"""From a submission to a case: registered always, dispatched when somebody claims it, else the desk's. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts.city import City
from services.contracts.events import Event, SubmissionReceived
from services.contracts.ids import CaseId
from services.contracts.values import Emergency, Holder, Kind, State
from services.router import case as cases
from services.router import emergencies, moves, records
from services.router.case import Case
from services.router.decide import Routed
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.verdicts import Done

ACTOR = "router"


def register(
    city: City, case_id: CaseId, sent: SubmissionReceived, routed: Routed, now: datetime, *, bare: bool
) -> Done:
    """立案 at our receipt, 派单 now: what lies between was the desk's holding."""
    received_at = min(sent.received_at, now)
    # Why the desk keeps it; for what goes on at once there is nothing to say, and notify tells nobody at the desk.
    why = str(routed.reason) if routed.lead is None else None
    desk = Holder(unit=city.file.desk, is_desk=True, reason=why)
    case = _new(city, case_id, sent, routed, desk, received_at)
    if routed.emergency is not None:
        return _emergency(city, case, sent, routed, routed.emergency, now)
    if routed.lead is None:
        case = cases.handed(case, desk, (), received_at)
    told: list[Event] = [records.registered(case, sent, received_at, ACTOR, bare=bare)]
    if routed.lead is not None:
        owner = Holder(unit=routed.lead, is_desk=False)
        case = cases.handed(case, owner, routed.assists, now, State.DISPATCHED)
        reason = str(routed.reason)
        told.append(records.dispatched(case, now, ACTOR, reason, routed.rule_id, routed.digest))
    told += records.opened(case, Dossier(sent), city, str(routed.reason), routed.rule_id)
    return Done(case, now, tuple(told))


def _emergency(
    city: City, case: Case, sent: SubmissionReceived, routed: Routed, service: Emergency, now: datetime
) -> Done:
    """Registered and handed off in one; a lead that the rule names follows it up."""
    line = records.registered(case, sent, case.received_at, ACTOR, bare=False)
    helpers = tuple(one for one in (routed.lead, *routed.assists) if one is not None)
    case = moves.go(case, "hand_off", Who.RULES, now)
    done = emergencies.handed_off(city, case, Dossier(sent), service, helpers, now, ACTOR, routed.rule_id)
    return replace(done, events=(line, *done.events))


def _new(
    city: City, case_id: CaseId, sent: SubmissionReceived, routed: Routed, desk: Holder, received_at: datetime
) -> Case:
    # A 举报 may be about who answers for the place: it is seen by those who act on it alone.
    beside = city.owner_by_area.get(routed.area or "") if sent.kind is not Kind.REPORT else None
    return Case(
        id=case_id,
        number=sent.number,
        state=State.REGISTERED,
        version=1,
        assignment_version=0,
        holder=desk,
        assignments=(),
        trail=((received_at, State.REGISTERED),),
        kind=sent.kind,
        category=routed.category,
        area=routed.area,
        area_owner=beside,
        triage_class=routed.triage_class,
        plan=routed.plan,
        received_at=received_at,
        changed_at=received_at,
    )
