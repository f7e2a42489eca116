"""docs/rules.md: what it shows can be loaded, and what it lists is all there is."""

import re
from pathlib import Path
from typing import get_args

from services.chassis import document, files
from services.contracts.values import Emergency
from services.router import conditions, lint, rules, specificity
from services.router.conditions import When
from services.router.findings import Check, Level
from services.router.rules import DutyList, Rules, Then

PAGE = Path("docs/rules.md").read_text(encoding="utf-8")
CITY = Path("deploy/city/pingshan")


def test_every_example_comes_into_force_in_the_example_city(tmp_path: Path) -> None:
    city = files.load_all(CITY, rules.MODELS, rules.assemble, rules.problems).value.city
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) >= 3
    for example in examples:
        (tmp_path / "rules.yaml").write_text(example, encoding="utf-8")
        read = files.load(tmp_path / "rules.yaml", Rules).value
        lines = document.read(tmp_path / "rules.yaml").line
        found = lint.findings(DutyList(city, read), lines)
        assert [str(one) for one in found if one.level is Level.ERROR] == []


def named(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]


def test_all_conditions_and_actions_are_told_of() -> None:
    stated = {field.alias or name for name, field in When.model_fields.items()}
    assert {name for name in stated if f"`{name}`" not in named("When 条件")} == set()
    given = {field.alias or name for name, field in Then.model_fields.items()}
    assert {name for name in given if not re.search(rf"`{name}[`:]", named("Then 结果"))} == set()
    assert all(f"`{service}`" in named("Then 结果") for service in Emergency)
    assert all(day in get_args(conditions.Weekday) for day in ("sat", "sun"))


def test_the_order_is_the_engines() -> None:
    told = re.findall(r"^\| \d+ \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert told == [name for name, _ in specificity.LINES]


def test_every_finding_is_told_of() -> None:
    assert re.findall(r"^\| `(\w+)` \| (?:error|warning)", PAGE, re.MULTILINE) == [
        "fault", "unreachable", "tie", "prohibited", "expired", "unclaimed",
    ]  # fmt: skip
    assert set(Check) == {"fault", "unreachable", "tie", "prohibited", "expired", "unclaimed"}
