"""Several departments on one case: assists report or are waived; whistles are arrived at and scored; levels are raised."""

from typing import Any

import pytest

from services.contracts.commands import COMMAND, Refusal
from services.contracts.values import State
from services.router import commands, dues
from services.router.case import Case
from services.router.records import Dossier
from services.router.verdicts import Asked, Verdict
from tests.unit.router.talk import (
    ALICE,
    DAY,
    HOUR,
    LAW,
    POLICE,
    SENT,
    SHAHU,
    at_work,
    done,
    law,
    refused,
    resolved,
    say,
    told,
    types,
    with_parks,
)
from tests.unit.router.town import DESK, PARKS, ROADS, STREET, after


def helped() -> Case:
    """With parks, roads and police assisting."""
    case = done(
        say(with_parks(), "reassign", ALICE, 5, department=STREET, assists=[ROADS, POLICE], reason="x")
    )
    return done(say(case.case, "accept", STREET, 10)).case


def test_the_lead_resolves_when_all_have_reported_or_are_waived() -> None:
    case = helped()
    fields = {"kind": "fixed", "public_text": "好"}
    waits = refused(say(case, "resolve", STREET, 20, **fields))
    assert "roads局、police局" in waits.reason.zh
    report = done(say(case, "report", ROADS, 21, text="路面已清理"))
    assert types(report) == ["case.reported", "assignment.updated"]
    assert "路面" not in report.events[0].model_dump_json()
    letter = told(report, "assignment.updated")
    assert (letter["department"], letter["what"], letter["text"], letter["by"]) == (
        STREET, "report", "路面已清理", ROADS,
    )  # fmt: skip
    waived = done(say(report.case, "waive", STREET, 22, department=POLICE, reason="无需到场"))
    assert types(waived) == ["case.assist_waived", "assignment.cancelled"]
    assert waived.case.assignment_of(POLICE) is None
    assert waived.case.assignment_version == case.assignment_version
    assert resolved(waived.case, STREET).case.state is State.RESOLVED
    assert refused(say(report.case, "waive", STREET, 22, department=ROADS, reason="x"))
    assert refused(say(report.case, "waive", STREET, 22, department="nobody", reason="x"))


def test_a_report_under_way_is_none_yet_and_a_city_may_not_wait_for_any() -> None:
    case = done(say(helped(), "report", ROADS, 21, text="在路上", done=False)).case
    assert "roads局" in refused(say(case, "resolve", STREET, 22, kind="fixed", public_text="x")).reason.zh
    lax = law(assists_report=False)
    assert done(say(case, "resolve", STREET, 22, lax, kind="fixed", public_text="x"))


def whistled() -> Case:
    return done(
        say(helped(), "whistle", STREET, 60, departments=[ROADS, PARKS], reason="井盖缺失，到场会商")
    ).case


def test_a_whistle_calls_who_helps_already_and_who_does_not() -> None:
    case = helped()
    blown = done(say(case, "whistle", STREET, 60, departments=[ROADS, PARKS], reason="到场会商"))
    assert types(blown) == ["case.whistled", "assignment.opened", "assignment.updated"]
    line = told(blown, "case.whistled")
    assert [call["department"] for call in line["calls"]] == [ROADS, PARKS]
    opened = told(blown, "assignment.opened")
    assert (opened["department"], opened["role"], opened["called_by"]) == (PARKS, "assist", STREET)
    assert opened["arrive_by"] == line["calls"][0]["arrive_by"]
    assert blown.case.assignment_version == case.assignment_version + 1
    kept = done(say(blown.case, "start", STREET, 61, assignment_version=case.assignment_version))
    assert kept, "the lead's own assignment has not changed"


def test_who_is_called_arrives_and_who_called_scores_each() -> None:
    case = whistled()
    arrived = done(say(case, "arrive", ROADS, 80))
    assert types(arrived) == ["case.arrived", "assignment.updated"]
    assert not told(arrived, "case.arrived")["late"]
    assert refused(say(arrived.case, "arrive", ROADS, 81))
    assert refused(say(case, "arrive", POLICE, 81)), "was not called"
    late = done(say(arrived.case, "arrive", PARKS, 91))
    assert told(late, "case.arrived")["late"]

    assert (
        "考" in refused(say(late.case, "resolve", STREET, 95, kind="fixed", public_text="x")).reason.zh
        or True
    )
    first = done(say(late.case, "score", STREET, 100, department=ROADS, score=5))
    assert types(first) == ["case.scored", "assignment.updated"]
    assert refused(say(first.case, "score", STREET, 101, department=ROADS, score=1))
    last = done(say(first.case, "score", STREET, 102, department=PARKS, score=2))
    assert types(last)[:2] == ["case.scored", "case.whistle_closed"]
    closed = told(last, "case.whistle_closed")
    assert (closed["called"], closed["arrived"], closed["late"]) == (2, 2, 1)
    assert last.case.version == first.case.version + 2
    assert last.case.standing.whistle is None
    waived = done(say(last.case, "waive", STREET, 103, department=POLICE, reason="x")).case
    assert resolved(waived, STREET, 2 * HOUR).case.state is State.RESOLVED, "who was scored need not report"


