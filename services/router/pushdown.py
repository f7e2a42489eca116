"""禁止下沉: what the duty list says must not be pushed down, neither the desk nor a ruling pushes down. Pure.

The list is the by-law; a ruling settles between those who may have the matter. Who wants it otherwise changes the rule, or
reclassifies the case when it is another matter.
"""

from services.contracts.commands import Assign, Reassign, Refusal, Ruling, Split
from services.contracts.events import SubmissionReceived
from services.router import decide, wording
from services.router.case import Case
from services.router.decide import Law, Routed
from services.router.records import Dossier
from services.router.verdicts import Asked, Denied

GIVING = (Assign, Reassign, Ruling, Split)


def denied(law: Law, case: Case, dossier: Dossier | None, asked: Asked) -> Denied | None:
    """Whether a lead that the command names is one of those this must not be given to. Assisting is open to all."""
    if not isinstance(asked.command, GIVING) or not law.rules.prohibiting:
        return None
    assert dossier is not None
    routed = asked_again(law, case, dossier.submission)
    for lead in _leads(asked.command):
        if may_not(law, routed, lead):
            said = wording.pushed_down(lead, _by(law, routed, lead), law.city)
            return Denied(said, Refusal.PROHIBITED)
    return None


def may_not(law: Law, routed: Routed, unit: str) -> bool:
    return law.rules.units.prohibited(unit, frozenset(routed.prohibited))


def asked_again(law: Law, case: Case, sent: SubmissionReceived) -> Routed:
    """The rules once more, by what the case is called now and knowing who has returned it.

    What was prohibited when it came is so still, though the rule that said so is not the one that decides now.
    """
    sent = sent.model_copy(update={"category": case.category or sent.category, "kind": case.kind})
    (point,) = law.areas.points([sent.place])
    first = decide.route(law, sent, point=point)
    if not case.bounces:
        return first
    return decide.route(law, sent, case.bounces, case.quarrel.departments, point, first.prohibited)


def _leads(command: Assign | Reassign | Ruling | Split) -> tuple[str, ...]:
    if isinstance(command, Split):
        return tuple(part.department for part in command.parts)
    return (command.department,)


def _by(law: Law, routed: Routed, unit: str) -> tuple[str, ...]:
    """The rules that say so, among those that hold now."""
    held = (step.partition(":")[2] for step in routed.steps if step.startswith(("given:", "rule:")))
    rules = law.rules.prohibiting
    return tuple(one for one in held if one in rules and law.rules.units.prohibited(unit, rules[one]))
