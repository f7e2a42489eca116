"""重办、重启: what was not well done is done again by the same owner, on a clock of its own. Pure.

Of a case that was split its parts are done again, all or those the desk names; it waits for them as it did before.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import Redo, Reopen
from services.contracts.events import Event
from services.contracts.values import Holder, State
from services.router import case as cases
from services.router import dues, moves, records, wording
from services.router import family as families
from services.router.case import Case
from services.router.family import Child
from services.router.follow_ups import ChildAgain
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

WINDOW_OVER = Said("已过可重启期限", "the window for reopening it is over")
OF_A_PART = Said("子单随父单重启", "a part is reopened with the case it is a part of")
NOBODY = Said("该工单没有承办单位", "no department has ever led this case")
CITIZEN = Said("市民要求重办", "the citizen asks for it again")
NO_SUCH_PART = Said("没有由该单位主办的子单", "no part of this case is led by that department")
RATED = Said("评价不满意，重办", "rated badly: to be done again")
Basis = Literal["redo", "rating", "reopen"]


def parts_named(city: City, case: Case, asked: Asked) -> Said | None:
    """Whose parts are named has one."""
    command = asked.command
    named = command.parts if isinstance(command, Redo | Reopen) else ()
    return NO_SUCH_PART if set(named) - {one.department for one in case.family.parts} else None


def within_window(city: City, case: Case, asked: Asked) -> Said | None:
    """What is not closed yet can always come back."""
    if case.family.parent:
        return OF_A_PART
    if case.state is State.CLOSED and not in_window(city, case, asked.at(case)):
        return WINDOW_OVER
    if last_lead(case) is None and not case.family.children:
        return NOBODY
    return parts_named(city, case, asked)


def in_window(city: City, case: Case, at: datetime) -> bool:
    closed_at = case.last_in(State.CLOSED)
    return closed_at is None or at - closed_at <= city.policy.redo.window


def redo(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Redo)
    if scene.before.family.children:
        return of_parts(scene, "redo", command.reason, command.parts)
    return again(scene.after, scene.before, "redo", scene.actor, scene.at, command.reason)


def reopen(scene: Scene) -> Done:
    """A closed case comes back to who had it last, under a new assignment; one not closed yet has it still."""
    command, before = scene.asked.command, scene.before
    assert isinstance(command, Reopen)
    if before.family.children:
        return of_parts(scene, "reopen", command.reason, command.parts)
    if before.state is not State.CLOSED:
        return again(scene.after, before, "reopen", scene.actor, scene.at, command.reason)
    return reopened(scene.city, scene.after, before, scene.dossier, scene.actor, scene.at, command.reason)


def badly(scene: Scene) -> Done:
    """Rated below what satisfies."""
    before, reason = scene.before, str(RATED)
    if before.family.children:
        return of_parts(scene, "rating", reason, ())
    after = moves.go(scene.after, "again", Who.RULES, scene.at)
    if before.state is not State.CLOSED:
        return again(after, before, "rating", scene.actor, scene.at, "")
    return reopened(scene.city, after, before, scene.dossier, scene.actor, scene.at, reason, "rating")


def reopened(
    city: City,
    after: Case,
    before: Case,
    dossier: Dossier,
    actor: str,
    at: datetime,
    reason: str,
    basis: Basis = "reopen",
    credit_from: datetime | None = None,
) -> Done:
    last = last_lead(before)
    assert last is not None
    owner = Holder(unit=last.department, is_desk=False)
    after = replace(cases.handed(after, owner, (), at, forced=last.forced), handler=before.handler)
    done = again(after, before, basis, actor, at, None, credit_from)
    return replace(done, events=(*done.events, *records.opened(done.case, dossier, city, reason)))


def of_parts(scene: Scene, basis: Basis, reason: str, named: tuple[str, ...]) -> Done:
    """拆分的工单重办: it waits for its parts again, which are told under their own locks."""
    before, at = scene.before, scene.at
    picked = [child for child in before.family.parts if not named or child.department in named]
    after = undone(before, picked, scene.city.file.desk, at)
    done = again(after, before, basis, scene.actor, at, None)
    letters = to_desk(scene.city, before, done.case, scene.found, reason)
    done = replace(done, events=(*done.events, *letters))
    resolved_at = done.case.standing.credited[-1][0]
    told = tuple(
        ChildAgain(to=child.case_id, by=before.id, by_number=before.number, at=at, basis=basis, reason=reason, resolved_at=resolved_at)
        for child in picked
    )  # fmt: skip
    return replace(done, follow_ups=told)


def to_desk(city: City, before: Case, after: Case, dossier: Dossier | None, reason: str) -> list[Event]:
    """The desk has a closed case again, under a new assignment."""
    if before.state is not State.CLOSED:
        return []
    assert dossier is not None
    return [*records.opened(after, dossier, city, reason)]


def undone(before: Case, picked: Iterable[Child], desk: str, at: datetime) -> Case:
    """The parent, waiting for these again; held by the desk."""
    after, listed = moves.go(before, "redo", Who.RULES, at), list(picked)
    whole = after.family
    for child in listed:
        whole = families.with_child(whole, replace(child, done=False, kind=None, public_text=None))
    holder = Holder(unit=desk, is_desk=True, reason=str(wording.parts_again(len(listed))))
    if before.state is State.CLOSED:
        after = cases.handed(after, holder, (), at)
    return replace(after, family=whole, holder=holder)


def last_lead(case: Case) -> cases.Assignment | None:
    return next((one for one in reversed(case.assignments) if one.role == cases.LEAD), None)


def last_leads(case: Case) -> tuple[cases.Assignment, ...]:
    last = last_lead(case)
    return (last,) if last else ()


def again(
    after: Case,
    before: Case,
    basis: Basis,
    actor: str,
    at: datetime,
    reason: str | None,
    credit_from: datetime | None = None,
) -> Done:
    """One redo more, one line of the log; the time since the resolve was not the department's.

    A part is credited from `credit_from`, when its parent had resolved, and nothing while its parent had not: it is
    never due later than its parent. `reason` None: its letter says it.
    """
    resolved_at = before.last_in(State.RESOLVED) or before.changed_at
    since = credit_from or (at if before.family.parent else resolved_at)
    standing = after.standing
    standing = replace(
        standing, redos=standing.redos + 1, credited=(*standing.credited, (since, at)), verify_at=None
    )
    after = replace(after, close_at=None, standing=standing)
    lead = records.lead_of(after)
    told: list[Event] = [events.CaseReopened(
        **records.line(after, at, actor), basis=basis, redo_count=standing.redos, assignment_id=lead.id,
        assignment_version=lead.version, department=lead.department, resolved_at=since, due_at=dues.close_due(after, at),
        verifying_since=_verifying_since(before, resolved_at),
    )]  # fmt: skip
    if reason is not None:
        told.append(records.updated(after, lead, "redo", reason or None, by=actor))
    return Done(after, at, tuple(told))


def _verifying_since(before: Case, resolved_at: datetime) -> datetime | None:
    since = before.last_in(State.VERIFYING)
    return since if since is not None and since >= resolved_at else None
