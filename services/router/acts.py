"""What the citizen adds: 补充, 催办, 撤诉, 评价, 要求重办. An act asks nobody's leave; where it changes nothing it is kept. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.commands import Reopen
from services.contracts.events import ActReceived
from services.contracts.values import ActKind
from services.router import case as cases
from services.router import desk, flags, guards, kinship, lifecycle, records, redos, urging, verification
from services.router.case import Case
from services.router.decide import Law
from services.router.lifecycle import Illegal, Moved, Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Asked, Done

ACTOR = "citizen"
# Acts that may open an assignment, whose letter says what was sent.
OPENING = (ActKind.REOPEN, ActKind.RATE)


@dataclass(frozen=True, slots=True)
class Kept:
    """Stored with the case and nothing else: an act that comes too late to change anything."""


def decide(law: Law, case: Case, act: ActReceived, now: datetime, dossier: Dossier | None) -> Done | Kept:
    """Supplements go to whoever has an open assignment; urging is told and timed; withdrawing ends the case.

    A rating answers a verification, or is told to the owner; what is not done, or is back, is done again. `dossier` is
    needed for the kinds in OPENING.
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
        case ActKind.RATE | ActKind.REOPEN:
            return _again(law, case, act, found, now, dossier)


def _again(
    law: Law, case: Case, act: ActReceived, found: Moved, now: datetime, dossier: Dossier | None
) -> Done | Kept:
    """As a command of the same name would do it, by the citizen's word alone."""
    command = Reopen(command_id=act.act_id, case=str(case.id), reason=act.text or str(redos.CITIZEN))
    asked = Asked(ACTOR, None, False, command, now, act.received_at)
    at = asked.at(case)
    scene = Scene(law, case, cases.moved(case, found.state, at), asked, at, dossier)
    if act.kind is ActKind.RATE:
        if act.rating is None:
            return Kept()
        done = verification.rated(scene, act.rating, act.text)
    elif guards.GUARDS[found.edge.guard](law.city, case, asked) is not None:
        return Kept()
    elif case.standing.redos >= law.city.policy.redo.by_citizen:
        return _desk_is_asked(law, case, act, at)
    else:
        done = redos.reopen(scene)
    return kinship.with_follow_ups(case, flags.looked_at(law.city, case, done))


def _desk_is_asked(law: Law, case: Case, act: ActReceived, at: datetime) -> Done:
    """It has been done again too often for the citizen's word alone: the desk reopens it, or does not."""
    return Done(case, at, tuple(
        records.updated(case, one, "reopen_asked", act.text, law.desk, by=ACTOR) for one in redos.last_leads(case)
    ))  # fmt: skip
