"""A history through a duty list: counts that add up, and who moves where."""

from services.router import names, replay
from services.router.history import Past
from services.router.rules import DutyList, Rules
from tests.unit.router import town

DUTY = DutyList(town.city(), Rules.model_validate({"rules": town.RULES}))
HISTORY = [
    Past(2, ("公园",), (), "parks"),
    Past(3, ("公园", "草坪"), ("碧岭街道",), "parks"),
    Past(4, ("公园", "草坪"), ("碧岭街道",), "parks"),
    Past(5, ("道路",), (), "没有的单位"),
    Past(6, ("没有",), (), "roads"),
    Past(7, ("没有",), ("碧岭街道",), "biling-street"),
    Past(8, ("道路",), (), ""),
]


def outcome() -> replay.Outcome:
    return replay.history(DUTY, names.of_city(DUTY.city), HISTORY)


def test_the_sums() -> None:
    found = outcome()
    assert (found.rows, found.unowned, found.right, found.moved, found.nobody) == (6, 1, 2, 3, 1)
    assert (found.agreement, found.coverage) == (2 / 6, 5 / 6)


def test_the_matrix_has_the_largest_move_first_with_its_lines() -> None:
    first, *_ = outcome().matrix()
    assert first == replay.Moved("parks", "biling-street", 2, ("line 3", "line 4"))
    assert {(one.source, one.target) for one in outcome().matrix()} == {
        ("parks", "biling-street"), ("没有的单位", "roads"), ("roads", replay.NOBODY),
    }  # fmt: skip


def test_as_json() -> None:
    said = replay.summary(outcome(), top=1)
    assert (said["rows"], said["coverage"], said["agreement"]) == (6, 0.833333, 0.333333)
    assert said["matrix"] == [
        {"from": "parks", "to": "biling-street", "cases": 2, "examples": ("line 3", "line 4")}
    ]


def test_words_are_asked_for_where_the_history_has_text() -> None:
    case = Past(2, ("公园",), (), "roads", text="路面塌陷")
    assert replay.history(DUTY, names.of_city(DUTY.city), [case]).right == 1


def test_what_the_desk_kept_and_keeps_is_right_and_nobody_s() -> None:
    cases = [Past(2, ("没有",), (), "desk"), Past(3, ("公园",), (), "desk")]
    found = replay.history(DUTY, names.of_city(DUTY.city), cases)
    assert (found.rows, found.right, found.decided) == (2, 1, 1)


def test_no_history_agrees_with_nothing() -> None:
    assert replay.Outcome().agreement == replay.Outcome().coverage == 0.0
