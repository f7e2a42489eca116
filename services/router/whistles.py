"""吹哨报到、一事一考: a street or a community calls departments to the spot, and scores each of them. Pure."""

from dataclasses import replace

from services.contracts import events, ids
from services.contracts.city import City
from services.contracts.commands import Refusal, Score, Whistle
from services.contracts.events import Event
from services.router import case as cases
from services.router import records, wording
from services.router.case import Case
from services.router.scene import Scene
from services.router.standing import Attendance
from services.router.standing import Whistle as Blown
from services.router.verdicts import Asked, Denied, Done
from services.router.wording import Said

WRONG_LEVEL = Said("本级单位不可吹哨", "units of this level do not convene others")
BLOWN = Said("前一次吹哨尚未考评完", "the whistle before has still to be scored")
NOT_CALLED = Said("未被吹哨，或已报到", "you were not called, or have arrived already")
NOT_SCORABLE = Said("该单位未被吹哨，或已考评", "that department was not called, or is scored already")


def may_whistle(city: City, case: Case, asked: Asked) -> Said | Denied | None:
    assert isinstance(asked.command, Whistle)
    lead, rule = city.department_by_slug.get(records.lead_of(case).department), city.policy.whistle
    if lead is None or lead.level not in rule.levels:
        return WRONG_LEVEL
    if case.standing.whistle is not None:
        return BLOWN
    called = asked.command.departments
    if len(called) > rule.most or len(set(called)) < len(called):
        return Said(f"一次最多召集 {rule.most} 家，不得重复", f"{rule.most} departments at most, each once")
    for slug in called:
        if slug in (city.file.desk, lead.slug) or slug not in city.department_by_slug:
            return Denied(wording.unknown_unit(slug), Refusal.UNKNOWN_DEPARTMENT)
    return None


def called(city: City, case: Case, asked: Asked) -> Said | None:
    whistle = case.standing.whistle
    mine = whistle.of(asked.unit) if whistle and asked.unit else None
    return NOT_CALLED if mine is None or mine.arrived_at is not None else None


def to_score(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Score)
    whistle = case.standing.whistle
    named = whistle.of(asked.command.department) if whistle and whistle.by == asked.unit else None
    return NOT_SCORABLE if named is None or named.score is not None else None


def blow(scene: Scene) -> Done:
    command, lead = scene.asked.command, records.lead_of(scene.after)
    assert isinstance(command, Whistle)
    after = cases.called(scene.after, command.departments, scene.at)
    whistle = _blown(scene, after, lead.department, command.departments)
    after = replace(after, standing=replace(after.standing, whistle=whistle))
    calls = tuple(
        events.Call(attendance_id=one.id, assignment_id=_assignment(after, one), department=one.department,
                    arrive_by=one.arrive_by)
        for one in whistle.attendances
    )  # fmt: skip
    told = events.CaseWhistled(
        **records.line(after, scene.at, scene.actor), whistle_id=whistle.id, by=lead.department, calls=calls
    )
    return Done(after, scene.at, (told, *_letters(scene, after, whistle, command.reason)))


def _blown(scene: Scene, after: Case, by: str, departments: tuple[str, ...]) -> Blown:
    whistle_id = str(ids.derive("whistle", str(after.id), str(after.version)))
    arrive_by = scene.at + scene.city.policy.whistle.arrive_within
    attendances = tuple(
        Attendance(str(ids.derive("attendance", whistle_id, slug)), slug, arrive_by) for slug in departments
    )
    return Blown(whistle_id, by, scene.at, attendances)


def _assignment(case: Case, attendance: Attendance) -> str:
    mine = case.assignment_of(attendance.department)
    assert mine is not None
    return mine.id


def _letters(scene: Scene, after: Case, whistle: Blown, reason: str) -> list[Event]:
    """A new assignment to whoever had none; a word to those who help already."""
    arrive_by = whistle.attendances[0].arrive_by
    letters: list[Event] = []
    if after.assignment_version != scene.before.assignment_version:
        letters += [
            letter.model_copy(update={"called_by": whistle.by, "arrive_by": arrive_by})
            if isinstance(letter, events.AssignmentOpened) else letter
            for letter in records.opened(after, scene.dossier, scene.city, reason)
        ]  # fmt: skip
    for one in whistle.attendances:
        mine = scene.before.assignment_of(one.department)
        if mine is not None:
            letters.append(records.updated(after, mine, "called", reason, by=whistle.by, answer_by=arrive_by))
    return letters


def arrive(scene: Scene) -> Done:
    whistle, unit = scene.before.standing.whistle, scene.asked.unit
    assert whistle is not None
    assert unit is not None
    attendance = whistle.of(unit)
    assert attendance is not None
    noted = whistle.noted(replace(attendance, arrived_at=scene.at))
    after = replace(scene.after, standing=replace(scene.after.standing, whistle=noted))
    told = events.CaseArrived(
        **records.line(after, scene.at, scene.actor), whistle_id=whistle.id, attendance_id=attendance.id,
        department=unit, called_at=whistle.blown_at, arrive_by=attendance.arrive_by,
        late=scene.at > attendance.arrive_by,
    )  # fmt: skip
    letter = records.updated(after, records.lead_of(after), "arrived", by=unit)
    return Done(after, scene.at, (told, letter))


def score(scene: Scene) -> Done:
    command, whistle = scene.asked.command, scene.before.standing.whistle
    assert isinstance(command, Score)
    assert whistle is not None
    attendance = whistle.of(command.department)
    assert attendance is not None
    noted = whistle.noted(replace(attendance, score=command.score))
    after = replace(scene.after, standing=replace(scene.after.standing, whistle=noted))
    told: list[Event] = [events.CaseScored(
        **records.line(after, scene.at, scene.actor), whistle_id=whistle.id, attendance_id=attendance.id,
        department=command.department, score=command.score, arrived=attendance.arrived_at is not None,
    )]  # fmt: skip
    mine = after.assignment_of(command.department)
    letters = [records.updated(after, mine, "scored", by=whistle.by, rating=command.score)] if mine else []
    if not noted.unscored:
        after, closed = _closed(scene, after, noted)
        told.append(closed)
    return Done(after, scene.at, (*told, *letters))


def _closed(scene: Scene, case: Case, whistle: Blown) -> tuple[Case, events.CaseWhistleClosed]:
    scored = (*case.standing.scored, *(one.department for one in whistle.attendances))
    standing = replace(case.standing, whistle=None, scored=scored)
    after = replace(case, version=case.version + 1, standing=standing)
    there = [one for one in whistle.attendances if one.arrived_at is not None]
    late = sum(1 for one in there if one.arrived_at is not None and one.arrived_at > one.arrive_by)
    told = events.CaseWhistleClosed(
        **records.line(after, scene.at, scene.actor), whistle_id=whistle.id, by=whistle.by,
        called=len(whistle.attendances), arrived=len(there), late=late,
    )  # fmt: skip
    return after, told
