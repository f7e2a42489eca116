"""A command that cannot be read is answered with the field and what is allowed there."""

import json

import pytest
from pydantic import ValidationError

from services.contracts.commands import COMMAND
from services.router import unreadable

COMMANDS = ", ".join(unreadable.SERVED)


@pytest.mark.parametrize(
    ("sent", "field", "en"),
    [
        (b"\xff", "(body)", "not JSON"),
        (b"[]", "(body)", "must be an object"),
        ({"command": "zzsecret"}, "command", f"must be one of {COMMANDS}"),
        ({}, "command", f"must be one of {COMMANDS}"),
        ({"command": "start", "boss": "zzsecret"}, "boss", "no such field"),
        ({"command": "accept", "handler": {"id": "zzsecret"}}, "handler.name", "missing"),
        ({"command": "resolve", "public_text": "x", "kind": "zzsecret"}, "kind",
         "must be one of fixed, explained, not_possible, duplicate, withdrawn"),
        ({"command": "accept", "handler": {"id": "h", "name": "zz\0secret"}}, "handler.name",
         "holds the character NUL (U+0000)"),
        ({"command": "start", "command_id": "zz\0secret"}, "command_id", "holds the character NUL (U+0000)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_command(sent: bytes | dict[str, object], field: str, en: str) -> None:
    raw = sent if isinstance(sent, bytes) else json.dumps({"command_id": "1", "case": "c"} | sent).encode()
    with pytest.raises(ValidationError) as refused:
        COMMAND.validate_json(raw)
    (flaw,) = unreadable.flaws(refused.value)
    assert (flaw.field, flaw.en) == (field, en)
    said = str(unreadable.said([flaw]))
    assert said.startswith(f"未能读取命令：{field} ")
    assert said.endswith(f" / the command cannot be read: {field}: {en}")
    assert "zzsecret" not in said


def test_a_sentence_names_three_fields_at_most() -> None:
    with pytest.raises(ValidationError) as refused:
        COMMAND.validate_json(b'{"command": "reject", "a": 1, "b": 2}')
    found = unreadable.flaws(refused.value)
    assert len(found) == 6
    assert unreadable.said(found).en.count(";") == 2
