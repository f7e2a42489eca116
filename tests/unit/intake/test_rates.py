"""Token buckets: a minute's worth, refilled evenly, in debt after a batch."""

import pytest

from services.intake.rates import Rates


def test_a_minute_s_worth_and_then_one_at_a_time() -> None:
    rates = Rates()
    assert [rates.take("c", 60, 0.0) for _ in range(60)] == [0.0] * 60
    assert rates.take("c", 60, 0.0) == pytest.approx(1.0)
    assert rates.take("c", 60, 0.5) == pytest.approx(0.5)
    assert rates.take("c", 60, 1.0) == 0.0
    assert rates.take("other", 60, 1.0) == 0.0


def test_a_batch_is_charged_after_it_was_let_in() -> None:
    rates = Rates()
    assert rates.take("c", 60, 0.0) == 0.0
    rates.charge("c", 499)
    assert rates.take("c", 60, 0.0) == pytest.approx(441.0)
    assert rates.take("c", 60, 441.0) == 0.0


def test_no_more_is_saved_than_a_minute_s_worth() -> None:
    rates = Rates()
    rates.take("c", 2, 0.0)
    assert [rates.take("c", 2, 1e6) for _ in range(3)][:2] == [0.0, 0.0]
    assert rates.take("c", 2, 1e6) > 0
