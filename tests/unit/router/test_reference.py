"""The engine against the law as it is written, over random duty lists and cases."""

from tests.unit.router import random_law

SETS, CASES = 500, 100


def test_fifty_thousand_random_pairs_agree() -> None:
    assert next(random_law.mismatches(20261122, SETS, CASES), None) is None
