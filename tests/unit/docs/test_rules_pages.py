"""The lines of docs/rules.md and docs/rules-cli.md that a person types are typed; the areas of docs/areas.md are read."""

import re
import shlex
from pathlib import Path

import pytest

from services.chassis import files
from services.console.rules import command
from services.contracts import city as cities

DOCS = Path("docs").resolve()
TYPED = "python -m services router rules "
CITY = Path("deploy/city/pingshan").resolve()
HISTORY = """\
event_type,main_type,sub_type,street,community,dispose_unit,create_time,类别,承办
市政设施,公用部件,路灯,龙田街道,龙田社区,城管和综合执法局,2018-02-01,市政设施/公用部件/路灯,城管和综合执法局
市政设施,公用部件,路灯,碧岭街道,沙湖社区,城管和综合执法局,2018-03-01,市政设施/公用部件/路灯,城管和综合执法局
市政设施,公用部件,路灯,坑梓街道,秀新社区,城管和综合执法局,2018-04-01,市政设施/公用部件/路灯,城管和综合执法局
"""


def blocks(page: str, *kinds: str) -> list[str]:
    found = re.findall(
        r"^```(\w*)\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [text for kind, text in found if kind in kinds]


def typed(page: str) -> list[list[str]]:
    """Every line that begins with `python -m services router rules`, continued lines joined, as words."""
    text = "\n".join(blocks(page, "", "text", "sh")).replace("\\\n", " ")
    lines = (line.strip() for line in text.splitlines())
    return [shlex.split(line.removeprefix(TYPED), comments=True) for line in lines if line.startswith(TYPED)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages name, and no running system."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUBAN_DATABASE_URL", raising=False)
    (tmp_path / "rules.yaml").write_text(blocks("rules.md", "yaml")[0], encoding="utf-8")
    (tmp_path / "candidate.yaml").write_bytes((CITY / "rules.yaml").read_bytes())
    (tmp_path / "history.csv").write_text(HISTORY, encoding="utf-8")
    return tmp_path


def test_a_rule_in_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    check, tried = typed("rules.md")
    assert command.main([*check, "--city", str(CITY)]) == 0
    assert command.main([*tried, "--city", str(CITY)]) == 0
    assert "street-lamps" in capsys.readouterr().out


def test_the_verbs_by_name_do_what_the_page_says(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = typed("rules-cli.md")
    assert [words[0] for words in lines] == ["learn", "replay", "try", "replay", "replay"]
    for words in lines:
        running = words[0] == "replay" and "--against" not in words
        code = command.main([*words, "--city", str(CITY)])
        told = capsys.readouterr()
        assert code == (1 if running else 0), told.err
        assert ("SUBAN_DATABASE_URL" in told.err) is running  # the running system is asked in tests/e2e
    assert (here / "proposal.yaml").exists()


def test_every_verb_has_a_line_in_the_table() -> None:
    text = (DOCS / "rules-cli.md").read_text(encoding="utf-8")
    assert [verb for verb in command.VERBS if f"`{verb}" not in text] == []


def test_the_areas_of_the_page_are_read(here: Path) -> None:
    (example,) = blocks("areas.md", "yaml")
    (here / "areas.yaml").write_text(example, encoding="utf-8")
    read = files.load(here / "areas.yaml", cities.MODELS["areas.yaml"]).value
    codes = [area["code"] for area in read.model_dump()["areas"]]
    assert codes == ["ps", "ps/kengzi", "ps/kengzi/shatian-station"]
