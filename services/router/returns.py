"""退单: a department says the case is not its own. Who has it next: the rules again, a suggestion, the desk, or a dispute. Pure."""

from dataclasses import dataclass, replace

from services.contracts import events
from services.contracts.commands import Return
from services.contracts.disputes import Suggestion, Uphold
from services.contracts.events import Event
from services.contracts.values import Holder, State
from services.router import account, disputes, moves, pushdown, quarrel, records, reviews, wording
from services.router import case as cases
from services.router.case import Case
from services.router.decide import Routed
from services.router.lifecycle import Who
from services.router.quarrel import Returned
from services.router.scene import Scene
from services.router.verdicts import Done
from services.router.wording import Said


def give_back(scene: Scene) -> Done:
    """One line for the return; then whatever the city has decided comes after a return."""
    case = _returned(scene)
    over = records.cancelled(scene.before, str(wording.RETURNED))
    ground = disputes.ground(scene.city, case)
    routed = pushdown.asked_again(scene.law, case, scene.dossier.submission) if ground is None else None
    onward = _onward(scene, case, routed) if routed is not None else None
    told = _told(scene, case, stays=ground is None and onward is None)
    if ground is not None:
        done = disputes.begun(scene, moves.go(case, "dispute", Who.RULES, scene.at), ground)
        return replace(done, events=(told, *done.events[:1], *over, *done.events[1:]))
    if onward is not None:
        done = _sent_on(scene, case, onward, (told,), tuple(over))
    else:
        done = _to_desk(scene, case, (told,), tuple(over))
    if routed is not None and scene.city.file.returns.again:
        done = replace(done, account=account.written(routed, scene.law.areas))
    return done


def _returned(scene: Scene) -> Case:
    command = scene.asked.command
    assert isinstance(command, Return)
    lead, city = records.lead_of(scene.before), scene.city
    one = Returned(
        lead.department, command.reason_code, command.suggested_owner, lead.id, lead.opened_at, scene.at
    )
    why = wording.came_back(lead.department, wording.RETURN_REASONS[command.reason_code], city)
    waits = city.file.returns.uphold is Uphold.SILENCE
    review_at = scene.at + city.file.returns.review if waits else None
    return replace(
        scene.after,
        bounces=scene.before.bounces + 1,
        quarrel=quarrel.returned(scene.before.quarrel, one, review_at),
        holder=Holder(unit=city.file.desk, is_desk=True, reason=str(why)),
        handler=None,
    )


def _told(scene: Scene, case: Case, *, stays: bool) -> events.CaseReturned:
    """Why the desk has it is said when the desk keeps it: of what goes on at once notify tells nobody there."""
    one, desk = case.quarrel.returned[-1], case.holder
    shown = replace(case, holder=desk if stays else desk.model_copy(update={"reason": None}))
    return events.CaseReturned(
        **records.line(shown, scene.at, scene.actor), assignment_id=one.assignment_id, department=one.department,
        reason_code=one.reason_code, suggested_owner=one.suggested_owner, bounce_count=case.bounces,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Onward:
    """Who gets it without the desk, and who said so."""

    department: str
    assists: tuple[str, ...]
    by: str
    reason: Said
    rule_id: str | None = None
    digest: str | None = None


def _onward(scene: Scene, case: Case, routed: Routed) -> Onward | None:
    """A rule that claims it now, else the suggestion where the city uses one. Never who has returned it or may not have it."""
    policy, seen = scene.city.file.returns, case.quarrel.departments
    claimed = routed.rule_id is not None and routed.lead is not None
    if policy.again and claimed and routed.lead is not None:
        return Onward(
            routed.lead, routed.assists, reviews.RULES, routed.reason, routed.rule_id, routed.digest
        )
    suggested = case.quarrel.returned[-1].suggested_owner
    known = suggested in scene.city.department_by_slug and suggested not in (*seen, scene.law.desk)
    if (
        policy.suggestion is Suggestion.USE
        and suggested
        and known
        and not pushdown.may_not(scene.law, routed, suggested)
    ):
        return Onward(suggested, (), reviews.POLICY, wording.by_suggestion(suggested, scene.city))
    return None


def _sent_on(
    scene: Scene, case: Case, onward: Onward, told: tuple[Event, ...], over: tuple[Event, ...]
) -> Done:
    after = moves.go(case, "dispatch", Who.RULES, scene.at)
    owner = Holder(unit=onward.department, is_desk=False)
    after = cases.handed(after, owner, onward.assists, scene.at)
    sent = records.dispatched(after, scene.at, "router", str(onward.reason), onward.rule_id, onward.digest)
    after, judged = reviews.settled(after, scene.at, "router", True, onward.by, scene.law.desk)
    letters = records.opened(after, scene.dossier, scene.city, str(onward.reason), onward.rule_id)
    return Done(after, scene.at, (*told, sent, *judged, *over, *letters))


def _to_desk(scene: Scene, case: Case, told: tuple[Event, ...], over: tuple[Event, ...]) -> Done:
    command = scene.asked.command
    assert isinstance(command, Return)
    after = cases.handed(case, case.holder, (), scene.at)
    judged: tuple[Event, ...] = ()
    if scene.city.file.returns.uphold is Uphold.AT_ONCE:
        after, judged = reviews.settled(after, scene.at, "router", True, reviews.POLICY, scene.law.desk)
    last = after.quarrel.returned[-1]
    reason = wording.returned(
        last.department, command.reason_code, command.grounds, last.suggested_owner, scene.city
    )
    letters = records.opened(after, scene.dossier, scene.city, str(reason))
    assert after.state is State.REGISTERED
    return Done(after, scene.at, (*told, *judged, *over, *letters))
