"""`rules check` finds what lint finds, with lines and an exit code."""

import argparse
import json
from pathlib import Path

import pytest

from services.console.rules import check, command

CITY = Path("deploy/city/pingshan")
RULES = """rules:
  - {id: a, note: n, when: {category: [市容环卫]}, then: {lead: urban-management}}
  - id: b
    note: n
    when: {category: [市容环卫]}
    then: {lead: transport}
"""


def asked(path: Path, **more: bool) -> argparse.Namespace:
    return argparse.Namespace(**({"file": path, "city": CITY, "json": True, "strict": False} | more))


def test_a_rule_that_never_decides_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    assert check.main(asked(path)) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    (error,) = [one for one in found if one["severity"] == "error"]
    assert (error["line"], error["rule"], error["code"]) == (3, "b", "unreachable")
    assert "a" in error["reason"]
    assert "第 2 行" in error["reason_zh"]


def test_a_refused_pattern_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES + "    valid_to: 2020-01-01\n", encoding="utf-8")
    assert check.main(asked(path, strict=True)) == 1
    assert "expired" in {one["code"] for one in json.loads(capsys.readouterr().out)["findings"]}
    path.write_text(RULES.replace("category: [市容环卫]}, then", 'pattern: "(?=a)"}, then'), encoding="utf-8")
    assert check.main(asked(path)) == 1
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert one["line"] == 2
    assert "refused" in one["reason"]


def test_a_unit_or_an_area_written_by_its_name_is_told_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "rules:\n  - id: a\n    note: n\n    when: {area: 龙田}\n    then: {lead: 城管局}\n"
        "  - id: b\n    note: n\n    when: {}\n    then: {lead: police}\n",
        encoding="utf-8",
    )
    assert command.main(["check", str(path), "--json"]) == 1
    said = [(one["line"], one["reason"]) for one in json.loads(capsys.readouterr().out)["findings"]]
    assert [line for line, _ in said] == [4, 5]
    assert "longtian" in said[0][1]
    assert "urban-management" in said[1][1]
    path.write_text(
        "rules:\n  - id: b\n    note: n\n    when: {}\n    then: {lead: urban-managment}\n", encoding="utf-8"
    )
    assert command.main(["check", str(path), "--json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert one["reason"].endswith(
        "no department has the slug urban-managment; did you mean urban-management?"
    )
