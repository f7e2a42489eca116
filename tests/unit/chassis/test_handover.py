"""Commands of several topics become one batch in the order the broker took them."""

import random
from datetime import UTC, datetime, timedelta

from services.chassis.handover import _as_taken
from services.chassis.service import Asked

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


def _asked(topic: str, offset: int, second: float | None) -> Asked:
    at = None if second is None else NINE + timedelta(seconds=second)
    return Asked(topic, topic, offset, b"", at)


def test_topics_are_merged_by_the_time_of_appending() -> None:
    mixed = [_asked("a", 1, 3), _asked("a", 2, 5), _asked("b", 7, 1), _asked("b", 8, 4)]
    assert [(one.topic, one.offset) for one in _as_taken(mixed)] == [("b", 7), ("a", 1), ("b", 8), ("a", 2)]


def test_a_topic_keeps_its_order_when_the_broker_s_clock_goes_back() -> None:
    """An offset executed after a higher one of its topic would be dropped as a repeat."""
    for _ in range(50):
        times = [random.choice([None, 1.0, 2.0, 3.0]) for _ in range(6)]
        mixed = [_asked("a", n, at) for n, at in enumerate(times)] + [_asked("b", 1, 2), _asked("b", 2, 1)]
        for topic in "ab":
            offsets = [one.offset for one in _as_taken(mixed) if one.topic == topic]
            assert offsets == sorted(offsets)
