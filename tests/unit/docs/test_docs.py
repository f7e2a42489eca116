"""The documents say what is there: links, make verbs, tests, endpoints."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md"))
)
ARCHITECTURE = "docs/architecture.md"
PRODUCED = ("docs/performance.md",)  # comes with the first full bench
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
VERB = re.compile(r"(?:^|[`\s;(])(?:[A-Z_]+=\S+ )*make ([a-z]+)(?=[`\s;,:.)|]|$)", re.MULTILINE)
SPANS = re.compile(r"`[^`\n]+`|^```.*?^```|^ {4}make .*$|^make .*$", re.MULTILINE | re.DOTALL)
TEST_ID = re.compile(r"tests/[\w/]+\.py(?:::\w+)+")
TEST_FILE = re.compile(r"tests/[\w/]+\.py")
CALL = re.compile(r"(?:\$(?:INTAKE|ROUTER|SLA|NOTIFY)|127\.0\.0\.1:810[1-4])(/v1/[^\s\"'`?]*)")
NAMED = re.compile(r"\b(?:GET|POST) (/v1/[^\s\"'`?…]*)")


@cache
def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(document: str) -> set[str]:
    """Headings as the forges link them: lower case, blanks to hyphens, punctuation dropped."""
    plain = (heading.lower().replace("`", "") for heading in HEADING.findall(FENCE.sub("", text(document))))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def broken(document: str) -> Iterator[str]:
    """Links of the document that lead nowhere."""
    for target in LINK.findall(FENCE.sub("", text(document))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        place = (ROOT / document).parent / path if path else ROOT / document
        known = place.exists() or place.resolve().relative_to(ROOT).as_posix() in PRODUCED
        if not known or (anchor and anchor not in anchors(place.resolve().relative_to(ROOT).as_posix())):
            yield target


def functions(path: Path) -> set[str]:
    """Test functions of a file, those of a class with its name before: `test_a`, `TestB::test_c`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {f"{node.name}::{one.name}" for one in inner}
    return found


@cache
def verbs() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


@cache
def paths() -> tuple[re.Pattern[str], ...]:
    """Every path of every door as a pattern; a variable part is one step."""
    described = (json.loads(path.read_text()) for path in (ROOT / "docs" / "openapi").glob("*.json"))
    return tuple(re.compile(_pattern(path)) for one in described for path in one["paths"])


def _pattern(path: str) -> str:
    steps = re.split(r"(\{[^}]*\})", path)
    return "".join("[^/:]+" if step.startswith("{") else re.escape(step) for step in steps)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    assert list(broken(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_verb_is_one(document: str) -> None:
    said = {verb for span in SPANS.findall(text(document)) for verb in VERB.findall(span)}
    assert said <= verbs()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_is_there(document: str) -> None:
    for named in TEST_ID.findall(text(document)):
        file, _, function = named.partition("::")
        assert function in functions(ROOT / file), named
    assert all((ROOT / file).exists() for file in TEST_FILE.findall(text(document)))


def test_the_invariants_are_at_most_twelve_and_each_is_guarded() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\|(.*)\|$", text(ARCHITECTURE), re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert 0 < len(rows) <= 12
    assert all(TEST_ID.search(guard) for _, guard in rows)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_endpoint_that_is_called_is_described(document: str) -> None:
    if not paths():
        pytest.skip("docs/openapi is not there")
    called = {*CALL.findall(text(document)), *NAMED.findall(text(document))}
    assert [path for path in called if not any(one.fullmatch(path.rstrip(".,;:")) for one in paths())] == []


def test_the_two_readmes_run_the_same_commands() -> None:
    """What is said may differ, what is run and answered not."""
    english, chinese = (_commands(name) for name in ("README.md", "README.zh-CN.md"))
    assert english == chinese


def _commands(document: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", text(document), re.MULTILINE | re.DOTALL)
    return [re.sub(r" *#.*$", "", line) for block in blocks for line in block.splitlines()]
