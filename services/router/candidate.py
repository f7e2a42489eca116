"""A ruling as a rule: what a precedent proposes for the duty list. A person accepts it, or nobody does. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.contracts.commands import Precedent
from services.contracts.ids import CaseId
from services.router.case import Case


@dataclass(frozen=True, slots=True)
class Candidate:
    """`rule` is a line of rules.yaml as data; the case is its evidence."""

    id: str
    case_id: CaseId
    number: str
    made_at: datetime
    authority: str
    rule: dict[str, Any]


def of_ruling(
    case: Case,
    precedent: Precedent,
    authority: str,
    basis: str,
    lead: str,
    assists: Sequence[str],
    at: datetime,
) -> Candidate:
    """What is not said is taken from the case: its category and its area."""
    when: dict[str, Any] = {}
    if category := precedent.category or case.category:
        when["category"] = [category]
    if area := precedent.area or case.area:
        when["area"] = [area]
    if precedent.words:
        when["words"] = {"any": list(precedent.words)}
    then: dict[str, Any] = {"lead": lead}
    if helpers := [one for one in dict.fromkeys(assists) if one != lead]:
        then["assists"] = helpers
    id_ = f"precedent-{case.number.lower()}"
    note = precedent.note or f"{authority}：{basis}"
    rule = {"id": id_, "note": f"{note}（{case.number}）"[:300], "when": when, "then": then}
    return Candidate(id_, case.id, case.number, at, authority, rule)
