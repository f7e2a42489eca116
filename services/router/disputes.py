"""争议 and 会商: when departments disagree, the desk convenes them; meanwhile whoever the city says acts. Pure."""

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import Dispute, Meet
from services.contracts.disputes import ActFirst
from services.contracts.events import RefusedBy
from services.contracts.values import Holder
from services.router import case as cases
from services.router import pushdown, records, wording
from services.router.case import Case
from services.router.scene import Scene
from services.router.verdicts import Done

LIMIT, NAMED_BACK, DESK = "limit", "named_back", "desk"


def ground(city: City, case: Case) -> str | None:
    """Why a case that has just been returned is disputed; None when it is not."""
    if case.bounces >= city.file.returns.limit:
        return LIMIT
    return NAMED_BACK if city.file.returns.named_back and case.quarrel.named_back else None


def open_one(scene: Scene) -> Done:
    """By the desk, before the limit."""
    assert isinstance(scene.asked.command, Dispute)
    done = begun(scene, scene.after, DESK)
    over = records.cancelled(scene.before, str(wording.DISPUTED))
    return Done(done.case, done.at, (*done.events[:1], *over, *done.events[1:]))


def begun(scene: Scene, case: Case, why: str) -> Done:
    """The line of the log first, then the letters. `case` is disputed already."""
    acting = _acting(scene, case)
    said = wording.disputed(why, case.quarrel.departments, scene.city)
    holder = Holder(unit=acting or scene.law.desk, is_desk=acting is None, reason=str(said))
    after = cases.handed(case, holder, (), scene.at)
    told = events.CaseDisputed(
        **records.line(after, scene.at, scene.actor), ground=why, refusals=refusals(after), acting=acting
    )
    reason = str(wording.ACT_FIRST if acting else said)
    return Done(after, scene.at, (told, *records.opened(after, scene.dossier, scene.city, reason)))


def _acting(scene: Scene, case: Case) -> str | None:
    """先办后议: who holds it until the ruling; None: nobody but the desk."""
    match scene.city.file.disputes.act_first:
        case ActFirst.LAST_OWNER:
            return case.quarrel.returned[-1].department if case.quarrel.returned else None
        case ActFirst.FALLBACK:
            owner = scene.law.areas.fallback(case.area)
            routed = pushdown.asked_again(scene.law, case, scene.dossier.submission)
            mine = owner and owner != scene.law.desk and not pushdown.may_not(scene.law, routed, owner)
            return owner if mine else None
        case _:
            return None


def refusals(case: Case) -> tuple[RefusedBy, ...]:
    return tuple(
        RefusedBy(
            department=one.department, reason_code=one.reason_code, suggested_owner=one.suggested_owner, at=one.at,
            upheld=one.upheld,
        )
        for one in case.quarrel.returned
    )  # fmt: skip


def meet(scene: Scene) -> Done:
    """The minutes stay with the move; the log says that they met."""
    command = scene.asked.command
    assert isinstance(command, Meet)
    line = records.line(scene.after, scene.at, scene.actor)
    told = events.CaseMet(**line, held_at=command.held_at, present=len(command.present))
    return Done(scene.after, scene.at, (told,))
