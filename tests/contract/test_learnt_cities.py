"""Duty lists learnt on the first two thirds of three cities' histories, judged on the last third, which they have not seen.

Agreement is right ÷ all cases whose owner is known. Collected only where the histories lie beside the project.
"""

import json
from pathlib import Path

import pytest

from services.console.rules import command

HISTORIES = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("file", "category", "area", "owner", "time", "agreement"),
    [
        ("pingshan_2018.csv", "event_type,main_type,sub_type", "street,community", "dispose_unit", "create_time", 0.62),
        ("nyc311_2025_2026.csv", "complaint_type,descriptor", "borough,incident_zip", "agency", "created_date", 0.995),
        ("boston_2011.csv", "type", "pwd_district", "queue", "open_dt", 0.85),
    ],
)  # fmt: skip
def test_agreement_on_unseen_cases(
    file: str, category: str, area: str, owner: str, time: str, agreement: float, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    history, learnt = str(HISTORIES / file), str(tmp_path / "rules.yaml")
    columns = ["--category", category, "--area", area, "--owner", owner, "--time", time]
    assert command.main(["learn", history, *columns, "--first", "2/3", "--out", learnt]) == 0
    assert command.main(["replay", "--rules", learnt, "--against", history, "--last", "1/3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agreement"] >= agreement
    assert found["coverage"] >= 0.99
