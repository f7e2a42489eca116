"""Who says what to a case of the town, with a policy of its own: pauses, whistles, verification."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.contracts.city import Category, DepartmentLevel
from services.contracts.commands import COMMAND
from services.contracts.policy import Policy
from services.contracts.values import State
from services.router import commands, decide, overdue
from services.router.case import Case
from services.router.decide import Law
from services.router.records import Dossier
from services.router.rules import DutyList, Rules
from services.router.verdicts import Asked, Done, Refused, Verdict
from tests.unit.router import town
from tests.unit.router.town import DESK, PARKS, after, case_of, department, sent

SHAHU, POLICE, ALICE, BOB = "shahu", "police", "desk:alice", "desk:bob"
LI = {"id": "li", "name": "李四"}
HOUR = 60
DAY = 24 * HOUR
POLICY: dict[str, Any] = {
    "pauses": [
        {"reason": "awaiting_citizen", "approver": False, "cap": "PT2H", "case_cap": "PT3H"},
        {"reason": "awaiting_third_party", "approver": True, "cap": "P1D", "case_cap": "P2D"},
        {"reason": "shelved", "approver": True, "cap": "P9D", "case_cap": "P9D"},
    ],
    "extension": {"cap": "P1D", "most": 2},
    "verification": {"after": "PT1H", "silent_close": "P2D", "satisfied_from": 3},
    "assists_report": True,
    "whistle": {"levels": ["street", "community"], "arrive_within": "PT30M", "most": 3},
}
SENT = sent(category="公园")


def law(**policy: Any) -> Law:
    """The town with its levels: shahu → biling-street → desk; the rest report to the desk."""
    plain = town.city()
    level = {"parent": DESK}
    units = (
        *(one if one.slug == DESK else one.model_copy(update=level) for one in plain.departments),
        department(POLICE).model_copy(update=level),
        department(SHAHU, DepartmentLevel.COMMUNITY).model_copy(update={"parent": town.STREET}),
    )
    streets = tuple(
        one.model_copy(update={"level": DepartmentLevel.STREET}) if one.slug == town.STREET else one
        for one in units
    )
    parts = Category(path="道路/路灯", en="lamps", evidence=("photo_before", "photo_after"))
    city = replace(
        plain,
        departments=streets,
        categories=(*plain.categories, parts),
        policy=Policy.model_validate(POLICY | policy),
    )
    return decide.law(DutyList(city, Rules.model_validate({"rules": town.RULES})))


LAW = law()


def with_parks() -> Case:
    """With parks since 09:04."""
    return case_of(SENT, after(4))


def at_work(by: str = PARKS) -> Case:
    """Accepted at 09:10 by whoever has it."""
    case = with_parks()
    if by != PARKS:
        case = done(say(case, "reassign", ALICE, 5, department=by, reason="x")).case
    return done(say(case, "accept", by, 10, handler=LI)).case


def say(case: Case, command: str, who: str, minute: float, the_law: Law = LAW, /, **fields: Any) -> Verdict:
    """By HTTP. `desk:…` are people of the desk."""
    body = {"command": command, "command_id": "c", "case": str(case.id), **fields}
    desk = who.startswith("desk")
    asked = Asked(who, None if desk else who, desk, COMMAND.validate_python(body), after(minute))
    return commands.decide(the_law, case, Dossier(SENT), asked)


def pass_time(case: Case, minute: float, the_law: Law = LAW) -> list[Done]:
    """What time alone does up to then."""
    return [one for one, _ in overdue.overdue(the_law, case, after(minute), after(minute))]


def done(verdict: Verdict) -> Done:
    assert isinstance(verdict, Done), verdict
    return verdict


def refused(verdict: Verdict) -> Refused:
    assert isinstance(verdict, Refused), verdict
    return verdict


def types(verdict: Done) -> list[str]:
    return [event.TYPE for event in verdict.events]


def resolved(case: Case, by: str = PARKS, minute: float = HOUR, **more: Any) -> Done:
    return done(say(case, "resolve", by, minute, kind="fixed", public_text="好", **more))


def told(verdict: Done, kind: str) -> dict[str, Any]:
    """The first event of this type, as JSON."""
    return next(event.model_dump(mode="json") for event in verdict.events if kind == event.TYPE)


def standing_in(case: Case, state: State) -> Case:
    return replace(case, state=state)


def minutes(case: Case, minute: float) -> timedelta:
    return after(minute) - case.received_at
