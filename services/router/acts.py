"""What the citizen adds: 补充, 催办, 撤诉, 评价. An act asks nobody's leave; where it changes nothing it is kept. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts import events
from services.contracts.events import ActReceived, Event
from services.contracts.values import ActKind
from services.router import case as cases
from services.router import desk, kinship, lifecycle, records
from services.router.case import Case
from services.router.lifecycle import Illegal, Who
from services.router.verdicts import Done

ACTOR = "citizen"


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored with the case and nothing else: a rating, or an act that comes too late to change anything."""


def decide(case: Case, act: ActReceived, now: datetime) -> Done | Kept:
    """Supplements go to whoever has an open assignment; urging is told and timed; withdrawing ends the case."""
    found = lifecycle.move(case.state, str(act.kind), Who.CITIZEN)
    if isinstance(found, Illegal):
        return Kept()
    at = min(max(act.received_at, case.changed_at), now)
    match act.kind:
        case ActKind.SUPPLEMENT:
            return Done(
                case, at, tuple(records.updated(case, one, "supplement", act.text) for one in case.open)
            )
        case ActKind.URGE:
            return _urge(cases.moved(case, case.state, at), at)
        case ActKind.WITHDRAW:
            done = desk.withdrawn(cases.moved(case, found.state, at), case, at, ACTOR)
            return kinship.with_follow_ups(case, done)
        case ActKind.RATE:
            return Kept()


def _urge(after: Case, at: datetime) -> Done:
    told: list[Event] = [events.CaseUrged(**records.line(after, at, ACTOR), by=ACTOR)]
    told += [records.urged(after, one, ACTOR) for one in after.open]
    return Done(after, at, tuple(told))
