"""退单审核: was a return right? That decides in whose holding the time counts. Pure."""

from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.commands import Uphold
from services.contracts.values import Holder
from services.router import case as cases
from services.router import quarrel, records, wording
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Done

DESK, SILENCE, POLICY, RULES, RULING = "desk", "silence", "policy", "rules", "ruling"


def uphold(scene: Scene) -> Done:
    assert isinstance(scene.asked.command, Uphold)
    by = SILENCE if scene.asked.timer else DESK
    # The table has counted this line already: `judged` writes it and counts no other.
    after, told = _judged(scene.after, scene.at, scene.actor, True, by, scene.city.file.desk)
    return Done(after, scene.at, told)


def refuse(scene: Scene) -> Done:
    """Back to the same owner, who may return it again until the limit is reached."""
    back = scene.before.quarrel.under_review
    assert back is not None
    after = cases.handed(scene.after, Holder(unit=back.department, is_desk=False), (), scene.at)
    told = records.dispatched(after, scene.at, scene.actor, str(wording.RETURN_REFUSED))
    after, judged = settled(after, scene.at, scene.actor, False, DESK, scene.city.file.desk)
    letters = records.opened(after, scene.dossier, scene.city, str(wording.RETURN_REFUSED))
    over = records.cancelled(scene.before, str(wording.RETURN_REFUSED))
    return Done(after, scene.at, (told, *judged, *over, *letters))


def settled(
    case: Case, at: datetime, actor: str, upheld: bool, by: str, desk: str
) -> tuple[Case, tuple[events.CaseReturnReviewed, ...]]:
    """The next line of the log: the return that is under review has been judged. Nothing when none is."""
    if case.quarrel.under_review is None:
        return case, ()
    return _judged(replace(case, version=case.version + 1), at, actor, upheld, by, desk)


def _judged(
    case: Case, at: datetime, actor: str, upheld: bool, by: str, desk: str
) -> tuple[Case, tuple[events.CaseReturnReviewed, ...]]:
    one = case.quarrel.under_review
    assert one is not None
    case = replace(case, quarrel=quarrel.settled(case.quarrel, upheld))
    told = events.CaseReturnReviewed(
        **records.line(case, at, actor), assignment_id=one.assignment_id, department=one.department, upheld=upheld,
        by=by, held_from=one.held_from, held_until=one.at, counts_for=desk if upheld else one.department,
    )  # fmt: skip
    return case, (told,)
