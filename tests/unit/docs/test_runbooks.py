"""Every alert has its page, and a page sends nobody to what is not there: commands, metrics, settings, log lines."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from services import __main__ as services
from services.console import metrics_doc
from services.console.rules.command import VERBS as RULES

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
OPERATIONS = ROOT / "docs" / "operations.md"
SECTIONS = ["Meaning 含义", "Look 看什么", "Do 怎么办", "Over 何时解除"]
COMMAND = re.compile(r"python -m services ([^`\n|]+)")
METRIC = re.compile(r"\b(suban(?::[a-z0-9_]+)+|suban_[a-z0-9_]+)")
SETTING = re.compile(r"\bSUBAN_[A-Z_]+")
LINE = re.compile(r"log lines? (?:is )?`([a-z_]+\.[a-z_]+)`")
PLACEHOLDER = re.compile(r"[A-Z0-9:/.=…]")
BOTH = pytest.mark.parametrize("page", [*PAGES, OPERATIONS], ids=lambda page: page.stem)


def rules() -> Iterator[dict[str, str]]:
    for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def alerts() -> list[str]:
    return [rule["alert"] for rule in rules() if "alert" in rule]


def series() -> set[str]:
    """Every series that services expose or rules record."""
    found = {rule["record"] for rule in rules() if "record" in rule}
    for metric in (one for of_module in metrics_doc.declared().values() for one in of_module):
        endings = ("_bucket", "_sum", "_count", "") if metrics_doc.buckets_of(metric) else ("",)
        found |= {metrics_doc.name_of(metric) + ending for ending in endings}
    return found


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert sorted(alerts()) == [page.stem for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_it_means_what_to_look_at_and_what_to_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert re.search(r"[\u4e00-\u9fff]", text.splitlines()[0])
    assert f"runbooks/{page.name}" in OPERATIONS.read_text(encoding="utf-8")


@BOTH
def test_every_command_exists_with_its_options(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for said in COMMAND.findall(page.read_text(encoding="utf-8")):
        words = said.rstrip(" .;,)'").split()
        if words[0] == "SERVICES":  # a place holder, explained beside it
            continue
        given = [word for word in words if word.startswith("--")]
        verbs = []
        for word in words:
            if word.startswith("-") or PLACEHOLDER.search(word):
                break
            verbs.append(word)
        with pytest.raises(SystemExit) as ended:
            services.main([*verbs, "--help"])
        told = capsys.readouterr().out
        assert ended.value.code == 0, said
        assert [option for option in given if option not in told] == [], said


@BOTH
def test_every_metric_setting_and_log_line_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(METRIC.findall(text)) - series() == set()
    known = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    own = {"SUBAN_GRAFANA_PASSWORD", "SUBAN_POSTGRES_PASSWORD"}  # of the compose file
    assert [name for name in SETTING.findall(text) if name not in known and name not in own] == []
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))
    assert [line for line in LINE.findall(text) if f'"{line}"' not in code] == []


def test_the_check_finds_what_is_not_there() -> None:
    assert METRIC.findall("`suban_no_such_total`, `suban:none:ratio`") == [
        "suban_no_such_total",
        "suban:none:ratio",
    ]
    assert LINE.findall("the log line `no.such` says") == ["no.such"]
    assert COMMAND.findall("`python -m services dead-letters bury`") == ["dead-letters bury"]
    with pytest.raises(SystemExit) as ended:
        services.main(["dead-letters", "bury", "--help"])
    assert ended.value.code == 2
    assert "replay" in RULES
