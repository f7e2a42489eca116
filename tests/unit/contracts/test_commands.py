"""Commands as they are said: what has no words is not said."""

import pytest
from pydantic import ValidationError

from services.contracts.commands import COMMAND

BLANKS = (" ", "\n\t", "\u200b", "\u3000\u200b ")


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "said",
    [
        {"command": "respond", "basis": "public_message", "public_text": "…"},
        {"command": "respond", "basis": "logged_contact", "contact_note": "…"},
        {"command": "return", "reason_code": "other", "grounds": "…"},
        {"command": "resolve", "kind": "fixed", "public_text": "…"},
    ],
    ids=lambda said: str(said["command"]),
)
def test_blanks_are_no_words_and_stop_no_clock(said: dict[str, str], blank: str) -> None:
    asked = {"case": "20261122-EG9M-9W7V", "command_id": "c-1", **said}
    assert COMMAND.validate_python(asked).command == said["command"]
    with pytest.raises(ValidationError) as refused:
        COMMAND.validate_python({name: blank if value == "…" else value for name, value in asked.items()})
    assert refused.value.errors()[0]["type"] == "blank"
