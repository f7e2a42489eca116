"""裁决: who decided, on what basis. It sends the case on, forced; or splits it into children. Pure."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from services.contracts import events, ids
from services.contracts.commands import Appeal, Part, Precedent, Ruling, Split
from services.contracts.events import ChildNamed
from services.contracts.ids import CaseId
from services.contracts.values import Holder
from services.router import candidate, records, reviews, wording
from services.router import case as cases
from services.router.candidate import Candidate
from services.router.case import Case
from services.router.family import Child
from services.router.follow_ups import OpenChild
from services.router.scene import Scene
from services.router.verdicts import Done


def rule(scene: Scene) -> Done:
    """Two lines of the log: the ruling, and the dispatch it forces; a third where a return was under review."""
    command = scene.asked.command
    assert isinstance(command, Ruling)
    owner = Holder(unit=command.department, is_desk=False)
    after = cases.handed(scene.after, owner, command.assists, scene.at, forced=True)
    ruled = events.CaseRuled(
        **records.line(after, scene.at, scene.actor), department=command.department, assists=command.assists
    )
    after = replace(after, version=after.version + 1)
    sent = records.dispatched(after, scene.at, scene.actor, str(wording.RULED))
    last = scene.before.quarrel.under_review
    upheld = last is None or last.department != command.department
    after, judged = reviews.settled(after, scene.at, scene.actor, upheld, reviews.RULING, scene.law.desk)
    said = str(wording.ruled(command.authority, command.basis, command.text))
    letters = records.opened(after, scene.dossier, scene.city, said)
    over = records.cancelled(scene.before, str(wording.RULED))
    found = _candidate(scene, command.precedent, command, command.department, command.assists)
    return Done(after, scene.at, (ruled, sent, *judged, *over, *letters), candidate=found)


def split(scene: Scene) -> Done:
    """The parent keeps clock and citizen; each part becomes a case of its own, begun under its own lock."""
    command = scene.asked.command
    assert isinstance(command, Split)
    reason = str(wording.split_into(len(command.parts)))
    desk = Holder(unit=scene.law.desk, is_desk=True, reason=reason)
    after = cases.handed(scene.after, desk, (), scene.at)
    children = tuple(_child(after, part, place, scene.city.zone) for place, part in enumerate(command.parts))
    after = replace(after, family=replace(after.family, children=children))
    named = tuple(
        ChildNamed(case_id=str(child.case_id), number=child.number, department=part.department, assists=part.assists)
        for child, part in zip(children, command.parts, strict=True)
    )  # fmt: skip
    told = events.CaseSplit(**records.line(after, scene.at, scene.actor), children=named)
    after, judged = reviews.settled(after, scene.at, scene.actor, True, reviews.RULING, scene.law.desk)
    over = records.cancelled(scene.before, reason)
    begun = tuple(
        _begin(scene, after, child, part) for child, part in zip(children, command.parts, strict=True)
    )
    lead, helpers = command.parts[0].department, tuple(part.department for part in command.parts[1:])
    found = _candidate(scene, command.precedent, command, lead, helpers)
    return Done(after, scene.at, (told, *judged, *over), begun, found)


def _child(parent: Case, part: Part, place: int, zone: ZoneInfo) -> Child:
    """Derived from the parent and the line that split it: a repeat is the same child."""
    case_id = CaseId(ids.derive("child", str(parent.id), str(parent.version), str(place)))
    day = parent.changed_at.astimezone(zone).date()
    return Child(case_id, ids.public_number(case_id, day), part.department, part.scope)


def _begin(scene: Scene, parent: Case, child: Child, part: Part) -> OpenChild:
    return OpenChild(
        to=child.case_id, by=parent.id, by_number=parent.number, at=scene.at, number=child.number, scope=part.scope,
        department=part.department, assists=part.assists, plan=parent.plan, received_at=parent.counted_from,
        responded_at=parent.responded_at, category=parent.category, area=parent.area, area_owner=parent.area_owner, request_kind=parent.kind,
        triage_class=parent.triage_class, submission=scene.dossier.submission, rules_digest=scene.law.rules.digest,
    )  # fmt: skip


def _candidate(
    scene: Scene, precedent: Precedent | None, said: Ruling | Split, lead: str, assists: tuple[str, ...]
) -> Candidate | None:
    if precedent is None:
        return None
    return candidate.of_ruling(scene.before, precedent, said.authority, said.basis, lead, assists, scene.at)


def appeal(scene: Scene) -> Done:
    assert isinstance(scene.asked.command, Appeal)
    lead = records.lead_of(scene.after)
    line = records.line(scene.after, scene.at, scene.actor)
    told = events.CaseAppealed(**line, assignment_id=lead.id, department=lead.department)
    return Done(scene.after, scene.at, (told,))
