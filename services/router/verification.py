"""After the resolve: 回访、评价. Who is asked is derived from the case's id, never by dice. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.contracts import events, ids
from services.contracts.city import City
from services.contracts.commands import Rate, Verify
from services.contracts.events import Event
from services.contracts.policy import Policy, Sample
from services.contracts.values import State
from services.router import desk, moves, records, redos
from services.router.case import Case
from services.router.lifecycle import Who
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

VERIFIED = Said("回访满意，结案", "verified, closed")
NOT_DUE = Said("回访时间未到", "it is not time to ask yet")
OF_A_SHARE = 10_000


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
    return rated(scene, command.rating, command.note)


def rated(scene: Scene, rating: int, text: str | None = None) -> Done:
    """评价 1–5: the answer to a verification closes the case or begins a redo; any other is kept and told, or, where
    the city has it so, begins a redo as well."""
    before, at = scene.before, scene.at
    satisfied = rating >= scene.city.policy.verification.satisfied_from
    letters = [records.updated(before, one, "rated", text, rating=rating) for one in redos.last_leads(before)]
    if before.state is not State.VERIFYING:
        told = events.CaseRated(
            **records.line(scene.after, at, scene.actor), department=before.holder.unit, rating=rating, satisfied=satisfied
        )  # fmt: skip
        if satisfied or not _redone(scene):
            return Done(scene.after, at, (told, *letters))
        return _with(redos.badly(_onward(scene)), told, letters)
    since = before.last_in(State.VERIFYING)
    assert since is not None
    verified = events.CaseVerified(
        **records.line(scene.after, at, scene.actor), department=before.holder.unit, rating=rating,
        satisfied=satisfied, asked_at=since,
    )  # fmt: skip
    done = _well(scene.after, before, scene.actor, at) if satisfied else redos.badly(_onward(scene))
    return _with(done, verified, letters)


def _redone(scene: Scene) -> bool:
    """Whether a bad rating that nobody asked for begins a redo."""
    return scene.city.policy.redo.bad_rating and redos.in_window(scene.city, scene.before, scene.at)


def _onward(scene: Scene) -> Scene:
    """The rating has its line; what follows from it has the next."""
    return replace(scene, before=replace(scene.before, version=scene.after.version))


def _with(done: Done, told: Event, letters: Sequence[Event]) -> Done:
    return replace(done, events=(told, *letters, *done.events))


def _well(after: Case, before: Case, actor: str, at: datetime) -> Done:
    closed = moves.go(after, "close", Who.RULES, at)
    told = events.CaseClosed(**records.line(closed, at, actor), reason=str(VERIFIED))
    return desk.ended(closed, before, at, told, str(VERIFIED))
