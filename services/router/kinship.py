"""What one case's move does to another: which follow-ups it writes, and what each does under the other's lock. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.commands import Unmerge
from services.contracts.events import CaseResolved, CaseResponded, Event
from services.contracts.ids import CaseId
from services.contracts.values import Holder, ResolutionKind, State
from services.router import case as cases
from services.router import desk, family, lifecycle, merging, moves, records, wording
from services.router.case import Case
from services.router.decide import Law
from services.router.family import Absorbed, Child, Family, Kin
from services.router.follow_ups import (
    Absorb,
    ChildDone,
    ChildResponded,
    ChildUndone,
    FollowUp,
    NotAbsorbed,
    OpenChild,
    ParentEnded,
    Release,
)
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Asked, Done

ACTOR = "router"


def with_follow_ups(before: Case, done: Done) -> Done:
    """A move with what it means to parent and children."""
    found = tuple(_follow_ups(before, done))
    return replace(done, follow_ups=(*done.follow_ups, *found)) if found else done


def _follow_ups(before: Case, done: Done) -> Iterator[FollowUp]:
    after = done.case
    if after.family.parent is not None:
        yield from _to_parent(before, after, after.family.parent, done)
    if after.family.children and after.state in lifecycle.FINAL and before.state not in lifecycle.FINAL:
        for child in after.family.children:
            yield ParentEnded(to=child.case_id, by=after.id, by_number=after.number, at=done.at)


def _to_parent(before: Case, after: Case, parent: Kin, done: Done) -> Iterator[FollowUp]:
    for event in done.events:
        if isinstance(event, CaseResponded) and event.first:
            yield ChildResponded(
                to=parent.case_id, by=after.id, by_number=after.number, at=event.at,
                department=event.department, basis=event.basis,
            )  # fmt: skip
        if isinstance(event, CaseResolved):
            yield ChildDone(
                to=parent.case_id, by=after.id, by_number=after.number, at=event.at, department=event.department,
                resolution=event.kind, public_text=event.public_text,
            )  # fmt: skip
    rested = (State.RESOLVED, State.VERIFYING, State.CLOSED)
    if before.state in rested and after.state not in (*rested, State.WITHDRAWN):
        yield ChildUndone(
            to=parent.case_id, by=after.id, by_number=after.number, at=done.at, department=after.holder.unit
        )


def decide(
    law: Law, case: Case | None, dossier: Dossier | None, told: FollowUp, now: datetime
) -> Done | None:
    """What a follow-up does to the case it is for; None: nothing, as it has been overtaken.

    It counts from the instant it was sent for, never before the case's previous time.
    """
    if isinstance(told, OpenChild):
        return _child(law, told, now) if case is None else None
    if case is None:
        return None
    at = min(max(told.at, case.changed_at), now)
    match told:
        case ChildResponded():
            return _child_responded(case, told, at)
        case ChildDone():
            return _child_done(law, case, told, at)
        case ChildUndone():
            return _child_undone(case, told, at)
        case ParentEnded():
            return _parent_ended(case, at)
        case Absorb():
            return _absorb(case, told, at)
        case Release():
            return _release(case, told, at)
        case NotAbsorbed():
            return _not_absorbed(law, case, dossier, told, at)


def _child(law: Law, told: OpenChild, now: datetime) -> Done:
    """Registered and dispatched in one, by the parent's plan from the parent's receipt; forced."""
    at = min(told.at, now)
    desk_ = Holder(unit=law.desk, is_desk=True)
    case = Case(
        id=CaseId(told.to), number=told.number, state=State.REGISTERED, version=1, assignment_version=0, holder=desk_,
        assignments=(), trail=((at, State.REGISTERED),), kind=told.request_kind, category=told.category,
        area=told.area, triage_class=told.triage_class, plan=told.plan, received_at=told.received_at, changed_at=at,
        responded_at=told.responded_at, area_owner=told.area_owner, family=Family(Kin(CaseId(told.by), told.by_number), told.scope),
    )  # fmt: skip
    sent = told.submission.model_copy(update={"number": told.number})
    lines: list[Event] = [records.registered(case, sent, at, ACTOR, case.holder, bare=False)]
    case = moves.go(case, "dispatch", Who.RULES, at)
    owner = Holder(unit=told.department, is_desk=False)
    case = cases.handed(case, owner, told.assists, at, forced=True)
    reason = str(wording.part_of(told.by_number))
    lines.append(records.dispatched(case, at, ACTOR, reason))
    return Done(case, at, (*lines, *records.opened(case, Dossier(sent), law.city, reason)))


def _child_responded(case: Case, told: ChildResponded, at: datetime) -> Done | None:
    """The responsible side has answered, so the parent has: from the instant the child's act reached us."""
    if case.responded_at is not None or case.state in lifecycle.FINAL:
        return None
    heard = max(told.at, case.received_at)
    after = replace(case, version=case.version + 1, responded_at=heard)
    line = events.CaseResponded(
        **records.line(after, heard, ACTOR), department=told.department, basis=told.basis, first=True,
        late_taken=heard < case.changed_at,
    )  # fmt: skip
    return Done(after, at, (line,))


