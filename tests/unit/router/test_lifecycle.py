"""The table: complete, closed, and the only way to a state."""

from itertools import product

import pytest

from services.contracts import commands as words
from services.contracts.values import State
from services.router import guards, lifecycle
from services.router.lifecycle import EDGES, Illegal, Moved, Who


@pytest.mark.parametrize(("state", "command"), list(product(State, lifecycle.COMMANDS)))
def test_every_state_and_command_has_an_answer(state: State, command: str) -> None:
    for who in Who:
        edges = [e for e in EDGES if e.command == command and state in e.states and who in e.who]
        assert len(edges) <= 1, "two edges for one move"
        found = lifecycle.move(state, command, who)
        if edges:
            assert found == Moved(edges[0], edges[0].to or state)
        else:
            assert isinstance(found, Illegal)
            assert command not in found.legal
            assert found.legal == lifecycle.legal(state, who)


def test_every_word_of_the_contract_is_in_the_table() -> None:
    schema = words.COMMAND.json_schema()
    spoken = set(schema["discriminator"]["mapping"])
    assert spoken <= set(lifecycle.COMMANDS)


def test_every_guard_is_kept() -> None:
    assert {edge.guard for edge in EDGES if edge.guard} == set(guards.GUARDS)


def test_a_word_of_the_wrong_somebody_is_illegal_and_says_whose_it_is() -> None:
    found = lifecycle.move(State.REGISTERED, "assign", Who.LEAD)
    assert isinstance(found, Illegal)
    assert found.who == (Who.DESK,)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {edge.to for edge in EDGES if edge.to} | {State.RECEIVED}
    left = {state for edge in EDGES if edge.to for state in edge.states} | lifecycle.FINAL
    assert reached == left == set(State)


def test_every_open_state_can_be_withdrawn_from() -> None:
    still_open = set(State) - lifecycle.FINAL - {State.RECEIVED, State.RESOLVED, State.VERIFYING}
    assert {s for s in State if "withdraw" in lifecycle.legal(s, Who.CITIZEN)} == still_open


def test_diagram_and_table_are_drawn_from_the_same_rows() -> None:
    drawn, table = lifecycle.diagram(), lifecycle.markdown()
    assert "dispatched --> accepted: accept" in drawn
    assert "accepted --> suspended: suspend" in drawn
    assert table.count("\n") == len(EDGES) + 1
