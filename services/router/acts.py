"""What the citizen adds: 补充, 催办, 撤诉, 评价. An act asks nobody's leave; where it changes nothing it is kept. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.city import City
from services.contracts.events import ActReceived
from services.contracts.values import ActKind
from services.router import case as cases
from services.router import desk, flags, kinship, lifecycle, records, urging, verification
from services.router.case import Case
from services.router.lifecycle import Illegal, Who
from services.router.verdicts import Done

ACTOR = "citizen"


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored with the case and nothing else: a rating, or an act that comes too late to change anything."""


def decide(city: City, case: Case, act: ActReceived, now: datetime) -> Done | Kept:
    """Supplements go to whoever has an open assignment; urging is told and timed; withdrawing ends the case.

    A rating answers a verification, or is told to the owner; without one in it there is nothing to tell.
    """
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
            return urging.urged(cases.moved(case, case.state, at), at, ACTOR)
        case ActKind.WITHDRAW:
            done = desk.withdrawn(cases.moved(case, found.state, at), case, at, ACTOR)
            return kinship.with_follow_ups(case, done)
        case ActKind.RATE:
            return _rate(city, case, act.rating, at)


def _rate(city: City, case: Case, rating: int | None, at: datetime) -> Done | Kept:
    if rating is None:
        return Kept()
    after = cases.moved(case, case.state, at)
    done = flags.looked_at(city, case, verification.rated(city, after, case, rating, ACTOR, at))
    return kinship.with_follow_ups(case, done)
