"""One command upon one case: whose it is, whether it is legal, what it does. Pure; the same for both doors.

A command asks three things in turn: is it yours (an open assignment, seen at the present version), does the table of
lifecycle.py allow it, does the edge's guard agree. It counts from the broker's append time or the moment the HTTP
command was taken, never before the case's previous time, never after now (delivery rule 7).
"""

from dataclasses import replace
from datetime import datetime

from services.contracts.commands import Accept, AnyCommand, Assign, Refusal, Respond, Ruling, Split
from services.contracts.values import Handler, ResponseBasis
from services.router import case as cases
from services.router import (
    effects,
    flags,
    guards,
    handling,
    kinship,
    lifecycle,
    moves,
    pushdown,
    records,
    wording,
)
from services.router.case import Assignment, Case
from services.router.decide import Law
from services.router.lifecycle import Illegal, Moved, Who
from services.router.records import Dossier
from services.router.scene import Scene
from services.router.verdicts import Asked, Denied, Done, Refused, Verdict
from services.router.wording import Said


def decide(law: Law, case: Case, dossier: Dossier | None, asked: Asked) -> Verdict:
    """`dossier` is needed by commands that open an assignment (`needs_dossier`). Raises nothing for what may happen.

    Only for who `may_know` of the case: a refusal shows it.
    """
    who = _who(case, asked)
    refused = _not_theirs(case, asked, who)
    if refused is None and who is not None:
        match lifecycle.move(case.state, asked.command.command, who):
            case Illegal() as illegal:
                refused = _illegal(case, illegal, who)
            case Moved(edge, state):
                said = guards.GUARDS[edge.guard](law.city, case, asked) if edge.guard else None
                said = said or pushdown.denied(law, case, dossier, asked)
                if said is None:
                    at = asked.at(case)
                    after = cases.moved(case, state, at)
                    done = effects.apply(Scene(law, case, after, asked, at, dossier))
                    return kinship.with_follow_ups(case, flags.looked_at(law.city, case, done))
                refused = _guarded(case, asked, who, said)
    assert refused is not None
    return _counted(case, asked, refused)


def needs_dossier(command: AnyCommand) -> bool:
    return isinstance(command, effects.OPENING)


def may_know(case: Case, asked: Asked) -> bool:
    """Whether it may be told that there is such a case: to others it does not exist."""
    return asked.timer or asked.desk or (asked.unit is not None and case.has_seen(asked.unit))


def _who(case: Case, asked: Asked) -> Who | None:
    """In what capacity this actor acts on this case; None: in none."""
    if asked.timer:
        return Who.TIMER
    if asked.desk:
        return Who.DESK
    mine = case.assignment_of(asked.unit) if asked.unit else None
    return records.ROLES[mine.role] if mine else None


def _not_theirs(case: Case, asked: Asked, who: Who | None) -> Refused | None:
    if _stale(case, asked):
        return Refused(Refusal.STALE_VERSION, wording.STALE, moves.legal(case, who) if who else (), case)
    if who is None:
        return Refused(Refusal.NOT_YOURS, wording.NOT_YOURS, (), case)
    return None


def _stale(case: Case, asked: Asked) -> bool:
    """Whether the sender saw another case than this one: another version of it, or of the assignment."""
    mine = case.assignment_of(asked.unit) if asked.unit else None
    versions = (None, case.assignment_version, mine.version if mine else None)
    if asked.command.assignment_version not in versions:
        return True
    return asked.command.version not in (None, case.version)


def _illegal(case: Case, found: Illegal, who: Who) -> Refused:
    legal = moves.legal(case, who)
    return Refused(Refusal.ILLEGAL_MOVE, wording.illegal(found.command, found.state, legal), legal, case)


def _guarded(case: Case, asked: Asked, who: Who, said: Said | Denied) -> Refused:
    command = asked.command
    legal = tuple(name for name in moves.legal(case, who) if name != command.command)
    if isinstance(said, Denied):
        return Refused(said.code, said.said, legal, case, missing=said.missing)
    code = (
        Refusal.UNKNOWN_DEPARTMENT if isinstance(command, Assign | Ruling | Split) else Refusal.ILLEGAL_MOVE
    )
    return Refused(code, said, legal, case)


# Taken late through our fault: legal when it was appended, refused now. It counts for the clock, not for the state.


def _counted(case: Case, asked: Asked, refused: Refused) -> Refused:
    response = _response_in(asked.command)
    if response is None or asked.appended_at is None or asked.appended_at >= case.changed_at:
        return refused
    mine = _assignment_then(case, asked, asked.appended_at)
    if mine is None or isinstance(
        lifecycle.move(case.state_at(asked.appended_at), asked.command.command, Who.LEAD), Illegal
    ):
        return refused
    after = replace(case, version=case.version + 1)
    after, told = handling.response_of(after, case, mine, asked.appended_at, True, asked, *response)
    after = replace(after, handler=case.handler)
    said = Said(refused.reason.zh + wording.COUNTED.zh, refused.reason.en + wording.COUNTED.en)
    counted = kinship.with_follow_ups(case, Done(after, asked.appended_at, (told,)))
    return replace(
        refused, reason=said, case=after, events=(told,), at=asked.appended_at, follow_ups=counted.follow_ups
    )


def _response_in(command: AnyCommand) -> tuple[ResponseBasis, Handler | None, str | None] | None:
    match command:
        case Accept(handler=Handler() as handler):
            return ResponseBasis.ACCEPT_WITH_HANDLER, handler, None
        case Respond():
            return ResponseBasis(command.basis), command.handler, command.public_text
    return None


def _assignment_then(case: Case, asked: Asked, at: datetime) -> Assignment | None:
    """The lead assignment this department had open at `at`, under the version it names if it names one."""
    seen = asked.command.assignment_version
    mine = (one for one in case.assignments if one.department == asked.unit and one.role == cases.LEAD)
    return next((one for one in mine if one.covers(at) and seen in (None, one.version)), None)
