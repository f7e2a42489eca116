"""延期, and the desk's answer to what has been asked for: 批准、不同意. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import Approve, Extend, Refuse
from services.router import dues, pauses, records
from services.router.case import Case
from services.router.follow_ups import ParentExtended
from services.router.scene import Scene
from services.router.standing import Request
from services.router.verdicts import Asked, Done
from services.router.wording import Said

NOTHING_ASKED = Said("没有待批的申请", "nothing has been asked for")
OWN_REQUEST = Said("批准人不得是申请人", "who asked cannot approve")
TOO_LATE = Said("已过办结时限，批准无效", "a pause or an extension counts only when approved before the due")
TOO_MANY = Said("延期次数已用完", "the case has had all its extensions")
MORE_THAN_ASKED = Said("批准不得多于所请", "no more is granted than was asked for")
NOT_AT_WORK = Said("当前状态不可暂停", "a case is paused while it is being worked on")


def before_due(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Extend)
    rule, at = city.policy.extension, asked.at(case)
    if case.family.parent is not None:
        return pauses.OF_THE_WHOLE
    if case.standing.request is not None:
        return pauses.PENDING
    if at > dues.close_due(case, at):
        return pauses.AFTER_DUE
    if len(case.standing.extensions) >= rule.most:
        return TOO_MANY
    if asked.command.by > rule.cap:
        days = rule.cap.total_seconds() / 86400
        return Said(f"单次延期不超过 {days:g} 天", f"one extension is no longer than {days:g} days")
    return None


def asked_for(city: City, case: Case, asked: Asked) -> Said | None:
    """Something waits for an answer; who asked does not approve; an extension is approved before the due."""
    request = case.standing.request
    if request is None:
        return NOTHING_ASKED
    if not isinstance(asked.command, Approve):
        return None
    if request.by == asked.actor:
        return OWN_REQUEST
    if request.reason is not None and city.policy.pause(request.reason) is None:
        return pauses.NOT_LISTED
    return _in_time(case, request, asked, asked.command)


def _in_time(case: Case, request: Request, asked: Asked, command: Approve) -> Said | None:
    at = asked.at(case)
    if at > dues.close_due(case, at):
        return TOO_LATE
    if request.amount is None:
        return pauses.IN_THE_PAST if command.until is not None and command.until <= at else None
    return MORE_THAN_ASKED if command.by is not None and command.by > request.amount else None


def ask(scene: Scene) -> Done:
    command, after = scene.asked.command, scene.after
    assert isinstance(command, Extend)
    lead = records.lead_of(after)
    request = Request(pauses.request_id(after), scene.actor, lead.department, scene.at, amount=command.by)
    after = replace(after, standing=replace(after.standing, request=request))
    told = events.CaseExtensionRequested(
        **records.line(after, scene.at, scene.actor), request_id=request.id, department=lead.department,
        requested=command.by, due_at=dues.close_due(after, scene.at), answers=scene.city.file.desk,
    )  # fmt: skip
    desk = scene.city.file.desk
    letter = records.updated(after, lead, "extension_requested", command.grounds, desk, by=lead.department)
    return Done(after, scene.at, (told, letter))


def approve(scene: Scene) -> Done:
    """What waits: a pause begins now, an extension moves the due."""
    command, request = scene.asked.command, scene.before.standing.request
    assert isinstance(command, Approve)
    assert request is not None
    if request.amount is None:
        return pauses.approve(scene, command)
    return _extended(scene, request, command)


def refuse(scene: Scene) -> Done:
    command, request = scene.asked.command, scene.before.standing.request
    assert isinstance(command, Refuse)
    assert request is not None
    if request.amount is None:
        return pauses.refuse(scene, request, command.reason)
    after = replace(scene.after, standing=replace(scene.after.standing, request=None))
    told = events.CaseExtensionRefused(
        **records.line(after, scene.at, scene.actor), request_id=request.id, department=request.department,
        requested=request.amount,
    )  # fmt: skip
    letter = records.updated(
        after, records.lead_of(after), "extension_refused", command.reason, by=scene.actor
    )
    return Done(after, scene.at, (told, letter))


def _extended(scene: Scene, request: Request, command: Approve) -> Done:
    assert request.amount is not None
    before, at = scene.after, scene.at
    granted = command.by or request.amount
    standing = replace(before.standing, request=None, extensions=(*before.standing.extensions, granted))
    after = replace(before, standing=standing)
    due = dues.close_due(after, at)
    told = events.CaseExtended(
        **records.line(after, at, scene.actor), request_id=request.id, department=request.department,
        requested=request.amount, granted=granted, granted_total=standing.extended, requester=request.by,
        approver=scene.actor, original_due_at=dues.original_close_due(after, at),
        previous_due_at=dues.close_due(before, at), due_at=due,
    )  # fmt: skip
    letter = records.updated(after, records.lead_of(after), "extended", by=scene.actor, due_close_at=due)
    return Done(after, at, (told, letter), tuple(_to_parts(told, after)))


def _to_parts(told: events.CaseExtended, parent: Case) -> Iterator[ParentExtended]:
    """What is granted to a split case is granted to each of its parts."""
    for child in parent.family.parts:
        yield ParentExtended(
            to=child.case_id, by=parent.id, by_number=parent.number, at=told.at, request_id=told.request_id,
            department=told.department, requested=told.requested, granted=told.granted, requester=told.requester,
            approver=told.approver,
        )  # fmt: skip


def with_parent(before: Case, told: ParentExtended, at: datetime) -> Done:
    """A part has the time its parent was given."""
    standing = replace(before.standing, extensions=(*before.standing.extensions, told.granted))
    after = replace(before, version=before.version + 1, standing=standing)
    due = dues.close_due(after, at)
    line = events.CaseExtended(
        **records.line(after, at, told.approver), request_id=told.request_id, department=told.department,
        requested=told.requested, granted=told.granted, granted_total=standing.extended, requester=told.requester,
        approver=told.approver, original_due_at=dues.original_close_due(after, at),
        previous_due_at=dues.close_due(before, at), due_at=due,
    )  # fmt: skip
    letter = records.updated(after, records.lead_of(after), "extended", by=told.approver, due_close_at=due)
    return Done(after, at, (line, letter))
