"""Bad input of every kind to `rules …`: an exit code, a sentence in both languages, never a traceback."""

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from services.console.rules import command

CITY = Path("deploy/city/pingshan")
RULES = (CITY / "rules.yaml").read_text(encoding="utf-8")
HEADER = "事项,主办,协办,依据,区域\n"
LINE = "市政设施/公用部件/路灯,城管和综合执法局,,三定,\n"

RULE_FILES: dict[str, bytes] = {
    "gbk": RULES.encode("gb18030"), "utf-16": RULES.encode("utf-16"), "empty": b"", "comment": b"# nothing\n",
    "list": b"- a\n- b\n", "word": b"hello", "tab": b"rules:\n\t- id: a\n", "nul": b"rules:\n  - id: a\0b\n",
    "binary": bytes(range(256)) * 8, "twice": b"rules:\n  - id: a\n    id: b\n", "anchor": b"rules: &a\n  - *a\n",
    "deep": b"rules: " + b"[" * 5000 + b"]" * 5000, "no rules": b"rules: []\n", "null": b"rules:\n",
    "half a rule": b"rules:\n  - id: x\n", "half a proposal": b"source: 3\n",
}  # fmt: skip
TABLES: dict[str, bytes] = {
    "empty": b"", "header only": HEADER.encode(), "no header": b",,,\n1,2,3\n", "utf-16": HEADER.encode("utf-16"),
    "two columns": "事项,主办,主办单位\n市政设施,a,b\n".encode(), "binary": bytes(range(128, 256)) * 20,
    "ragged": (HEADER + "市政设施\n").encode(), "nul": (HEADER + "a\0b,c\n").encode(),
    "open quote": (HEADER + '"open,\n').encode(), "huge cell": (HEADER + "路灯," + "x" * 2_000_000 + ",,,\n").encode(),
    "formulas": (HEADER + '=1+1,=HYPERLINK("x"),,@SUM,\n').encode(),
}  # fmt: skip


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    try:
        code = command.main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    told = capsys.readouterr()
    return code, told.out + told.err


def both_languages(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text) and any(
        "a" <= letter <= "z" for letter in text
    )


@pytest.mark.parametrize(
    "verb", [["check"], ["export"], ["try", "路灯不亮", "--rules"], ["accept", "x", "--proposal"]]
)
@pytest.mark.parametrize("kind", RULE_FILES)
def test_rule_files(kind: str, verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(RULE_FILES[kind])
    code, text = said([*verb, str(path)], capsys)
    assert code == 1
    assert both_languages(text)
    assert "rules.yaml" in text


@pytest.mark.parametrize(
    "make", [lambda text: b"\xef\xbb\xbf" + text.encode(), lambda text: text.replace("\n", "\r\n").encode()]
)
def test_what_windows_writes_is_read(
    make: Callable[[str], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yaml").write_bytes(make(RULES))
    assert said(["check", str(tmp_path / "rules.yaml")], capsys)[0] == 0
    (tmp_path / "duties.csv").write_bytes(make(HEADER + LINE))
    assert said(["import", str(tmp_path / "duties.csv")], capsys)[0] == 0


@pytest.mark.parametrize("kind", TABLES)
def test_tables(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "duties.csv"
    path.write_bytes(TABLES[kind])
    history = ["--category", "事项", "--owner", "主办"]
    for arguments in (
        ["import", str(path)],
        ["learn", str(path), *history, "--time", "主办", "--since", "2026-01-01"],
    ):
        code, text = said(arguments, capsys)
        assert code == 1
        assert both_languages(text)
        assert "duties.csv" in text


@pytest.mark.parametrize("suffix", ["yaml", "csv", "xlsx"])
@pytest.mark.parametrize("what", ["missing", "a directory", "no workbook"])
def test_files_that_are_none(
    what: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"x.{suffix}"
    if what == "a directory":
        path.mkdir()
    elif what == "no workbook":
        path.write_bytes(b"PK\x03\x04 and no more")
    code, text = said(["check" if suffix == "yaml" else "import", str(path)], capsys)
    assert (code, both_languages(text)) == (1, True)


def test_a_workbook_made_by_hand_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A title above the header, one 主办 merged over two lines; a formula that was never calculated is reported."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for cells in (
        ["坪山区事项清单"], ["事项", "主办", "协办", "依据", "区域"], ["市政设施/公用部件/路灯", "城管和综合执法局"],
        ["市政设施/公用部件/景观灯"], ["=A3", "城管和综合执法局"],
    ):  # fmt: skip
        page.append(cells)
    page.merge_cells("A1:E1")
    page.merge_cells("B3:B4")
    book.save(tmp_path / "duties.xlsx")
    code, text = said(["import", str(tmp_path / "duties.xlsx")], capsys)
    assert code == 1
    assert text.count("lead: urban-management") == 2
    assert "duties.xlsx:5" in text
    assert "=A3" in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["try", ""], 2), (["try", "a\0b"], 2), (["try", "\ud800"], 2), (["try", "x", "--at", "99"], 2),
        (["try", "x", "--area", "没有"], 2), (["try", "x", "--category", "没有"], 2), (["try", "x", "--channel", "没有"], 2),
        (["try", "x", "--bounces", "-1"], 2), (["try", "x", "--kind", "foo"], 2), (["frobnicate"], 2), ([], 2),
        (["check", "--frob"], 2), (["check", "--city", "nowhere"], 1), (["log"], 1), (["show"], 1),
        (["apply", str(CITY / "rules.yaml"), "--note", "x"], 1), (["rollback", "abcdef", "--note", "x"], 1), (["shadow"], 1),
        (["replay", "--rules", str(CITY / "rules.yaml")], 1), (["replay", "--rules", str(CITY / "rules.yaml"), "--last", "x"], 2),
        (["replay", "--rules", str(CITY / "rules.yaml"), "--max-moved", "abc"], 2), (["export", "--out", "x.pdf"], 1),
        (["export", "--out", "no/such/folder/x.csv"], 1), (["learn", "x.csv", "--category", "a,b,c,d,e,f", "--owner", "o"], 2),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without settings, so that what reads the running system cannot."""
    monkeypatch.delenv("SUBAN_DATABASE_URL", raising=False)
    found, text = said(arguments, capsys)
    assert (found, both_languages(text)) == (code, True), text
