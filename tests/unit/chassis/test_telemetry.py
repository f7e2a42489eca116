"""The redaction processor: nothing of a citizen gets into a line, whoever wrote it."""

import pytest

from services.chassis import telemetry


def _clean(**line: object) -> dict[str, object]:
    found: dict[str, object] = telemetry.redact(None, "info", dict(line))
    return found


@pytest.mark.parametrize("field", sorted(telemetry.FORBIDDEN))
def test_forbidden_fields_are_dropped(field: str) -> None:
    assert field not in _clean(**{field: "x"}, event="e")


@pytest.mark.parametrize("number", ["13800001234", "+86 138 0000 1234", "0755-28221234", "138-0000-1234"])
def test_numbers_are_hidden_wherever_they_stand(number: str) -> None:
    line = _clean(event=f"call {number} now", error=f"ValueError({number})", odd={"deep": [number]})
    assert number not in str(line)


def test_ids_and_public_numbers_stay() -> None:
    line = _clean(
        case_id="0b6f8b5e-28f6-5c8e-9d7f-0f8f4d8a1234",
        number="20261122-7K3M-9QX2",
        event="case",
        count=12345678,
    )
    assert line["case_id"].endswith("1234")  # type: ignore[attr-defined]
    assert line["number"] == "20261122-7K3M-9QX2"
    assert line["count"] == 12345678


def test_what_was_raised_is_named_without_its_message() -> None:
    try:
        raise ValueError("王先生 says it leaks")
    except ValueError as error:
        line = telemetry.broken(
            None, "error", {"event": "e", "exc_info": (ValueError, error, error.__traceback__)}
        )
    assert "ValueError in test_what_was_raised" in line["exception"]
    assert "test_telemetry.py" in line["frames"]
    assert "王" not in str(line)
    assert "exc_info" not in line
