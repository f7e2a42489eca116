"""`rules learn` and `rules replay` from file to file."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from services.console.rules import command

HEADER = ("day", "type", "sub", "street", "unit")
ROWS = [
    *(("2018-02-01", "市政", "路灯", "甲街道", "供电局"),) * 4,
    *(("2018-03-01", "市容", "垃圾", "甲街道", "甲办"),) * 4,
    *(("2018-04-01", "市容", "垃圾", "乙街道", "乙办"),) * 4,
    ("2018-05-01", "市政", "路灯", "乙街道", "供电局"),
    ("2018-05-02", "市容", "垃圾", "乙街道", "乙办"),
    ("2018-05-03", "市容", "垃圾", "甲街道", "乙办"),
    ("2018-05-04", "新事", "-", "-", "供电局"),
    ("2018-05-05", "市容", "垃圾", "甲街道", "-"),
]
BY = ("--category", "type,sub", "--area", "street", "--owner", "unit", "--time", "day")


def rules(*arguments: object) -> int:
    return command.main([str(one) for one in arguments])


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return written(tmp_path / "history.csv", ROWS, "utf-8")


def written(path: Path, rows: Sequence[Sequence[str]], encoding: str) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


@pytest.fixture
def learnt(history: Path, tmp_path: Path) -> Path:
    out = tmp_path / "rules.yaml"
    assert rules("learn", history, *BY, "--until", "2018-05-01", "--out", out, "--city", tmp_path) == 0
    return out


def replayed(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    rules("replay", "--json", *arguments)
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_what_was_learnt_is_judged_on_what_was_not_seen(
    history: Path, learnt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replayed(capsys, "--rules", learnt, "--against", history, "--since", "2018-05-01")
    assert (found["rows"], found["without_owner"], found["right"], found["nobody"]) == (4, 1, 2, 1)
    assert (found["coverage"], found["agreement"]) == (0.75, 0.5)


def test_the_file_stands_by_itself(
    learnt: Path, history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replayed(capsys, "--rules", learnt, "--against", history, "--city", tmp_path / "nowhere")
    assert found["rows"] == 16


def test_the_same_history_gives_the_same_file(history: Path, learnt: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.yaml"
    rules("learn", history, *BY, "--until", "2018-05-01", "--out", again, "--city", tmp_path)
    assert again.read_bytes() == learnt.read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_encodings(learnt: Path, tmp_path: Path, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = written(tmp_path / "other.csv", ROWS, encoding)
    assert replayed(capsys, "--rules", learnt, "--against", other)["rows"] == 16


def test_a_workbook(learnt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, *ROWS):
        book.worksheets[0].append(row)
    book.save(tmp_path / "history.xlsx")
    assert replayed(capsys, "--rules", learnt, "--against", tmp_path / "history.xlsx")["rows"] == 16


def test_another_city_s_columns(learnt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.csv"
    other.write_text("what,finer,where,who\n市政,路灯,甲街道,供电局\n", encoding="utf-8")
    found = replayed(
        capsys,
        "--rules",
        learnt,
        "--against",
        other,
        "--category",
        "what,finer",
        "--area",
        "where",
        "--owner",
        "who",
    )
    assert found["agreement"] == 1.0


def test_over_a_limit(learnt: Path, history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    against = ("replay", "--rules", learnt, "--against", history, "--top", "3")
    assert rules(*against) == 0
    assert "agreement" in capsys.readouterr().out
    assert rules(*against, "--max-moved", "0") == 1
    assert "moved: 1 of 16" in capsys.readouterr().err
    assert rules(*against, "--max-moved", "10%", "--max-nobody", "1") == 0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("--category", "typ", "--owner", "unit"), "did you mean type?"),
        (("--category", "type", "--owner", "承办单位"), "it has day, type, sub, street, unit"),
        (("--category", "type", "--owner", "unit", "--min-support", "99"), "--min-support"),
    ],
)
def test_what_cannot_be_learnt_is_said(
    history: Path, columns: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rules("learn", history, *columns) == 1
    assert said in capsys.readouterr().err


def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "b.xlsx").write_bytes(b"no workbook")
    (tmp_path / "c.csv").write_bytes(b"")
    for name, said in (
        ("a.csv", "UTF-8"),
        ("b.xlsx", "workbook"),
        ("c.csv", "header"),
        ("d.csv", "cannot be read"),
    ):
        assert rules("learn", tmp_path / name, *BY) == 1
        assert said in capsys.readouterr().err


def test_usage(learnt: Path, history: Path) -> None:
    for wrong in (("--first", "3/2"), ("--since", "soon"), ("--max-moved", "many")):
        with pytest.raises(SystemExit) as stopped:
            rules("replay", "--rules", learnt, "--against", history, *wrong)
        assert stopped.value.code == command.USAGE


def test_a_plain_rules_file_needs_columns(history: Path) -> None:
    assert (
        rules("replay", "--rules", "deploy/city/pingshan/rules.yaml", "--against", history) == command.USAGE
    )
