"""`rules check` finds what lint finds, with lines and an exit code."""

import argparse
import json
from pathlib import Path

import pytest

from services.console.rules import check

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
