"""改类: what a case is about and how grave it is. Receipt and clocks stay; the plan only ever tightens. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events, plans
from services.contracts.city import City
from services.contracts.commands import Reclassify
from services.contracts.plans import Plan
from services.router import dues, records
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

NO_CATEGORY = Said("没有这个类别", "the city has no such category")
THE_SAME = Said("与现状相同", "it is classified so already")


def something_new(city: City, case: Case, asked: Asked) -> Said | None:
    command = asked.command
    assert isinstance(command, Reclassify)
    if command.category is not None and command.category not in city.category_by_path:
        return NO_CATEGORY
    return THE_SAME if _classified(case, command) == case else None


def reclassify(scene: Scene) -> Done:
    """The plan is chosen anew, and taken when nothing it promises is later than before."""
    command, before, at = scene.asked.command, scene.before, scene.at
    assert isinstance(command, Reclassify)
    after = _classified(scene.after, command)
    sent = scene.dossier.submission
    facts = plans.Facts(
        after.category, after.triage_class, sent.segment, after.kind, after.area, sent.channel_kind
    )
    chosen = plans.choose(scene.city.plans, facts)
    tighter = _tighter(chosen, before, at)
    after = replace(after, plan=chosen if tighter else before.plan)
    told = events.CaseReclassified(
        **records.line(after, at, scene.actor), category=after.category, previous_category=before.category,
        triage_class=after.triage_class, previous_class=before.triage_class, kind=after.kind,
        previous_kind=before.kind, plan=after.plan, plan_changed=tighter, received_at=before.counted_from,
        due_close_at=dues.close_due(after, at), credited=dues.credit(after, at),
    )  # fmt: skip
    letters = (
        records.updated(after, one, "reclassified", command.reason, by=scene.actor,
                        due_response_at=dues.response_due(after), due_close_at=dues.close_due(after, at))
        for one in after.open
    )  # fmt: skip
    return Done(after, at, (told, *letters))


def _classified(case: Case, command: Reclassify) -> Case:
    return replace(
        case,
        category=command.category or case.category,
        triage_class=command.triage_class or case.triage_class,
        kind=command.kind or case.kind,
    )


def _tighter(chosen: Plan, case: Case, at: datetime) -> bool:
    """Nothing later, and something earlier, for this very case."""
    now, then = (_dues(case, at), _dues(replace(case, plan=chosen), at))
    return then != now and all(new <= old for new, old in zip(then, now, strict=True))


def _dues(case: Case, at: datetime) -> tuple[datetime, datetime]:
    return dues.response_due(case), dues.close_due(case, at)