def _child_done(law: Law, case: Case, told: ChildDone, at: datetime) -> Done | None:
    child = case.family.child(CaseId(told.by))
    if child is None or child.done:
        return None
    done = replace(child, done=True, kind=told.resolution, public_text=told.public_text)
    after = replace(case, version=case.version + 1, family=family.with_child(case.family, done))
    lines: list[Event] = [_child_line(after, child, at, True)]
    if after.family.waiting == 0 and moves.may(after, "resolve", Who.RULES):
        after = moves.go(after, "resolve", Who.RULES, at)
        after = replace(after, close_at=at + law.city.file.silent_close)
        lines.append(_resolved(law, after, at))
    return Done(after, at, tuple(lines))


def _resolved(law: Law, case: Case, at: datetime) -> events.CaseResolved:
    """By the parts together; the first of them is named for all."""
    return events.CaseResolved(
        **records.line(case, at, ACTOR), department=case.family.children[0].department, kind=_kind(case.family),
        public_text=_texts(law, case.family),
    )  # fmt: skip


def _child_line(case: Case, child: Child, at: datetime, done: bool) -> events.CaseChildDone:
    return events.CaseChildDone(
        **records.line(case, at, ACTOR), child=str(child.case_id), department=child.department, done=done,
        waiting=case.family.waiting,
    )  # fmt: skip


def _kind(whole: Family) -> ResolutionKind:
    """What all parts say; where they differ, what was done is explained part by part."""
    kinds = {child.kind for child in whole.children if child.kind}
    return kinds.pop() if len(kinds) == 1 else ResolutionKind.EXPLAINED


def _texts(law: Law, whole: Family) -> str:
    """Each department's public words, in the order of the ruling."""
    named = ((wording.unit(child.department, law.city).zh, child.public_text) for child in whole.children)
    return "；".join(f"{name}：{text}" for name, text in named)[:2000]


def _child_undone(case: Case, told: ChildUndone, at: datetime) -> Done | None:
    """A part has been taken up again: what had resolved waits for it again."""
    child = case.family.child(CaseId(told.by))
    if child is None or not child.done or case.state in lifecycle.FINAL:
        return None
    again = replace(child, done=False, kind=None, public_text=None)
    after = replace(case, family=family.with_child(case.family, again))
    if moves.may(case, "redo", Who.RULES):
        after = replace(moves.go(after, "redo", Who.RULES, at), close_at=None)
    else:
        after = replace(after, version=after.version + 1)
    return Done(after, at, (_child_line(after, child, at, False),))


def _parent_ended(case: Case, at: datetime) -> Done | None:
    """What has resolved is closed with its parent; what has not has nothing left to do."""
    if moves.may(case, "close", Who.RULES):
        after, reason = moves.go(case, "close", Who.RULES, at), str(wording.PARENT_ENDED)
        line = events.CaseClosed(**records.line(after, at, ACTOR), reason=reason)
        return desk.ended(after, case, at, line, reason)
    if moves.may(case, "withdraw", Who.RULES):
        after = moves.go(case, "withdraw", Who.RULES, at)
        return desk.withdrawn(after, case, at, ACTOR)
    return None


def _absorb(case: Case, told: Absorb, at: datetime) -> Done:
    """It stands for the other too; or it has ended, and the other stands for itself again."""
    if case.state in lifecycle.FINAL or case.family.parent is not None:
        back = NotAbsorbed(to=told.by, by=case.id, by_number=case.number, at=at)
        return Done(case, at, (), (back,))
    if any(one.case_id == told.by for one in case.family.absorbed):
        return Done(case, at, ())
    one = Absorbed(CaseId(told.by), told.by_number, told.received_at)
    whole = replace(case.family, absorbed=(*case.family.absorbed, one))
    after = replace(case, version=case.version + 1, family=whole)
    line = events.CaseAbsorbed(
        **records.line(after, at, ACTOR), other=str(told.by), other_number=told.by_number,
        received_at=after.counted_from, channel=told.channel, contact=told.contact, tracking=told.tracking,
    )  # fmt: skip
    letters = (records.updated(after, to, "merged", told.text) for to in after.open)
    return Done(after, at, (line, *letters))


def _release(case: Case, told: Release, at: datetime) -> Done | None:
    if all(one.case_id != told.by for one in case.family.absorbed):
        return None
    after = replace(case, version=case.version + 1, family=family.without(case.family, CaseId(told.by)))
    line = events.CaseReleased(
        **records.line(after, at, ACTOR), other=str(told.by), other_number=told.by_number,
        received_at=after.counted_from,
    )  # fmt: skip
    letters = (records.updated(after, to, "unmerged", None) for to in after.open)
    return Done(after, at, (line, *letters))


def _not_absorbed(
    law: Law, case: Case, dossier: Dossier | None, told: NotAbsorbed, at: datetime
) -> Done | None:
    into = case.family.merged_into
    if case.state is not State.MERGED or into is None or into.case_id != told.by:
        return None
    after = moves.go(case, "unmerge", Who.RULES, at)
    command = Unmerge(command_id="not absorbed", case=str(case.id), reason=str(wording.NOT_ABSORBED))
    scene = Scene(law, case, after, Asked(ACTOR, None, False, command, at), at, dossier)
    return merging.restored(scene, after, str(wording.NOT_ABSORBED))
