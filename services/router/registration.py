"""From a submission to a case: registered always, dispatched when somebody claims it, else the desk's. Pure."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

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
    received_at, reason = min(sent.received_at, now), str(routed.reason)
    if routed.emergency is not None:
        return _emergency(city, case_id, sent, routed, routed.emergency, received_at, now)
    # Why the desk keeps it; for what goes on at once there is nothing to say, and notify tells nobody at the desk.
    desk = _desk(city, reason if routed.lead is None else None)
    owner = _owner(routed.lead) if routed.lead else desk
    held_since = now if routed.lead else received_at
    case = _new(city, case_id, sent, routed, owner, received_at, held_since)
    told: list[Event] = [records.registered(case, sent, received_at, ACTOR, desk, bare=bare)]
    if routed.lead is not None:
        told.append(records.dispatched(case, now, ACTOR, reason, routed.rule_id, routed.digest))
    told += records.opened(case, Dossier(sent), city, reason, routed.rule_id)
    return Done(case, now, tuple(told))


def _emergency(
    city: City,
    case_id: CaseId,
    sent: SubmissionReceived,
    routed: Routed,
    service: Emergency,
    received_at: datetime,
    now: datetime,
) -> Done:
    """Registered and handed off in one; a lead that the rule names follows it up."""
    case = _new(city, case_id, sent, routed, None, received_at, received_at)
    line = records.registered(case, sent, received_at, ACTOR, case.holder, bare=False)
    helpers = tuple(one for one in (routed.lead, *routed.assists) if one is not None)
    case = moves.go(case, "hand_off", Who.RULES, now)
    done = emergencies.handed_off(city, case, Dossier(sent), service, helpers, now, ACTOR, routed.rule_id)
    return replace(done, events=(line, *done.events))


@lru_cache(maxsize=1000)
def _owner(department: str) -> Holder:
    return Holder(unit=department, is_desk=False)


def _desk(city: City, reason: str | None) -> Holder:
    return Holder(unit=city.file.desk, is_desk=True, reason=reason)


def _new(
    city: City,
    case_id: CaseId,
    sent: SubmissionReceived,
    routed: Routed,
    holder: Holder | None,
    received_at: datetime,
    since: datetime,
) -> Case:
    """In one piece, as it runs for every case. `holder` has it `since`; None: it is at the desk, and nobody's to act on."""
    # A 举报 may be about who answers for the place: it is seen by those who act on it alone.
    beside = city.owner_by_area.get(routed.area or "") if sent.kind is not Kind.REPORT else None
    sent_on = holder is not None and not holder.is_desk
    trail = ((received_at, State.REGISTERED),) + (((since, State.DISPATCHED),) if sent_on else ())
    assists = routed.assists if sent_on else ()
    return Case(
        id=case_id,
        number=sent.number,
        state=trail[-1][1],
        version=len(trail),
        assignment_version=0 if holder is None else 1,
        holder=holder or _desk(city, None),
        assignments=() if holder is None else cases.begun(case_id, 1, holder, assists, since),
        trail=trail,
        kind=sent.kind,
        category=routed.category,
        area=routed.area,
        area_owner=beside,
        triage_class=routed.triage_class,
        plan=routed.plan,
        received_at=received_at,
        changed_at=since,
    )
