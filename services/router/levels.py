"""上报: grid → community → street → district. The level above takes part; the owner stays. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from services.contracts import events
from services.contracts.city import City, DepartmentLevel
from services.contracts.commands import Raise, Supervise
from services.router import case as cases
from services.router import records, wording
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

ELSEWHERE = Said("工单已不在该单位", "that department has it no more")
RANKS = ("grid", "community", "street", "enterprise", "district")
HIGHEST = Said("已到最高一级", "it has reached the highest level")


def of(city: City, unit: str) -> str:
    """The level a unit acts on; the desk acts for the district."""
    row = city.department_by_slug.get(unit)
    if row is None or row.level is DepartmentLevel.DESK:
        return DepartmentLevel.DISTRICT.value
    return row.level.value


def reached(city: City, case: Case) -> str:
    """The highest level that has taken part so far."""
    return of(city, case.standing.raised[-1] if case.standing.raised else case.holder.unit)


def above(city: City, case: Case) -> str | None:
    """The unit above whoever is highest now; None at the top."""
    highest = case.standing.raised[-1] if case.standing.raised else records.lead_of(case).department
    row = city.department_by_slug.get(highest)
    return row.parent if row is not None and row.parent != highest else None


def over(city: City, unit: str) -> str:
    """Whom a unit reports to; supervision, where nobody is named."""
    row = city.department_by_slug.get(unit)
    return (row.parent if row else None) or city.file.supervision


def highest(city: City, units: Iterable[str]) -> str:
    return max((of(city, unit) for unit in units), key=RANKS.index)


def still_theirs(city: City, case: Case, asked: Asked) -> Said | None:
    """A clock speaks of who had the case at its rung; whoever has it since is not spoken of."""
    assert isinstance(asked.command, Raise | Supervise)
    return ELSEWHERE if asked.command.department not in (None, case.holder.unit) else None


def has_above(city: City, case: Case, asked: Asked) -> Said | None:
    return still_theirs(city, case, asked) or (HIGHEST if above(city, case) is None else None)


def raise_up(scene: Scene) -> Done:
    city, before, command = scene.city, scene.after, scene.asked.command
    assert isinstance(command, Raise)
    unit = above(city, before)
    assert unit is not None
    standing = replace(before.standing, raised=(*before.standing.raised, unit))
    after = replace(before, standing=standing)
    if unit != city.file.desk:
        after = cases.called(after, (unit,), scene.at)
    mine = after.assignment_of(unit)
    told = events.CaseRaised(
        **records.line(after, scene.at, scene.actor), by=records.lead_of(after).department,
        from_level=reached(city, before), to_level=of(city, unit), department=unit,
        assignment_id=mine.id if mine else None,
    )  # fmt: skip
    if after.assignment_version == before.assignment_version:
        lead = records.lead_of(after)
        return Done(after, scene.at, (told, records.updated(after, lead, "raised", unit=unit)))
    reason = str(wording.raised(wording.unit(told.by, city), command.reason))
    return Done(after, scene.at, (told, *records.opened(after, scene.dossier, city, reason)))
