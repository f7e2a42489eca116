"""Watermarks: what is proven, and what only looks like it."""

from datetime import timedelta

from services.contracts.events import ShardMark, Watermark
from services.sla.marks import PENDING, Marks
from tests.unit.sla.sample import NINE

MINUTE = timedelta(minutes=1)
A, B = "suban.commands.a.v1", "suban.commands.b.v1"


def mark(
    number: int, at: int, commands: dict[str, int] | None = None, parked: tuple[str, ...] = (), shard: int = 0
) -> Watermark:
    """Minutes after nine."""
    return Watermark(
        shards={shard: ShardMark(number=number, at=NINE + at * MINUTE)},
        commands={topic: NINE + minutes * MINUTE for topic, minutes in (commands or {}).items()}, parked=parked,
    )  # fmt: skip


def test_nothing_is_proven_before_the_first_mark() -> None:
    assert Marks().watermark(0, 100) is None


def test_a_mark_counts_once_its_number_is_applied() -> None:
    marks = Marks()
    marks.feed(mark(7, 10))
    assert marks.watermark(0, 6) is None
    assert marks.promised(0) == NINE + 10 * MINUTE
    assert marks.watermark(0, 7) == NINE + 10 * MINUTE


def test_the_least_of_the_shard_and_every_command_topic() -> None:
    marks = Marks([A, B])
    marks.feed(mark(1, 10, {A: 9, B: 4}))
    assert marks.watermark(0, 1) == NINE + 4 * MINUTE


def test_a_command_topic_never_heard_of_proves_nothing() -> None:
    marks = Marks([A, B])
    marks.feed(mark(1, 10, {A: 9}))
    assert marks.watermark(0, 1) is None
    assert marks.missing(0) == {B}


def test_routers_that_read_different_topics_complete_each_other() -> None:
    marks = Marks([A, B])
    marks.feed(mark(1, 10, {A: 9}))
    marks.feed(mark(1, 11, {B: 8}))
    assert marks.watermark(0, 1) == NINE + 8 * MINUTE


def test_an_older_mark_moves_nothing_back() -> None:
    marks = Marks([A])
    marks.feed(mark(5, 20, {A: 19}))
    marks.feed(mark(4, 10, {A: 9}))
    assert marks.watermark(0, 5) == NINE + 19 * MINUTE
    marks.feed(mark(4, 12, {A: 11}))
    assert marks.watermark(0, 5) == NINE + 19 * MINUTE


def test_command_progress_counts_only_with_the_number_read_after_it() -> None:
    """The shard was skipped when the command was executed: its event has a number we have not seen."""
    marks = Marks([A])
    marks.feed(mark(5, 10, {A: 10}))
    marks.feed(mark(9, 20, {A: 20}))
    assert marks.watermark(0, 5) == NINE + 10 * MINUTE


def test_shards_are_apart() -> None:
    marks = Marks()
    marks.feed(mark(1, 10, shard=2))
    assert marks.watermark(0, 1) is None
    assert marks.watermark(2, 1) == NINE + 10 * MINUTE


def test_a_parked_case_is_held_at_once_and_let_go_with_the_number() -> None:
    marks = Marks()
    marks.feed(mark(5, 10, parked=("x",)))
    assert marks.held(0, 4) == {"x"}
    marks.feed(mark(6, 11))
    assert marks.held(0, 5) == {"x"}
    assert marks.held(0, 6) == frozenset()


def test_an_older_mark_lets_nothing_go() -> None:
    marks = Marks()
    marks.feed(mark(6, 11, parked=("x",)))
    marks.feed(mark(6, 10))
    assert marks.held(0, 6) == {"x"}


def test_far_behind_it_keeps_a_bounded_number_of_marks_all_along_the_way() -> None:
    marks = Marks()
    for number in range(10 * PENDING):
        marks.feed(mark(number, number))
    for applied in range(100, 10 * PENDING, 100):
        proven = marks.watermark(0, applied)
        assert proven is not None
        assert timedelta(0) <= NINE + applied * MINUTE - proven <= 40 * MINUTE
    assert marks.watermark(0, 10 * PENDING) == NINE + (10 * PENDING - 1) * MINUTE


def test_a_department_that_comes_later_binds_from_its_first_mark() -> None:
    marks = Marks([A])
    marks.city_changed([A, B])
    marks.feed(mark(1, 10, {A: 10}))
    assert marks.watermark(0, 1) == NINE + 10 * MINUTE
    marks.feed(mark(1, 20, {A: 20, B: 15}))
    assert marks.watermark(0, 1) == NINE + 15 * MINUTE


def test_a_department_that_leaves_binds_no_more() -> None:
    marks = Marks([A, B])
    marks.feed(mark(1, 10, {A: 10}))
    marks.city_changed([A])
    assert marks.watermark(0, 1) == NINE + 10 * MINUTE
