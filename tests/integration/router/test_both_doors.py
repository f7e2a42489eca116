"""Every state refuses what its line of the table does not allow, by HTTP and by topic alike: same code, same legal moves."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.contracts.commands import COMMAND
from services.contracts.events import CommandRefused
from services.contracts.values import State
from services.router import lifecycle, moves, store
from services.router.case import Case
from services.router.lifecycle import Who
from tests.integration.router.rig import Rig, submission

LINES = re.findall(r"^\{.*\}$", Path("docs/departments.md").read_text(encoding="utf-8"), re.MULTILINE)
SAID = {one["command"]: one for one in map(json.loads, LINES) if "command_id" not in one and "command" in one}
DESK = "dispatch-desk"


def test_the_contract_page_says_every_command() -> None:
    assert set(SAID) == set(COMMAND.json_schema()["discriminator"]["mapping"])


async def standing_in(router: Rig, state: State) -> Case:
    """A case that a department leads, put into this state by force."""
    one = submission(
        f"doors-{state}", router.now(), category="市容环卫/绿化养护", place={"address": "碧岭街道"}
    )
    await router.take(one)
    async with router.pool.acquire() as conn:
        case = (await store.cases_of(conn, [one.case_id]))[one.case_id]
        case = replace(case, state=state, trail=(*case.trail, (case.changed_at, state)))
        await store.change(conn, [case], [])
    return case


@pytest.mark.parametrize("state", State)
async def test_what_is_not_legal_is_refused_alike(router: Rig, state: State) -> None:
    case = await standing_in(router, state)
    for who in (Who.LEAD, Who.DESK):
        await _refused_alike(router, case, state, who)


async def _refused_alike(router: Rig, case: Case, state: State, who: Who) -> None:
    actor = DESK if who is Who.DESK else case.holder.unit
    legal = lifecycle.legal(state, who)
    illegal = [word for word in SAID if word not in legal]
    bodies: list[dict[str, Any]] = [
        {**SAID[word], "command_id": f"t-{word}", "case": str(case.id)} for word in illegal
    ]
    await router.ask(actor, *bodies)
    by_topic = {
        str(one.data.command): one.data
        for one in await router.written("command.refused")
        if isinstance(one.data, CommandRefused) and one.data.department == actor
    }
    assert set(by_topic) == set(illegal)
    for word in illegal:
        body = {**SAID[word], "command_id": f"h-{word}"}
        answer = (await router.call("POST", f"/v1/cases/{case.id}/commands", actor, json=body)).json()
        told = by_topic[word]
        assert answer["type"] == f"urn:suban:problem:{told.code}" == "urn:suban:problem:illegal_move", (
            word,
            answer,
        )
        assert answer["legal_moves"] == list(told.legal_moves) == list(moves.legal(case, who)), word
        assert (answer["state"], answer["version"]) == (told.state, told.version) == (state, case.version)
