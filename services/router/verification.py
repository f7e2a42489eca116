"""After the resolve: 回访、评价、重办、重启. Who is asked is derived from the case's id, never by dice. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.contracts import events, ids
from services.contracts.city import City
from services.contracts.commands import Rate, Redo, Reopen, Verify
from services.contracts.events import Event
from services.contracts.policy import Policy, Sample
from services.contracts.values import Holder, State
from services.router import case as cases
from services.router import desk, dues, moves, records
from services.router.case import Case
from services.router.lifecycle import Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

VERIFIED = Said("回访满意，结案", "verified, closed")
WINDOW_OVER = Said("已过可重启期限", "the window for reopening it is over")
OF_PARTS = Said("拆分过的工单不重启，请重新立案", "what was split is not reopened: report it anew")
NOT_DUE = Said("回访时间未到", "it is not time to ask yet")
NOBODY = Said("该工单没有承办单位", "no department has ever led this case")
OF_A_SHARE = 10_000
Basis = Literal["redo", "rating", "reopen"]


def sampled(policy: Policy, case: Case) -> Sample | None:
    """Whether this case is verified, and how: the same answer whenever and wherever it is asked."""
    row = policy.verification.sample(case.category)
    if row is None:
        return None
    lot = ids.derive("verification", str(case.id)).int % OF_A_SHARE
    return row if lot < row.rate * OF_A_SHARE else None


def after_resolve(city: City, case: Case, at: datetime) -> Case:
    """When the citizen will be asked, if ever; what had been asked of the desk is past."""
    sample = sampled(city.policy, case) if case.family.parent is None else None
    verify_at = at + city.policy.verification.after if sample else None
    if verify_at is None and case.standing.request is None:
        return case
    return replace(case, standing=replace(case.standing, verify_at=verify_at, request=None))


def verify_due(city: City, case: Case, asked: Asked) -> Said | None:
    due = case.standing.verify_at
    return NOT_DUE if due is None or asked.at(case) < due else None


def within_window(city: City, case: Case, asked: Asked) -> Said | None:
    closed_at = case.last_in(State.CLOSED)
    assert closed_at is not None
    if asked.at(case) - closed_at > city.policy.redo.window:
        return WINDOW_OVER
    if case.family.children or case.family.parent:
        return OF_PARTS
    return NOBODY if last_lead(case) is None else None


def verify(scene: Scene) -> Done:
    """回访: the citizen is asked; a person's call is a task of the desk's."""
    command, law = scene.asked.command, scene.city.policy.verification
    assert isinstance(command, Verify)
    sample = sampled(scene.city.policy, scene.before)
    ask = sample.ask if scene.asked.timer and sample else command.ask
    until = scene.at + law.silent_close
    standing = replace(scene.after.standing, verify_at=None)
    after = replace(scene.after, close_at=until, standing=standing)
    told = events.CaseVerificationAsked(
        **records.line(after, scene.at, scene.actor),
        department=after.holder.unit,
        ask=ask,
        silent_until=until,
        caller=scene.city.file.desk,
    )  # fmt: skip
    return Done(after, scene.at, (told,))


def rate(scene: Scene) -> Done:
    """The desk's call brings the rating."""
    command = scene.asked.command
    assert isinstance(command, Rate)
    return rated(scene.city, scene.after, scene.before, command.rating, scene.actor, scene.at)


def rated(city: City, after: Case, before: Case, rating: int, actor: str, at: datetime) -> Done:
    """评价 1–5: the answer to a verification closes the case or begins a redo; any other is kept and told."""
    satisfied = rating >= city.policy.verification.satisfied_from
    unit = before.holder.unit
    letters = [records.updated(before, one, "rated", rating=rating) for one in last_leads(before)]
    if before.state is not State.VERIFYING:
        told = events.CaseRated(
            **records.line(after, at, actor), department=unit, rating=rating, satisfied=satisfied
        )
        return Done(after, at, (told, *letters))
    since = before.last_in(State.VERIFYING)
    assert since is not None
    verified = events.CaseVerified(
        **records.line(after, at, actor), department=unit, rating=rating, satisfied=satisfied, asked_at=since
    )
    if not satisfied and before.family.children:
        return Done(after, at, (verified, *letters))  # which part is to be redone is the desk's to say
    done = _well(after, before, actor, at) if satisfied else _badly(after, actor, at)
    return replace(done, events=(verified, *letters, *done.events))


def _well(after: Case, before: Case, actor: str, at: datetime) -> Done:
    closed = moves.go(after, "close", Who.RULES, at)
    told = events.CaseClosed(**records.line(closed, at, actor), reason=str(VERIFIED))
    return desk.ended(closed, before, at, told, str(VERIFIED))


def _badly(after: Case, actor: str, at: datetime) -> Done:
    return _again(moves.go(after, "again", Who.RULES, at), after, "rating", actor, at, "")


def redo(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Redo)
    return _again(scene.after, scene.before, "redo", scene.actor, scene.at, command.reason)


def reopen(scene: Scene) -> Done:
    """A closed case comes back to who had it last, under a new assignment."""
    command, before = scene.asked.command, scene.before
    assert isinstance(command, Reopen)
    return reopened(scene.city, scene.after, before, scene.dossier, scene.actor, scene.at, command.reason)


def reopened(
    city: City, after: Case, before: Case, dossier: Dossier, actor: str, at: datetime, reason: str
) -> Done:
    last = last_lead(before)
    assert last is not None
    owner = Holder(unit=last.department, is_desk=False)
    after = replace(cases.handed(after, owner, (), at), handler=before.handler)
    done = _again(after, before, "reopen", actor, at, None)
    return replace(done, events=(*done.events, *records.opened(done.case, dossier, city, reason)))


def last_lead(case: Case) -> cases.Assignment | None:
    return next((one for one in reversed(case.assignments) if one.role == cases.LEAD), None)


def last_leads(case: Case) -> tuple[cases.Assignment, ...]:
    last = last_lead(case)
    return (last,) if last else ()


def _again(after: Case, before: Case, basis: Basis, actor: str, at: datetime, reason: str | None) -> Done:
    """One redo more; the time since the resolve was not the department's. `reason` None: its letter says it."""
    resolved_at = before.last_in(State.RESOLVED) or before.changed_at
    standing = after.standing
    standing = replace(
        standing, redos=standing.redos + 1, credited=(*standing.credited, (resolved_at, at)), verify_at=None
    )
    after = replace(after, close_at=None, standing=standing)
    lead = records.lead_of(after)
    told: list[Event] = [events.CaseReopened(
        **records.line(after, at, actor), basis=basis, redo_count=standing.redos, assignment_id=lead.id,
        assignment_version=lead.version, department=lead.department, resolved_at=resolved_at, due_at=dues.close_due(after, at),
        verifying_since=_verifying_since(before, resolved_at),
    )]  # fmt: skip
    if reason is not None:
        told.append(records.updated(after, lead, "redo", reason or None, by=actor))
    return Done(after, at, tuple(told))


def _verifying_since(before: Case, resolved_at: datetime) -> datetime | None:
    since = before.last_in(State.VERIFYING)
    return since if since is not None and since >= resolved_at else None
