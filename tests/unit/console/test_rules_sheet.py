"""`rules import`, `export` and `try`, from file to file, and cells that a spreadsheet must not run."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.rules import command, sheet
from services.router import drafts

CITY = Path("deploy/city/pingshan")


def rules(*arguments: object) -> int:
    return command.main([str(one) for one in arguments])


@given(st.text(max_size=5) | st.from_regex(r"\A'{0,3}[=+@-].{0,3}\Z"))
def test_cells_there_and_back(cell: str) -> None:
    assert sheet.plain(sheet.safe(cell)) == cell
    assert not sheet.safe(cell).startswith(sheet.FORMULA)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_city_s_rules_there_and_back(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table, back = tmp_path / f"duties{suffix}", tmp_path / "back.yaml"
    assert rules("export", "--out", table) == 0
    assert "say more than a table can" in capsys.readouterr().err
    assert rules("import", table, "--out", back) == 0
    ours = {rule.id: rule for rule in drafts.load(CITY / "rules.yaml", CITY).duty.rules.rules}
    theirs = drafts.load(back, CITY).duty.rules.rules
    assert theirs
    assert all(ours[rule.id] == rule for rule in theirs)


def test_a_table_in_gb18030_with_a_line_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "事项.csv", tmp_path / "rules.yaml"
    lines = "事项,主办,协办,依据,区域\n市容环卫/垃圾问题,城管和综合执法局,,条例,坪山街道\n垃圾,没有的局,,,\n"
    table.write_bytes(lines.encode("gb18030"))
    assert rules("import", table, "--out", out) == 1
    said = capsys.readouterr().err
    assert "事项.csv:3" in said
    assert "没有的局" in said
    assert [rule.then.lead for rule in drafts.load(out, CITY).duty.rules.rules] == ["urban-management"]


def test_a_table_without_the_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    assert rules("import", tmp_path / "a.csv") == 1
    assert "事项, 主办" in capsys.readouterr().err
    assert rules("export", "--out", tmp_path / "a.pdf") == 1


def test_one_request_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("try", "路灯不亮 锦龙大道", "--area", "龙田街道", "--at", "2026-11-23T09:00") == 0
    shown = capsys.readouterr().out
    assert "words-lamps" in shown
    assert "路灯" in shown
    assert rules("try", "路灯不亮", "--json", "--at", "2026-11-23T09:00") == 0
    assert '"lead": "urban-management"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [("--area", "火星"), ("--category", "没有"), ("--channel", "nowhere"), ("--at", "soon")]
)
def test_what_cannot_be_tried(wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("try", "路灯不亮", *wrong) == command.USAGE
    assert wrong[1] in capsys.readouterr().err
