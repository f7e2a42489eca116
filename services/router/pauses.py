"""暂停计时、挂账、恢复: the close clock rests for a listed reason, within its caps, from the approval. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events, ids
from services.contracts.city import City
from services.contracts.commands import Approve, Pause, Shelve
from services.contracts.events import Event
from services.contracts.policy import PauseRule
from services.contracts.values import PauseReason
from services.router import dues, moves, records
from services.router import standing as standings
from services.router.case import Case
from services.router.scene import Scene
from services.router.standing import Request
from services.router.verdicts import Asked, Done
from services.router.wording import Said

NOT_LISTED = Said("本市未列入该暂停理由", "the city does not list this reason")
PENDING = Said("已有申请待批", "another request waits for its answer")
AFTER_DUE = Said("已过办结时限，不得再申请", "asked after the close was due")
SPENT = Said("该理由累计时长已用完", "all the time of this reason is used")
OF_THE_WHOLE = Said(
    "子单与父单同时到期：不单独暂停或延期，由分拨台为父单申请延期",
    "a part is due with the case it is a part of: the desk asks for more time for the whole",
)
IN_THE_PAST = Said("until 须晚于现在", "until must be later than now")
CAP_NOT_REACHED = Said("暂停期限未到", "the pause has not reached its cap")


def listed_reason(city: City, case: Case, asked: Asked) -> Said | None:
    """A listed reason with time left, asked before the close is due, and nothing else asked for meanwhile."""
    command, at = asked.command, asked.at(case)
    assert isinstance(command, Pause | Shelve)
    if case.family.parent is not None:
        return OF_THE_WHOLE
    rule = city.policy.pause(_reason(command))
    if rule is None:
        return NOT_LISTED
    if case.standing.request is not None:
        return PENDING
    if at > dues.close_due(case, at):
        return AFTER_DUE
    if case.standing.rested_for(rule.reason) >= rule.case_cap:
        return SPENT
    return IN_THE_PAST if command.until is not None and command.until <= at else None


def cap_reached(city: City, case: Case, asked: Asked) -> Said | None:
    pause = case.standing.pause
    return CAP_NOT_REACHED if pause is None or asked.at(case) < pause.until else None


def ask(scene: Scene) -> Done:
    """A pause that needs no approver begins at once; another waits for the desk, and nothing rests meanwhile."""
    command, after = scene.asked.command, scene.after
    assert isinstance(command, Pause | Shelve)
    rule = _rule(scene.city, _reason(command))
    lead = records.lead_of(after)
    request = Request(request_id(after), scene.actor, lead.department, scene.at, rule.reason, command.until)
    after = replace(after, standing=replace(after.standing, request=request))
    if not rule.approver:
        return _begun(scene, after, None, None)
    desk = scene.city.file.desk
    told = events.CasePauseRequested(
        **records.line(after, scene.at, scene.actor), request_id=request.id, department=lead.department,
        reason=rule.reason, until=request.until, cap=rule.cap, answers=desk,
    )  # fmt: skip
    letter = records.updated(after, lead, "pause_requested", command.grounds, desk, by=lead.department)
    return Done(after, scene.at, (told, letter))


def approve(scene: Scene, command: Approve) -> Done:
    return _begun(scene, scene.after, scene.actor, command.until)


def refuse(scene: Scene, request: Request, text: str) -> Done:
    assert request.reason is not None
    after = replace(scene.after, standing=replace(scene.after.standing, request=None))
    told = events.CasePauseRefused(
        **records.line(after, scene.at, scene.actor), request_id=request.id, department=request.department,
        reason=request.reason,
    )  # fmt: skip
    letter = records.updated(after, records.lead_of(after), "pause_refused", text, by=scene.actor)
    return Done(after, scene.at, (told, letter))


def resume(scene: Scene) -> Done:
    after, told = ended(scene.after, scene.at, scene.actor, by_cap=scene.asked.timer)
    letter = records.updated(
        after, records.lead_of(after), "resumed", by=scene.actor, due_close_at=dues.close_due(after, scene.at)
    )
    return Done(after, scene.at, (*told, letter))


def ended(case: Case, at: datetime, actor: str, *, by_cap: bool = False) -> tuple[Case, tuple[Event, ...]]:
    """The running pause counted, and its line of the log; as it was when none runs."""
    pause = case.standing.pause
    if pause is None:
        return case, ()
    after = replace(case, standing=standings.rested(case.standing, at))
    lead = records.lead_of(after)
    told = events.CaseResumed(
        **records.line(after, at, actor), assignment_id=lead.id, department=lead.department, reason=pause.reason,
        paused_at=pause.since, by_cap=by_cap, paused_total=after.standing.rested_total,
        due_at=dues.close_due(after, at),
    )  # fmt: skip
    return after, (told,)


def request_id(after: Case) -> str:
    return str(ids.derive("request", str(after.id), str(after.version)))


def _begun(scene: Scene, after: Case, approver: str | None, until: datetime | None) -> Done:
    request = after.standing.request
    assert request is not None
    assert request.reason is not None
    rule, lead = _rule(scene.city, request.reason), records.lead_of(after)
    end = _end(after, rule, scene.at, min(filter(None, (until, request.until)), default=None))
    pause = standings.Pause(rule.reason, scene.at, end)
    after = moves.turn(after, "suspend", scene.at)
    after = replace(after, standing=replace(after.standing, request=None, pause=pause))
    told = events.CasePaused(
        **records.line(after, scene.at, scene.actor), request_id=request.id, assignment_id=lead.id,
        department=lead.department, reason=rule.reason, requested_at=request.asked_at, approver=approver,
        until=end, cap=rule.cap,
    )  # fmt: skip
    letter = records.updated(after, lead, "paused", by=scene.actor)
    return Done(after, scene.at, (told, letter) if approver else (told,))


def _end(case: Case, rule: PauseRule, at: datetime, asked: datetime | None) -> datetime:
    """The earliest of what was asked for, the cap of one pause, and what this reason has left."""
    left = rule.case_cap - case.standing.rested_for(rule.reason)
    return min(filter(None, (asked, at + rule.cap, at + left)))


def _reason(command: Pause | Shelve) -> PauseReason:
    return command.reason if isinstance(command, Pause) else PauseReason.SHELVED


def _rule(city: City, reason: PauseReason) -> PauseRule:
    """The guards have seen to it that it is listed."""
    rule = city.policy.pause(reason)
    assert rule is not None, reason
    return rule
