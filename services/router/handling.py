"""What the department that holds a case does to it: 签收, 开始办理, 响应, 办结. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.commands import Accept, Resolve, Respond
from services.contracts.events import Event
from services.contracts.values import Handler, ResponseBasis
from services.router import case as cases
from services.router import evidence, levels, records, verification
from services.router.case import Assignment, Case
from services.router.scene import Scene
from services.router.verdicts import Asked, Done


def accept(scene: Scene) -> Done:
    command, at = scene.asked.command, scene.at
    assert isinstance(command, Accept)
    lead = records.lead_of(scene.after)
    after = replace(scene.after, handler=command.handler)
    told: list[Event] = [events.CaseAccepted(
        **records.line(after, at, scene.actor), assignment_id=lead.id, department=lead.department, handler=command.handler,
        by_silence=scene.asked.timer,
    )]  # fmt: skip
    if command.handler is not None:
        basis = ResponseBasis.ACCEPT_WITH_HANDLER
        after = replace(after, version=after.version + 1)
        after, response = _responded(after, scene.before, scene.asked, basis, command.handler, None)
        told.append(response)
    if scene.asked.timer:
        told.append(records.updated(after, lead, "auto_accepted"))
    return Done(after, at, tuple(told))


def start(scene: Scene) -> Done:
    lead = records.lead_of(scene.after)
    line = records.line(scene.after, scene.at, scene.actor)
    told = events.CaseStarted(**line, assignment_id=lead.id, department=lead.department)
    return Done(scene.after, scene.at, (told,))


def respond(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Respond)
    basis = ResponseBasis(command.basis)
    after, told = _responded(
        scene.after, scene.before, scene.asked, basis, command.handler, command.public_text
    )
    return Done(after, scene.at, (told,))


def _responded(
    after: Case,
    before: Case,
    asked: Asked,
    basis: ResponseBasis,
    handler: Handler | None,
    public_text: str | None,
) -> tuple[Case, events.CaseResponded]:
    """The response itself. It counts from when it reached us, also when that is before the case's previous time."""
    lead = next((one for one in before.open if one.role != cases.ASSIST), None)
    floor = lead.opened_at if lead else before.received_at
    heard = asked.now if asked.appended_at is None else min(max(asked.appended_at, floor), asked.now)
    return response_of(
        after, before, lead, heard, heard < before.changed_at, asked, basis, handler, public_text
    )


def response_of(
    after: Case,
    before: Case,
    assignment: Assignment | None,
    heard: datetime,
    late: bool,
    asked: Asked,
    basis: ResponseBasis,
    handler: Handler | None,
    public_text: str | None,
) -> tuple[Case, events.CaseResponded]:
    """A response heard at `heard`; `late`: earlier than the case's previous time, through our fault."""
    counts = basis in before.plan.response.counts
    first = counts and (before.responded_at is None or heard < before.responded_at)
    after = replace(
        after, responded_at=heard if first else before.responded_at, handler=handler or after.handler
    )
    told = events.CaseResponded(
        **records.line(after, heard, asked.actor), assignment_id=assignment.id if assignment else None,
        department=assignment.department if assignment else before.holder.unit, basis=basis, first=first,
        handler=handler, public_text=public_text, late_taken=late,
    )  # fmt: skip
    return after, told


def resolve(scene: Scene) -> Done:
    command = scene.asked.command
    assert isinstance(command, Resolve)
    lead = records.lead_of(scene.after)
    # A part is closed with its parent, not by a silence of its own.
    alone = scene.after.family.parent is None
    after = replace(scene.after, close_at=scene.at + scene.city.file.silent_close if alone else None)
    after = verification.after_resolve(scene.city, after, scene.at)
    told = events.CaseResolved(
        **records.line(after, scene.at, scene.actor), assignment_id=lead.id, department=lead.department,
        kind=command.kind, public_text=command.public_text, level=levels.reached(scene.city, after),
        evidence=evidence.kinds(command),
    )  # fmt: skip
    return Done(after, scene.at, (told,))
