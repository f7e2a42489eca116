"""`rules accept`: a proposed rule goes into rules.yaml, whole and sound, or not at all; `rules check` of what it became."""

import json
import shutil
from pathlib import Path

import pytest

from services.console.rules import command
from services.router import drafts

CITY = Path("deploy/city/pingshan")
HISTORY = "type,street,unit\n" + "市容环卫,龙田街道,教育局\n" * 3 + "市容环卫,马峦街道,没有的局\n" * 3


def rules(*arguments: object) -> int:
    return command.main([str(one) for one in arguments])


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUBAN_DATABASE_URL", raising=False)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return Path(shutil.copy(CITY / "rules.yaml", tmp_path / "rules.yaml"))


@pytest.fixture
def proposed(tmp_path: Path) -> Path:
    history, out = tmp_path / "history.csv", tmp_path / "proposal.yaml"
    history.write_text(HISTORY, encoding="utf-8")
    assert (
        rules("learn", history, "--category", "type", "--area", "street", "--owner", "unit", "--out", out)
        == 0
    )
    return out


def id_of(proposed: Path, lead: str) -> str:
    """The rule whose unit the city knows under this slug, or, for any other word, the one whose it does not."""
    found = drafts.load(proposed, CITY).duty.rules.rules
    return next(rule.id for rule in found if (rule.then.lead == "education") is (lead == "education"))


def test_a_rule_of_a_proposal_is_taken(proposed: Path, into: Path) -> None:
    before, id_ = into.read_text(encoding="utf-8"), id_of(proposed, "education")
    assert rules("accept", id_, "--proposal", proposed, "--into", into) == 0
    after = into.read_text(encoding="utf-8")
    assert after.startswith(before.rstrip("\n"))
    last = drafts.load(into, CITY).duty.rules.rules[-1]
    assert (last.id, last.then.lead) == (id_, "education")
    assert rules("accept", id_, "--proposal", proposed, "--into", into) == 1  # its id is taken now
    assert into.read_text(encoding="utf-8") == after


def test_a_rule_that_names_what_the_city_lacks_is_not(
    proposed: Path, into: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = into.read_bytes()
    assert rules("accept", id_of(proposed, "other"), "--proposal", proposed, "--into", into) == 1
    assert "no department has the slug unit-" in capsys.readouterr().err
    assert into.read_bytes() == before


def test_nobody_proposes_it(proposed: Path, into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("accept", "mine", "--proposal", proposed, "--into", into) == command.USAGE
    assert "nobody proposes mine" in capsys.readouterr().err


def test_check_says_file_and_line(into: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into.write_text(
        into.read_text(encoding="utf-8") + "\n  - {id: mine, note: x, when: {}, then: {lead: nobody-here}}\n",
        encoding="utf-8",
    )
    line = len(into.read_text(encoding="utf-8").splitlines())
    assert rules("check", into, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    [finding] = said["findings"]
    assert (finding["severity"], finding["file"], finding["line"]) == ("error", "rules.yaml", line)
    assert said["proposals"] == []
    assert rules("check", into) == 1
    assert f"rules.yaml:{line}" in capsys.readouterr().err


def test_check_of_the_example_city_and_of_a_proposal(proposed: Path) -> None:
    assert rules("check") == 0
    assert rules("check", proposed) == 0
