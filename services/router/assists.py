"""协办: assisting departments report their part to the lead, who answers for all; one may be waived. Pure."""

from dataclasses import replace

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import Report, Waive
from services.router import case as cases
from services.router import records
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

NOT_WAIVABLE = Said("没有该协办单位，或其已反馈", "no such assisting department that has still to report")
REPORTED = "report"


def outstanding(city: City, case: Case) -> tuple[str, ...]:
    """Assisting departments that have still to report. Who was called to the spot is scored instead."""
    if not city.policy.assists_report:
        return ()
    standing = case.standing
    called = {one.department for one in standing.whistle.attendances} if standing.whistle else set()
    others = {*called, *standing.raised, *standing.scored}
    return tuple(
        one.department
        for one in case.open
        if one.role == cases.ASSIST and one.id not in standing.reported and one.department not in others
    )


def waivable(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Waive)
    mine = case.assignment_of(asked.command.department)
    if mine is None or mine.role != cases.ASSIST or mine.id in case.standing.reported:
        return NOT_WAIVABLE
    whistle = case.standing.whistle
    return NOT_WAIVABLE if whistle and whistle.of(mine.department) else None


def report(scene: Scene) -> Done:
    command, unit = scene.asked.command, scene.asked.unit
    assert isinstance(command, Report)
    assert unit is not None
    mine = scene.after.assignment_of(unit)
    assert mine is not None
    after, standing = scene.after, scene.after.standing
    if command.done and mine.id not in standing.reported:
        after = replace(after, standing=replace(standing, reported=(*standing.reported, mine.id)))
    line = records.line(after, scene.at, scene.actor)
    told = events.CaseReported(**line, assignment_id=mine.id, department=unit, done=command.done)
    letter = records.updated(after, records.lead_of(after), REPORTED, command.text, by=unit)
    return Done(after, scene.at, (told, letter))


def waive(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Waive)
    mine = scene.after.assignment_of(command.department)
    assert mine is not None
    after = cases.spared(scene.after, mine, scene.at)
    line = records.line(after, scene.at, scene.actor)
    told = events.CaseAssistWaived(**line, assignment_id=mine.id, department=mine.department)
    letter = records.cancelled_one(after, mine, f"免除协办 / waived：{command.reason}")
    return Done(after, scene.at, (told, letter))
