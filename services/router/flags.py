"""问题工单: returned or redone so often that the level above is told. Looked at after every command. Pure."""

from dataclasses import replace
from typing import Literal

from services.contracts import events
from services.contracts.city import City
from services.router import levels, records
from services.router.case import Case
from services.router.verdicts import Done

Why = Literal["bounces", "redos"]


def looked_at(city: City, before: Case, done: Done) -> Done:
    """What was done, and a line that flags the case when it has just reached a limit. A flag never falls."""
    why = _why(city, before, done.case)
    if why is None or done.case.standing.flagged:
        return done
    case = done.case
    after = replace(case, version=case.version + 1, standing=replace(case.standing, flagged=True))
    unit = records.lead_of(before if any(before.open) else case).department
    told = events.CaseFlagged(
        **records.line(after, done.at, "rules"), why=why, count=_count(case, why), department=unit,
        told=levels.over(city, unit),
    )  # fmt: skip
    return replace(done, case=after, events=(*done.events, told))


def _why(city: City, before: Case, after: Case) -> Why | None:
    limits = city.policy.flagging
    if before.bounces < limits.bounces <= after.bounces:
        return "bounces"
    return "redos" if before.standing.redos < limits.redos <= after.standing.redos else None


def _count(case: Case, why: Why) -> int:
    return case.bounces if why == "bounces" else case.standing.redos
