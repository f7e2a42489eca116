"""History through a candidate, as `rules replay` does it: from the file to the sums. No two cases look the same."""

import csv
import io
import random
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from services.chassis import clock
from services.console.rules import command
from tests.bench.figure import Figure, Say, below

NAME = "replay"
CASES, TYPES, STREETS, UNITS = 100_000, 400, 60, 50
HEADER = ("day", "type", "sub", "street", "community", "text", "unit")


def run(say: Say) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        history, rules = Path(folder) / "history.csv", Path(folder) / "rules.yaml"
        _write(history)
        say(f"learning from {CASES:,} cases")
        columns = ("--category", "type,sub", "--area", "street,community", "--owner", "unit", "--time", "day")
        learnt = _seconds("learn", history, *columns, "--out", rules)
        say(f"{CASES:,} cases through what was learnt")
        alike = _seconds("replay", "--rules", rules, "--against", history, "--json")
        apart = _seconds("replay", "--rules", rules, "--against", history, "--text", "text", "--json")
    return [
        Figure("replay.learn", learnt, "s for 100,000 cases"),
        Figure("replay.cases", alike, "s for 100,000 cases", limit=below(10)),
        Figure("replay.cases_with_text", apart, "s for 100,000 cases", limit=below(10)),
    ]


def _seconds(*arguments: object) -> float:
    began = clock.monotonic()
    with redirect_stdout(io.StringIO()):
        assert command.main([str(one) for one in arguments]) == 0
    return clock.monotonic() - began


def _write(path: Path) -> None:
    """Types that mostly have one unit, some of them one for each street."""
    dice = random.Random(4)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(CASES):
            kind, street = dice.randrange(TYPES), dice.randrange(STREETS)
            unit = kind % UNITS if kind % 3 or dice.random() < 0.1 else street % UNITS
            text = f"第{number}件：{street}号街道的路灯不亮，已经{number % 90}天没人修了，晚上出行很不方便"
            out.writerow((f"2026-{1 + number * 12 // CASES:02}-01", f"类{kind // 20}", f"项{kind}", f"街道{street}",
                          f"社区{street}-{dice.randrange(4)}", text, f"单位{unit}"))  # fmt: skip