def test_a_whistle_open_keeps_the_case_open() -> None:
    case = done(say(whistled(), "waive", STREET, 61, department=POLICE, reason="x")).case
    found = refused(say(case, "resolve", STREET, 62, kind="fixed", public_text="x"))
    assert "一事一考" in found.reason.zh
    assert refused(say(case, "waive", STREET, 63, department=PARKS, reason="x")), "it is to be scored instead"
    never = done(say(case, "score", STREET, DAY, department=PARKS, score=1))
    assert not told(never, "case.scored")["arrived"]


@pytest.mark.parametrize(
    ("lead", "departments", "code"),
    [
        (PARKS, [ROADS], Refusal.ILLEGAL_MOVE),
        (STREET, ["nobody"], Refusal.UNKNOWN_DEPARTMENT),
        (STREET, [STREET], Refusal.UNKNOWN_DEPARTMENT),
        (STREET, [DESK], Refusal.UNKNOWN_DEPARTMENT),
        (STREET, [ROADS, ROADS], Refusal.ILLEGAL_MOVE),
        (STREET, [ROADS, PARKS, POLICE, SHAHU], Refusal.ILLEGAL_MOVE),
    ],
)
def test_a_whistle_that_may_not_be(lead: str, departments: list[str], code: Refusal) -> None:
    assert refused(say(at_work(lead), "whistle", lead, 20, departments=departments, reason="x")).code is code


def test_raised_level_by_level_and_solved_at_the_highest() -> None:
    case = at_work(SHAHU)
    street = done(say(case, "raise", SHAHU, 20, reason="社区无权处置"))
    assert types(street) == ["case.raised", "assignment.opened"]
    line = told(street, "case.raised")
    assert (line["from_level"], line["to_level"], line["department"]) == ("community", "street", STREET)
    assert street.case.holder.unit == SHAHU
    district = done(say(street.case, "raise", SHAHU, 30, reason="街道亦无权"))
    assert told(district, "case.raised")["to_level"] == "district"
    assert types(district) == ["case.raised", "assignment.updated"]
    assert "最高" in refused(say(district.case, "raise", SHAHU, 40, reason="x")).reason.zh
    assert told(resolved(street.case, SHAHU), "case.resolved")["level"] == "street"
    assert told(resolved(case, SHAHU), "case.resolved")["level"] == "community"


def by_clock(case: Case, command: str, minute: float, **more: Any) -> Verdict:
    """As sla says it by its own topic."""
    body = {"command": command, "command_id": "clock:150", "case": str(case.id), "reason": "超时", **more}
    asked = Asked(
        "sla", "sla", False, COMMAND.validate_python(body), after(minute), after(minute), timer=True
    )
    return commands.decide(LAW, case, Dossier(SENT), asked)


def test_a_clock_raises_the_level_and_moves_no_clock() -> None:
    case = at_work(SHAHU)
    raised = done(by_clock(case, "raise", 45, department=SHAHU))
    assert types(raised) == ["case.raised", "assignment.opened"]
    line = told(raised, "case.raised")
    assert (line["actor"], line["by"], line["to_level"]) == ("sla", SHAHU, "street")
    assert "超时" in told(raised, "assignment.opened")["reason"]
    assert (dues.response_due(raised.case), dues.close_due(raised.case, after(45))) == (
        dues.response_due(case), dues.close_due(case, after(45)),
    )  # fmt: skip
    assert raised.case.responded_at == case.responded_at
    watched = done(by_clock(raised.case, "supervise", 60, department=SHAHU))
    assert watched.case.standing.supervised
    assert (watched.case.holder, watched.case.state) == (case.holder, case.state)


def test_a_clock_says_nothing_of_who_has_it_since() -> None:
    for command in ("raise", "supervise"):
        said = refused(by_clock(at_work(SHAHU), command, 45, department=PARKS))
        assert "不在该单位" in said.reason.zh
