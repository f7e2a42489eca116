"""Parts of a split case: done again with their whole, waived, answered for, and never due later than it."""

from datetime import timedelta
from typing import Any

from services.contracts import events
from services.contracts.commands import COMMAND
from services.contracts.events import ActReceived
from services.contracts.ids import CaseId
from services.contracts.values import ActKind, State
from services.router import acts, commands, dues
from services.router.case import Case
from services.router.records import Dossier
from services.router.verdicts import Asked, Done, Refused
from tests.unit.router.play import ALICE, Play
from tests.unit.router.test_disputes import DONE, GIVE_BACK, LI, RULING
from tests.unit.router.test_kinship import OTHER_ID, PARTS, refused, resolve, split, two
from tests.unit.router.town import CASE_ID, DESK, PARKS, ROADS, STREET, after


def whole() -> tuple[Play, list[CaseId]]:
    """Every part has resolved, and so has the case."""
    found, children = split()
    for child, part in zip(children, PARTS, strict=True):
        resolve(found, child, str(part["department"]))
    assert found.cases[CASE_ID].state is State.RESOLVED
    return found, children


def states(found: Play, children: list[CaseId]) -> list[State]:
    return [found.cases[child].state for child in children]


def citizen(found: Play, kind: ActKind, **more: Any) -> Case:
    found.minute += 1
    act = ActReceived(act_id="a", channel="app", kind=kind, received_at=after(found.minute), **more)
    done = acts.decide(
        found.law, found.cases[CASE_ID], act, after(found.minute), Dossier(found.sent[CASE_ID])
    )
    assert isinstance(done, Done), done
    found._take(done)
    found.settle()
    return found.cases[CASE_ID]


def test_the_whole_is_done_again_by_all_its_parts() -> None:
    found, children = whole()
    resolved_at = after(found.minute)
    parent = found.do(CASE_ID, "redo", minute=60, reason="仍不亮")
    assert (parent.state, parent.holder.unit, parent.standing.redos) == (State.AWAITING_CHILDREN, DESK, 1)
    assert states(found, children) == [State.IN_PROGRESS] * 3
    assert [found.cases[child].standing.redos for child in children] == [1, 1, 1]
    (again,) = [one for one in found.log[CASE_ID] if isinstance(one, events.CaseReopened)]
    assert (again.basis, again.redo_count, again.department, again.resolved_at) == (
        "redo",
        1,
        DESK,
        resolved_at,
    )
    for child in children:
        case = found.cases[child]
        assert dues.close_due(case, after(found.minute)) == dues.close_due(parent, after(found.minute))
        letter = next(one for one in found.log[child] if isinstance(one, events.AssignmentUpdated))
        assert (letter.what, letter.text) == ("redo", "仍不亮")
    for child, part in zip(children, PARTS, strict=True):
        found.do(child, "resolve", by=str(part["department"]), kind="fixed", public_text="又修好")
    assert found.cases[CASE_ID].state is State.RESOLVED


def test_the_desk_names_the_part_that_is_done_again() -> None:
    found, children = whole()
    found.do(CASE_ID, "redo", reason="电缆又断", parts=[ROADS])
    assert states(found, children) == [State.RESOLVED, State.IN_PROGRESS, State.RESOLVED]
    assert found.cases[CASE_ID].family.waiting == 1
    wrong = refused(found.say(CASE_ID, "redo", reason="x", parts=["nobody"]))
    assert wrong.code == "illegal_move"


def test_a_closed_whole_is_reopened_with_its_parts_under_new_forced_assignments() -> None:
    found, children = whole()
    found.do(CASE_ID, "close")
    assert states(found, children) == [State.CLOSED] * 3
    versions = [found.cases[child].assignment_version for child in children]
    parent = found.do(CASE_ID, "reopen", minute=600, reason="次日又不亮", parts=[PARKS, STREET])
    assert parent.state is State.AWAITING_CHILDREN
    assert states(found, children) == [State.IN_PROGRESS, State.CLOSED, State.IN_PROGRESS]
    assert found.cases[children[0]].assignment_version == versions[0] + 1
    assert found.cases[children[0]].assignment_of(PARKS).forced  # type: ignore[union-attr]
    assert "父单" in refused(found.say(children[1], "reopen", reason="x")).reason.zh


def test_the_citizen_reopens_and_rates_the_whole() -> None:
    found, children = whole()
    assert citizen(found, ActKind.REOPEN, text="还是不亮").state is State.AWAITING_CHILDREN
    assert states(found, children) == [State.IN_PROGRESS] * 3
    for child, part in zip(children, PARTS, strict=True):
        found.do(child, "resolve", by=str(part["department"]), kind="fixed", public_text="好")
    found.do(CASE_ID, "verify")
    assert citizen(found, ActKind.RATE, rating=1).state is State.AWAITING_CHILDREN
    assert found.cases[CASE_ID].standing.redos == 2
    kinds = [one.basis for one in found.log[CASE_ID] if isinstance(one, events.CaseReopened)]
    assert kinds == ["reopen", "rating"]


def test_a_part_taken_up_again_by_itself_is_a_redo_of_the_whole() -> None:
    found, children = whole()
    found.do(children[1], "redo", minute=30, reason="又断")
    parent = found.cases[CASE_ID]
    assert (parent.state, parent.standing.redos) == (State.AWAITING_CHILDREN, 1)
    assert found.types(CASE_ID)[-2:] == ["case.reopened", "case.child_done"]
    at = after(found.minute)
    assert dues.close_due(found.cases[children[1]], at) < dues.close_due(parent, at)


