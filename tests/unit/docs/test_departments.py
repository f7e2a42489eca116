"""docs/departments.md says every command, and says it so that it can be read."""

import json
import re
from pathlib import Path

import pytest

from services.contracts.commands import COMMAND
from services.router import unreadable

TEXT = Path("docs/departments.md").read_text(encoding="utf-8")
BODIES = [
    json.loads(line)
    for block in re.findall(r"^```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["command"])
def test_every_body_is_a_command(body: dict[str, object]) -> None:
    COMMAND.validate_json(json.dumps({**body, "command_id": "1", "case": "c"}))


def test_every_command_is_there() -> None:
    assert {body["command"] for body in BODIES} == set(unreadable.SERVED)
