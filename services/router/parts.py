"""子单: what a split case knows of its parts, and when it has resolved by them; one may be waived 免除. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.contracts import events
from services.contracts.city import City
from services.contracts.commands import Waive
from services.contracts.events import Event
from services.contracts.values import ResolutionKind
from services.router import family, levels, moves, records, verification, wording
from services.router.case import Case
from services.router.family import Child, Family
from services.router.follow_ups import ChildWaived
from services.router.lifecycle import Who
from services.router.scene import Scene
from services.router.verdicts import Asked, Done
from services.router.wording import Said

ACTOR = "router"
NOT_WAIVABLE = Said(
    "没有由该单位主办、尚未办结的子单", "that department leads no part that has still to resolve"
)
THE_LAST = Said(
    "其余子单均已免除：请撤诉、不予受理或另行裁定", "every other part is waived: somebody has to do this one"
)


def waivable(city: City, case: Case, asked: Asked) -> Said | None:
    """It is there and not done, and not every part is waived by this."""
    assert isinstance(asked.command, Waive)
    picked = _picked(case, asked.command)
    if not picked:
        return NOT_WAIVABLE
    return THE_LAST if len(picked) == len(case.family.parts) else None


def _picked(case: Case, command: Waive) -> tuple[Child, ...]:
    return tuple(one for one in case.family.parts if one.department == command.department and not one.done)


def waive(scene: Scene) -> Done:
    """A line for each part; the case has resolved when no other part waits. The part is told under its own lock."""
    command, after = scene.asked.command, scene.after
    assert isinstance(command, Waive)
    told: list[Event] = []
    picked = _picked(scene.before, command)
    for place, child in enumerate(picked):
        spared = replace(child, done=True, waived=True)
        after = replace(
            after, version=after.version + (place > 0), family=family.with_child(after.family, spared)
        )
        told.append(line(after, spared, scene.at, scene.actor))
    after, end = whole(scene.city, after, scene.at)
    to_them = (
        ChildWaived(to=child.case_id, by=after.id, by_number=after.number, at=scene.at) for child in picked
    )
    return Done(after, scene.at, (*told, *end), tuple(to_them))


def line(case: Case, child: Child, at: datetime, actor: str = ACTOR) -> events.CaseChildDone:
    return events.CaseChildDone(
        **records.line(case, at, actor), child=str(child.case_id), department=child.department, done=child.done,
        waiting=case.family.waiting, waived=child.waived,
    )  # fmt: skip


def whole(city: City, case: Case, at: datetime) -> tuple[Case, tuple[Event, ...]]:
    """Resolved, with the next line of the log, if no part waits any more."""
    if case.family.waiting or not moves.may(case, "resolve", Who.RULES):
        return case, ()
    after = replace(moves.go(case, "resolve", Who.RULES, at), close_at=at + city.file.silent_close)
    after = verification.after_resolve(city, after, at)
    return after, (_resolved(city, after, at),)


def _resolved(city: City, case: Case, at: datetime) -> events.CaseResolved:
    """By the parts together; the first of them is named for all."""
    return events.CaseResolved(
        **records.line(case, at, ACTOR), department=case.family.parts[0].department, kind=_kind(case.family),
        public_text="；".join(_texts(city, case.family))[:2000],
        level=levels.highest(city, (child.department for child in case.family.parts)),
    )  # fmt: skip


def _kind(whole: Family) -> ResolutionKind:
    """What all parts say; where they differ, what was done is explained part by part."""
    kinds = {child.kind for child in whole.parts if child.kind}
    return kinds.pop() if len(kinds) == 1 else ResolutionKind.EXPLAINED


def _texts(city: City, whole: Family) -> Iterator[str]:
    """Each department's public words, in the order of the ruling."""
    return (f"{wording.unit(one.department, city).zh}：{one.public_text}" for one in whole.parts)
