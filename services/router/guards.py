"""Guards: what the table of lifecycle.py alone cannot know. Each agrees (None), or says why not."""

from collections.abc import Callable, Mapping

from services.contracts.city import City
from services.contracts.commands import (
    AnyCommand,
    Assign,
    Merge,
    Reassign,
    Refusal,
    Resolve,
    Respond,
    Ruling,
    Split,
)
from services.contracts.disputes import Uphold as UpheldBy
from services.contracts.values import ResponseBasis
from services.router import (
    assists,
    classes,
    evidence,
    extensions,
    levels,
    lifecycle,
    parts,
    pauses,
    records,
    redos,
    timers,
    verification,
    whistles,
    wording,
)
from services.router.case import Case
from services.router.verdicts import Asked, Denied
from services.router.wording import Said


def _known_units(city: City, case: Case, asked: Asked) -> Said | None:
    """Every unit that is named can be assigned to, and nobody both leads and assists."""
    for lead, helpers in _named(asked.command):
        for slug in (lead, *helpers):
            if slug == city.file.desk or slug not in city.department_by_slug:
                return wording.unknown_unit(slug)
        if lead in helpers or len(set(helpers)) < len(helpers):
            return wording.twice_named(lead if lead in helpers else helpers[0])
    return None


def _named(command: AnyCommand) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lead and assists of each assignment that a command asks for."""
    match command:
        case Assign() | Reassign() | Ruling():
            return ((command.department, command.assists),)
        case Split():
            return tuple((part.department, part.assists) for part in command.parts)
        case _:
            return ()


def _said_or_noted(city: City, case: Case, asked: Asked) -> Said | None:
    assert isinstance(asked.command, Respond)
    public = asked.command.basis is ResponseBasis.PUBLIC_MESSAGE
    return (
        None
        if (asked.command.public_text if public else asked.command.contact_note)
        else wording.NOTHING_SAID
    )


def _returnable(city: City, case: Case, asked: Asked) -> Said | None:
    """Not what a ruling has forced; and within the window, counted from the opening of the assignment."""
    if records.lead_of(case).forced:
        return wording.FORCED
    window = city.file.return_window
    if asked.at(case) - records.lead_of(case).opened_at > window:
        return wording.window_over(window.total_seconds() / 3600)
    return None


def _complete(city: City, case: Case, asked: Asked) -> Said | Denied | None:
    """The evidence is there, every assisting department has reported, every department called is scored."""
    assert isinstance(asked.command, Resolve)
    if parts := evidence.missing(city, case, asked.command):
        return Denied(evidence.said(parts), Refusal.EVIDENCE_MISSING, parts)
    if waiting := assists.outstanding(city, case):
        return wording.waiting_for(waiting, city)
    if case.standing.whistle is not None:
        return wording.to_be_scored(case.standing.whistle.unscored, city)
    return None


def _elsewhere(city: City, case: Case, asked: Asked) -> Said | None:
    """As known_units; and not to whoever has it already."""
    assert isinstance(asked.command, Reassign)
    if asked.command.department == records.lead_of(case).department:
        return wording.HAS_IT
    return _known_units(city, case, asked)


def _silent(city: City, case: Case, asked: Asked) -> Said | None:
    return wording.NOT_SILENT_YET if case.close_at is None or asked.now < case.close_at else None


def _under_review(city: City, case: Case, asked: Asked) -> Said | None:
    """A return waits for its review; silence upholds it when its time is over, where the city has it so."""
    if case.quarrel.under_review is None:
        return wording.NOT_UNDER_REVIEW
    if not asked.timer:
        return None
    due, silent = case.quarrel.review_at, city.file.returns.uphold is UpheldBy.SILENCE
    return None if silent and due is not None and due <= asked.now else wording.REVIEW_NOT_OVER


def _refusable(city: City, case: Case, asked: Asked) -> Said | None:
    """There is a return to refuse, and its department is still there to have the case back."""
    back = case.quarrel.under_review
    if back is None:
        return wording.NOT_UNDER_REVIEW
    return None if back.department in city.department_by_slug else wording.unknown_unit(back.department)


def _returned_once(city: City, case: Case, asked: Asked) -> Said | None:
    return None if case.quarrel.returned else wording.NEVER_RETURNED


def _forced(city: City, case: Case, asked: Asked) -> Said | None:
    return None if records.lead_of(case).forced else wording.NOT_FORCED


def _whole(city: City, case: Case, asked: Asked) -> Said | None:
    """A part is not split again, and every unit is known."""
    return _not_a_child(city, case, asked) or _known_units(city, case, asked)


def _not_a_child(city: City, case: Case, asked: Asked) -> Said | None:
    parent = case.family.parent
    return wording.part_only(parent.number) if parent else None


def _stands_alone(city: City, case: Case, asked: Asked) -> Said | None:
    """Neither part of another case nor standing for one."""
    if case.family.absorbed:
        return wording.stands_for(case.family.absorbed[0].number)
    return _not_a_child(city, case, asked)


def _same_matter(city: City, case: Case, asked: Asked) -> Said | None:
    """Two cases on their own feet, and the one that stays is still open."""
    assert isinstance(asked.command, Merge)
    other = asked.other
    if other is None or other.id == case.id:
        return wording.NO_OTHER
    if other.state in lifecycle.FINAL or other.family.parent is not None:
        return wording.not_a_survivor(other.number)
    if other.family.children and case.counted_from < other.counted_from:
        return wording.SPLIT_LATER
    return wording.HAS_CHILDREN if case.family.children else _stands_alone(city, case, asked)


def _unconfirmed(city: City, case: Case, asked: Asked) -> Said | None:
    return None if case.unconfirmed_since is not None else wording.CONFIRMED


def _silent_accept(city: City, case: Case, asked: Asked) -> Said | None:
    timer = timers.next_of(case)
    return None if timer is not None and timer.at <= asked.at(case) else wording.NOT_SILENT_YET


GUARDS: Mapping[str, Callable[[City, Case, Asked], Said | Denied | None]] = {
    "known_units": _known_units,
    "said_or_noted": _said_or_noted,
    "returnable": _returnable,
    "complete": _complete,
    "elsewhere": _elsewhere,
    "silent_accept": _silent_accept,
    "something_new": classes.something_new,
    "listed_reason": pauses.listed_reason,
    "cap_reached": pauses.cap_reached,
    "before_due": extensions.before_due,
    "asked_for": extensions.asked_for,
    "waivable": assists.waivable,
    "may_whistle": whistles.may_whistle,
    "called": whistles.called,
    "to_score": whistles.to_score,
    "has_above": levels.has_above,
    "still_theirs": levels.still_theirs,
    "verify_due": verification.verify_due,
    "within_window": redos.within_window,
    "parts_named": redos.parts_named,
    "part_waivable": parts.waivable,
    "silent": _silent,
    "under_review": _under_review,
    "refusable": _refusable,
    "returned_once": _returned_once,
    "forced": _forced,
    "whole": _whole,
    "not_a_child": _not_a_child,
    "stands_alone": _stands_alone,
    "same_matter": _same_matter,
    "unconfirmed": _unconfirmed,
}
