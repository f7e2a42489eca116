"""并单: one matter, several cases. The survivor keeps the earliest receipt and all reporters. Pure."""

from dataclasses import replace

from services.contracts import events
from services.contracts.commands import Merge, Unmerge
from services.contracts.events import Event
from services.contracts.ids import CaseId
from services.contracts.values import Holder, State
from services.router import case as cases
from services.router import disputes, moves, records, wording
from services.router.case import Assignment, Case
from services.router.family import Kin
from services.router.follow_ups import Absorb, Release
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Done


def merge(scene: Scene) -> Done:
    """This case rests; the other is asked, under its own lock, to stand for it."""
    command, other = scene.asked.command, scene.asked.other
    assert isinstance(command, Merge)
    assert other is not None
    into = Kin(other.id, other.number)
    reason = str(wording.merged_into(other.number))
    after = replace(cases.ended(scene.after, scene.at), close_at=None)
    after = replace(
        after,
        family=replace(after.family, merged_into=into),
        holder=Holder(unit=scene.law.desk, is_desk=True, reason=reason),
    )
    told = events.CaseMerged(
        **records.line(after, scene.at, scene.actor), into=str(other.id), into_number=other.number
    )
    return Done(
        after,
        scene.at,
        (told, *records.cancelled(scene.before, reason)),
        (_absorb(scene, after, scene.dossier),),
    )


def _absorb(scene: Scene, case: Case, dossier: Dossier) -> Absorb:
    assert case.family.merged_into is not None
    sent = dossier.submission
    return Absorb(
        to=case.family.merged_into.case_id, by=case.id, by_number=case.number, at=scene.at,
        received_at=case.counted_from, channel=sent.channel, contact=sent.contact, tracking=sent.tracking,
        text="\n".join((sent.text, *dossier.added)),
    )  # fmt: skip


def unmerge(scene: Scene) -> Done:
    assert isinstance(scene.asked.command, Unmerge)
    kin = scene.before.family.merged_into
    assert kin is not None
    done = restored(scene, scene.after, str(wording.UNMERGED))
    release = Release(to=kin.case_id, by=scene.before.id, by_number=scene.before.number, at=scene.at)
    return replace(done, follow_ups=(release,))


def restored(scene: Scene, case: Case, reason: str) -> Done:
    """It stands for itself again: with the owner it had, forced as it was, or at the desk, disputed or not."""
    kin, last = case.family.merged_into, _last(scene.before)
    assert kin is not None
    desk = Holder(unit=scene.law.desk, is_desk=True, reason=reason)
    case = replace(case, family=replace(case.family, merged_into=None), holder=desk)
    told: list[Event] = [
        events.CaseUnmerged(**records.line(case, scene.at, scene.actor), stood_for_by=str(kin.case_id))
    ]
    if _state_before(scene.before) is State.DISPUTED:
        done = disputes.begun(scene, moves.go(case, "dispute", Who.RULES, scene.at), disputes.DESK)
        return replace(done, events=(*told, *done.events))
    if last.role == cases.LEAD:
        case = moves.go(case, "dispatch", Who.RULES, scene.at)
        owner = Holder(unit=last.department, is_desk=False)
        case = cases.handed(case, owner, _assists(scene.before, last), scene.at, forced=last.forced)
        told.append(records.dispatched(case, scene.at, scene.actor, reason))
    else:
        case = cases.handed(case, desk, (), scene.at)
    return Done(case, scene.at, (*told, *records.opened(case, scene.dossier, scene.city, reason)))


def _last(case: Case) -> Assignment:
    """The assignment of whoever held it when it was merged."""
    return next(one for one in reversed(case.assignments) if one.role != cases.ASSIST)


def _assists(case: Case, lead: Assignment) -> tuple[str, ...]:
    helpers = (one for one in case.assignments if one.role == cases.ASSIST)
    return tuple(one.department for one in helpers if one.version == lead.version)


def _state_before(case: Case) -> State:
    """The state it was merged in."""
    return next(state for _, state in reversed(case.trail) if state is not State.MERGED)


def other_of(command: Merge) -> CaseId:
    return CaseId(command.into)
