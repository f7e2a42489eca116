"""`rules apply`, `log`, `show`, `rollback`, `shadow` on a real store, as an operator works."""

import asyncio
import json
import shutil
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from services import __main__ as console

CITY = Path("deploy/city/pingshan")
MORE = "\n  - {id: mine, note: a test, when: {channel: [hotline-12345], words: {any: [公园草坪]}, segment: enterprise, kind: help}, then: {lead: police}}\n"


@pytest.fixture(autouse=True)
def store(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBAN_DATABASE_URL", database)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text((CITY / "rules.yaml").read_text(encoding="utf-8") + MORE, encoding="utf-8")
    return path


def rules(*arguments: object) -> int:
    return console.main(["router", "rules", *map(str, arguments)])


def entries(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert rules("log", "--json") == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_applied_shown_and_rolled_back(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("apply", CITY / "rules.yaml", "--author", "甲", "--note", "first") == 0
    assert rules("apply", changed, "--author", "乙", "--note", "会议纪要 12 号") == 0
    newest, oldest = entries(capsys)
    assert (newest["author"], newest["note"], newest["source"]) == ("乙", "会议纪要 12 号", "apply")
    assert rules("show", newest["digest"][:8]) == 0
    assert capsys.readouterr().out == changed.read_text(encoding="utf-8")
    assert rules("show", "--diff") == 0
    assert "+ id: mine" in capsys.readouterr().out
    assert rules("rollback", oldest["digest"][:12], "--author", "甲", "--note", "back") == 0
    back, *_ = entries(capsys)
    assert (back["digest"], back["source"]) == (oldest["digest"], "rollback")
    assert rules("log") == 0
    assert "会议纪要" in capsys.readouterr().out


def test_the_same_set_twice_is_one_entry(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("apply", changed, "--note", "one") == rules("apply", changed, "--note", "two") == 0
    assert len(entries(capsys)) == 1


def test_somebody_was_faster(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("apply", changed, "--note", "one") == 0
    assert rules("apply", CITY / "rules.yaml", "--note", "two", "--expect", "abcdef") == 1
    assert "nothing has changed" in capsys.readouterr().err
    assert len(entries(capsys)) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show",), 2, "no set has been in force"),
        (("show", "abc"), 2, "6 characters"),
        (("show", "abcdef"), 2, "no set that was in force"),
        (("rollback", "abcdef", "--note", "x"), 2, "no set that was in force"),
        (("apply", "nowhere.yaml", "--note", "x"), 1, "nowhere.yaml"),
    ],
)
def test_what_is_not_there(
    arguments: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rules(*arguments) == code
    assert said in capsys.readouterr().err


def test_an_unsound_set_is_refused_with_its_line(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed.write_text(
        changed.read_text(encoding="utf-8").replace("lead: police}}\n", "lead: no-such-unit}}\n"),
        encoding="utf-8",
    )
    assert rules("apply", changed, "--note", "x") == 1
    line = len(changed.read_text(encoding="utf-8").splitlines())
    assert f"mine.yaml:{line}: " in capsys.readouterr().err
    assert entries(capsys) == []


def test_a_shadow_begins_and_ends(changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("shadow") == 0
    assert "no candidate" in capsys.readouterr().out
    assert rules("shadow", changed) == 0
    capsys.readouterr()
    assert rules("shadow", "--json") == 0
    assert json.loads(capsys.readouterr().out)["compared"] == 0
    assert rules("shadow", "--stop") == 0
    assert rules("shadow") == 0
    assert "no candidate" in capsys.readouterr().out
    assert rules("shadow", changed, "--stop") == 2


def test_cases_of_the_running_system_are_taken_by_days(
    changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in (("--since", "2026-01-01"), ("--first", "2/3"), ("--last", "1/3")):
        assert rules("replay", "--rules", changed, *wrong) == 2
        assert "--last 30d" in capsys.readouterr().err


RULED = {
    "id": "precedent-1", "note": "区委办裁决（1）", "when": {"words": {"any": ["桥下路灯"]}, "bounces": {"max": 0}}, "then": {"lead": "urban-management"},
}  # fmt: skip


@pytest.fixture
def ruled(database: str) -> None:
    """A ruling that was saved as a precedent."""

    async def save() -> None:
        conn = await asyncpg.connect(database)
        await conn.execute(
            "INSERT INTO router.precedent (id, case_id, number, made_at, authority, rule)"
            " VALUES ('precedent-1', $1, '20261122-0000-0001', now(), '区委办', $2)",
            uuid4(), json.dumps(RULED),
        )  # fmt: skip
        await conn.close()

    asyncio.run(save())


@pytest.mark.usefixtures("ruled")
def test_what_a_ruling_proposes_is_shown_accepted_and_shown_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = Path(shutil.copy(CITY / "rules.yaml", tmp_path / "rules.yaml"))
    assert rules("check", into, "--json") == 0
    [proposed] = json.loads(capsys.readouterr().out)["proposals"]
    assert (proposed["id"], proposed["case"], proposed["rule"]["then"]) == (
        "precedent-1",
        "20261122-0000-0001",
        {"lead": "urban-management"},
    )
    assert rules("check", into) == 0
    assert "20261122-0000-0001" in capsys.readouterr().out
    assert rules("accept", "precedent-1", "--into", into) == 0
    assert rules("try", "桥下路灯坏了", "--rules", into, "--json") == 0
    assert json.loads(capsys.readouterr().out)["rule"] == "precedent-1"
    assert rules("check", into, "--json") == 0
    assert json.loads(capsys.readouterr().out)["proposals"] == []
