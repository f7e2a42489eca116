"""上报: grid → community → street → district. The level above takes part; the owner stays. Pure."""

from dataclasses import replace

from services.contracts import events
from services.contracts.city import City, DepartmentLevel
from services.router import case as cases
from services.router import records, wording
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

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


def has_above(city: City, case: Case, asked: Asked) -> Said | None:
    return HIGHEST if above(city, case) is None else None


def raise_up(scene: Scene) -> Done:
    city, before = scene.city, scene.after
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
    reason = str(wording.raised(wording.unit(told.by, city)))
    return Done(after, scene.at, (told, *records.opened(after, scene.dossier, city, reason)))