def test_the_third_redo_flags_the_whole() -> None:
    found = two()
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    parts = [{"scope": "a", "department": PARKS}, {"scope": "b", "department": ROADS}]
    children = found.do(CASE_ID, "split", parts=parts, **RULING).family.children
    for child in children:
        resolve(found, child.case_id, child.department)
    for _ in range(3):
        found.do(children[0].case_id, "redo", reason="x")
        found.do(children[0].case_id, "resolve", by=PARKS, **DONE)
    flagged = [one for one in found.log[CASE_ID] if isinstance(one, events.CaseFlagged)]
    assert [(one.why, one.count) for one in flagged] == [("redos", 3)]


def test_a_part_is_waived_with_a_reason_and_the_others_make_the_whole() -> None:
    found, children = split()
    resolve(found, children[0], PARKS)
    resolve(found, children[2], STREET)
    parent = found.do(CASE_ID, "waive", department=ROADS, reason="电缆无需修缮")
    assert parent.state is State.RESOLVED
    assert found.cases[children[1]].state is State.WITHDRAWN
    assert not list(found.cases[children[1]].open)
    line = next(one for one in found.log[CASE_ID] if isinstance(one, events.CaseChildDone) and one.waived)
    assert (line.department, line.done, line.waiting) == (ROADS, True, 0)
    resolved = next(one for one in found.log[CASE_ID] if isinstance(one, events.CaseResolved))
    assert "roads" not in resolved.public_text
    found.do(CASE_ID, "redo", reason="x")
    assert states(found, children) == [State.IN_PROGRESS, State.WITHDRAWN, State.IN_PROGRESS]


def test_somebody_has_to_do_the_last_part() -> None:
    found, children = split()
    found.do(CASE_ID, "waive", department=ROADS, reason="x")
    found.do(CASE_ID, "waive", department=STREET, reason="x")
    assert "其余" in refused(found.say(CASE_ID, "waive", department=PARKS, reason="x")).reason.zh
    assert "waive" not in refused(found.say(CASE_ID, "accept")).legal
    resolve(found, children[0], PARKS)
    assert found.cases[CASE_ID].state is State.RESOLVED
    assert refused(found.say(CASE_ID, "waive", department=PARKS, reason="x"))


def test_a_parts_answer_taken_late_is_the_wholes_response_all_the_same() -> None:
    found, children = split()
    found.do(children[0], "accept", by=PARKS, minute=20, handler=LI)
    first = found.cases[CASE_ID].responded_at
    late = found.minute
    # Roads had answered before parks; we took it after the desk had waived its part.
    found.do(CASE_ID, "waive", department=ROADS, reason="x", minute=5)
    verdict = _taken_late(found, children[1], late - 10)
    assert isinstance(verdict, Refused)
    found.waiting += verdict.follow_ups
    found.settle()
    parent = found.cases[CASE_ID]
    assert parent.responded_at == after(late - 10)
    assert first is not None
    assert parent.responded_at < first
    line = [one for one in found.log[CASE_ID] if isinstance(one, events.CaseResponded)][-1]
    assert (line.department, line.first, line.at) == (ROADS, True, after(late - 10))


def _taken_late(found: Play, child: CaseId, appended: float) -> Done | Refused:
    body = {"command": "accept", "command_id": "late", "case": str(child), "handler": LI}
    asked = Asked(ROADS, ROADS, False, COMMAND.validate_python(body), after(found.minute), after(appended))
    return commands.decide(found.law, found.cases[child], Dossier(found.sent[child]), asked)


def test_more_time_is_asked_for_the_whole_and_given_to_every_part() -> None:
    found, children = split()
    found.do(children[0], "accept", by=PARKS, handler=LI)
    for command, more in (
        ("pause", {"reason": "awaiting_citizen"}),
        ("shelve", {}),
        ("extend", {"by": "P1D"}),
    ):
        no = refused(found.said(children[0], command, PARKS, 1, {"grounds": "x", **more}))
        assert command not in no.legal
    due = dues.close_due(found.cases[CASE_ID], after(found.minute))
    found.said(CASE_ID, "extend", ALICE, 1, {"by": "P1D", "grounds": "配件待到"})
    assert isinstance(found.say(CASE_ID, "approve", by=ALICE), Refused), "who asked does not approve"
    found.do(CASE_ID, "approve")
    for case in (CASE_ID, *children):
        assert dues.close_due(found.cases[case], after(found.minute)) == due + timedelta(days=1)
        assert found.types(case)[-1] == "case.extended"


def test_a_part_is_neither_verified_nor_rated_by_itself() -> None:
    found, children = whole()
    for command, more in (("verify", {}), ("rate", {"rating": 5})):
        assert command not in refused(found.said(children[0], command, DESK, 1, more)).legal


def test_an_earlier_report_is_not_merged_into_what_is_split() -> None:
    found = two()
    found.do(CASE_ID, "return", by=PARKS, **GIVE_BACK)
    parts = [{"scope": "a", "department": PARKS}, {"scope": "b", "department": ROADS}]
    found.do(CASE_ID, "split", parts=parts, **RULING)
    assert "更早" in refused(found.say(OTHER_ID, "merge", into=str(CASE_ID), reason="x")).reason.zh
