"""The rules engine alone, in one process: speed beside zen-engine's, building, loading, and agreement with the law.

`python -m tests.bench rules`; PAIRS=1000000 is how many random (duty list, case) pairs are compared with reference.py.
Every figure in µs is the mean of a whole pass over 5,000 cases that the engine has not met, the best of eight passes
over different ones, with the explanation built: which conditions held, where words stand, what came near.
"""

import gc
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import Any

from services.chassis import run as chassis
from services.chassis.clock import monotonic
from services.router import ruleset, state
from services.router.facts import Chosen, Facts
from services.router.ruleset import RuleSet
from tests.bench import duty, duty_files, peer_zen
from tests.bench.duty import City
from tests.bench.figure import Figure, Limit, Say, against, below, ratio_at_least

NAME = "rules"
CASES = 5_000
PASSES = 8
BATCH = 100
PEER = "zen-engine, the same rules"
SPLIT = "zen-engine, levels split into columns by hand"
LIMITS = {100: below(4), 1_000: None, 10_000: below(10)}
PEER_CASES = {100: 2_000, 1_000: 500, 10_000: 200}
CHARACTERS = 600
SET, WORKERS = 200, 2  # cases for each random duty list; processes


def mean(judge: Callable[[Any], object], cases: Sequence[Any], renewed: Callable[[Any], Any]) -> float:
    """Microseconds of processor a case. As in the service a batch is read, then judged: what is judged lies at hand."""
    took = 0.0
    for start in range(0, len(cases), BATCH):
        batch = [renewed(case) for case in cases[start : start + BATCH]]
        began = process_time()
        for case in batch:
            judge(case)
        took += process_time() - began
    return took / len(cases) * 1e6


def read_again(facts: Facts) -> Facts:
    """The same, newly made."""
    return facts._replace(text=facts.text[:1] + facts.text[1:])


def speed(rules: int, say: Say) -> list[Figure]:
    say(f"rules: {rules:,} rules, {CASES:,} cases a pass")
    city = City(rules)
    cases = city.cases(CASES * (PASSES + 1))
    known = ruleset.compiled(city.rules)
    _bind(known)
    chassis.tame_collector()  # as the services run
    usual = _passes(known, cases)
    few = PEER_CASES[rules]
    peer, by_hand = (_peer(city, known, cases[:few], split=split) for split in (False, True))
    name = f"rules.{rules}"
    figures = [against(name, usual, "µs a case", PEER, peer, LIMITS[rules])]
    if rules == max(LIMITS):
        rate = 1e6 / usual
        figures.append(against(f"{name}.rate", rate, "cases/s", PEER, 1e6 / peer, ratio_at_least(15)))
        figures.append(against(f"{name}.rate.split", rate, "cases/s", SPLIT, 1e6 / by_hand))
    return figures


def many_beginnings(say: Say) -> Figure:
    """The same at the most rules, where words begin with as many characters as in a dictionary."""
    rules = max(LIMITS)
    say(f"rules: {rules:,} rules whose words begin with {CHARACTERS} characters")
    city = City(rules, duty.usual(CHARACTERS))
    known = ruleset.compiled(city.rules)
    _bind(known)
    chassis.tame_collector()
    cases = city.cases(CASES * (PASSES + 1))
    return Figure(f"rules.{rules}.many_beginnings", _passes(known, cases), "µs a case")


def _bind(rules: RuleSet) -> None:
    for category in (None, *duty.categories()):
        _ = rules.deciding[category]


def _passes(rules: RuleSet, cases: Sequence[Facts]) -> float:
    """The first pass warms up; each later one has cases of its own."""
    passes = [cases[start : start + CASES] for start in range(0, len(cases), CASES)]
    return min([mean(lambda case: ruleset.judge(rules, case), some, read_again) for some in passes][1:])


def _peer(city: City, rules: RuleSet, cases: Sequence[Facts], *, split: bool) -> float:
    """Its best of three, once it has been seen to say the same."""
    peer = peer_zen.Peer(city.rules, split=split)
    asked = [peer_zen.asked(case) for case in cases]
    for case, columns in zip(cases[:500], asked, strict=False):
        found = ruleset.judge(rules, case)
        said = found.rule.id if isinstance(found, Chosen) else None
        if said != peer.judge(columns):
            raise AssertionError(f"the peer was given other rules: {case}")
    return min(mean(peer.judge, asked, dict) for _ in range(PASSES))


def building(say: Say) -> list[Figure]:
    say("rules: building and loading 10,000")
    city = City(10_000)
    gc.collect()
    gc.freeze()
    began = monotonic()
    rules = ruleset.compiled(city.rules)
    built = monotonic() - began
    _bind(rules)
    bound = monotonic() - began
    with tempfile.TemporaryDirectory() as folder:
        size = duty_files.write(Path(folder), city)
        say(f"rules: {size / 1e6:.1f} MB of rules.yaml")
        began = monotonic()
        state.load(Path(folder))
        loaded = monotonic() - began
    return [
        Figure("rules.build", built, "s", limit=below(1)),
        Figure("rules.build.all_books", bound, "s"),
        Figure("rules.load", loaded, "s", limit=below(3)),
    ]


def agreement(say: Say) -> list[Figure]:
    pairs = int(os.environ.get("PAIRS", "1000000"))
    sets = pairs // SET // WORKERS
    say(f"rules: {pairs:,} random pairs against the reference")
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_mismatches, range(WORKERS), [sets] * WORKERS))
    return [
        Figure("rules.compared", float(sets * SET * WORKERS), "pairs"),
        Figure("rules.mismatches", float(sum(found)), "pairs", limit=Limit("value", "<", 1)),
    ]


def _mismatches(worker: int, sets: int) -> int:
    from tests.unit.router import random_law

    return sum(1 for _ in random_law.mismatches(duty.SEED * 10 + worker, sets, SET))


def run(say: Say) -> list[Figure]:
    figures = [figure for rules in LIMITS for figure in speed(rules, say)]
    return [*figures, many_beginnings(say), *building(say), *agreement(say)]
