"""What one case's move does to another: which follow-ups it writes, and what each does under the other's lock. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.commands import Unmerge
from services.contracts.events import CaseResolved, CaseResponded, Event
from services.contracts.ids import CaseId
from services.contracts.values import Holder, State
from services.router import case as cases
from services.router import (
    desk,
    extensions,
    family,
    flags,
    lifecycle,
    merging,
    moves,
    parts,
    records,
    redos,
    wording,
)
from services.router.case import Case
from services.router.decide import Law
from services.router.family import Absorbed, Family, Kin
from services.router.follow_ups import (
    Absorb,
    ChildAgain,
    ChildDone,
    ChildResponded,
    ChildUndone,
    ChildWaived,
    FollowUp,
    NotAbsorbed,
    OpenChild,
    ParentEnded,
    ParentExtended,
    Release,
)
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

ACTOR = "router"
AT_WORK = (State.DISPATCHED, State.ACCEPTED, State.IN_PROGRESS, State.SUSPENDED)


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
            yield ParentEnded(
                to=child.case_id, by=after.id, by_number=after.number, at=done.at, closed=after.state is State.CLOSED
            )  # fmt: skip


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
            return _child_undone(law, case, dossier, told, at)
        case ChildAgain():
            return _child_again(law, case, dossier, told, at)
        case ChildWaived():
            return _over(case, at, wording.PART_WAIVED)
        case ParentExtended():
            at_work = case.state in AT_WORK
            return extensions.with_parent(case, told, at) if at_work else None
        case ParentEnded(closed=closed):
            # One taken up since has told its parent, which waits for it again.
            taken_up = closed and not moves.may(case, "close", Who.RULES)
            return None if taken_up else _over(case, at, wording.PARENT_ENDED)
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
    """The responsible side has answered, so the parent has: from the instant the child's act reached us.

    One that reached us before the parent's first, or before its end, and was taken late counts all the same.
    """
    heard = max(told.at, case.received_at)
    earlier = case.responded_at is not None and case.responded_at <= heard
    ended = case.state in lifecycle.FINAL and case.changed_at < heard
    if earlier or ended or told.basis not in case.plan.response.counts:
        return None
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
    said = parts.line(after, done, at)
    after, end = parts.whole(law.city, after, at)
    return Done(after, at, (said, *end))


def _child_undone(
    law: Law, case: Case, dossier: Dossier | None, told: ChildUndone, at: datetime
) -> Done | None:
    """A part has been taken up again: what had resolved waits for it again, and that is a redo of its own."""
    child, over = case.family.child(CaseId(told.by)), lifecycle.FINAL - {State.CLOSED}
    if child is None or not child.done or child.waived or case.state in over:
        return None
    again = replace(child, done=False, kind=None, public_text=None)
    if not moves.may(case, "redo", Who.RULES):
        after = replace(case, version=case.version + 1, family=family.with_child(case.family, again))
        return Done(after, at, (parts.line(after, again, at),))
    after = redos.undone(case, [child], law.desk, at)
    done = redos.again(after, case, "redo", ACTOR, at, None)
    after = replace(done.case, version=done.case.version + 1)
    letters = redos.to_desk(law.city, case, after, dossier, str(after.holder.reason))
    done = replace(done, case=after, events=(*done.events, parts.line(after, again, at), *letters))
    return flags.looked_at(law.city, case, done)


def _child_again(
    law: Law, case: Case, dossier: Dossier | None, told: ChildAgain, at: datetime
) -> Done | None:
    """Its parent is done again, and it with it: credited no more than its parent."""
    if not moves.may(case, "again", Who.RULES):
        return None
    since = at - (told.at - told.resolved_at)
    after = moves.go(case, "again", Who.RULES, at)
    if case.state is State.CLOSED:
        assert dossier is not None
        done = redos.reopened(law.city, after, case, dossier, ACTOR, at, told.reason, told.basis, since)
    else:
        done = redos.again(after, case, told.basis, ACTOR, at, told.reason, since)
    return flags.looked_at(law.city, case, done)


def _over(case: Case, at: datetime, why: Said) -> Done | None:
    """Nothing is left to do: what has resolved is closed; what has not has nothing left to do."""
    if moves.may(case, "close", Who.RULES):
        after = moves.go(case, "close", Who.RULES, at)
        line = events.CaseClosed(**records.line(after, at, ACTOR), reason=str(why))
        return desk.ended(after, case, at, line, str(why))
    if moves.may(case, "withdraw", Who.RULES):
        return desk.withdrawn(moves.go(case, "withdraw", Who.RULES, at), case, at, ACTOR, why)
    return None


def _absorb(case: Case, told: Absorb, at: datetime) -> Done:
    """It stands for the other too; or it cannot, and the other stands for itself again.

    What is split stands for no earlier case: its parts would be due later than it.
    """
    earlier = bool(case.family.children) and told.received_at < case.counted_from
    if case.state in lifecycle.FINAL or case.family.parent is not None or earlier:
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
