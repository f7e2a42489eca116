"""Retries, and doubt by written policy (delivery rule 12)."""

from datetime import timedelta
from typing import Literal

import pytest

from services.notify import fate
from services.notify.fate import (
    Again,
    Answer,
    Dropped,
    Failed,
    InDoubt,
    NeverSeen,
    NotNow,
    Refused,
    Send,
    Sent,
    Taken,
    Unknown,
)

S = timedelta(seconds=1)
POLICY = fate.RetryPolicy(attempts=4, first=2 * S, longest=10 * S)


def test_pauses_double_up_to_the_longest() -> None:
    assert [POLICY.pause(n) / S for n in range(1, 6)] == [2, 4, 8, 10, 10]
    assert POLICY.pause(10_000) == 10 * S


def test_what_was_not_taken_is_tried_again_until_it_is_given_up() -> None:
    assert fate.settle(NotNow("busy"), 1, POLICY) == Again(2 * S, "busy")
    assert fate.settle(NotNow("busy"), 4, POLICY) == Failed("given_up:busy")


def test_a_providers_wish_to_wait_is_kept() -> None:
    assert fate.settle(NotNow("busy", 60 * S), 1, POLICY) == Again(60 * S, "busy")


def test_a_refusal_is_final() -> None:
    assert fate.settle(Refused("bad number"), 1, POLICY) == Failed("bad number")
    assert fate.settle(Taken("7"), 3, POLICY) == Sent("7")


def test_an_unknown_fate_is_a_doubt_never_a_retry() -> None:
    assert fate.settle(Unknown("no_answer"), 1, POLICY) == InDoubt(2 * S, "no_answer")


@pytest.mark.parametrize(
    ("answer", "drops_repeats", "on_unknown", "verdict"),
    [
        (Taken("9"), False, "drop", Sent("9")),
        (NeverSeen(), False, "drop", Send()),
        (Unknown(""), True, "drop", Send()),
        (Unknown(""), False, "resend", Send()),
        (Unknown(""), False, "drop", Dropped("fate_unknown")),
    ],
)
def test_a_doubt_is_settled_by_policy(
    answer: Answer, drops_repeats: bool, on_unknown: Literal["resend", "drop"], verdict: Sent | Send | Dropped
) -> None:
    assert fate.resolve(answer, drops_repeats, on_unknown, 2, POLICY) == verdict


@pytest.mark.parametrize("answer", [NeverSeen(), Unknown("")])
def test_doubt_ends(answer: Answer) -> None:
    assert fate.resolve(answer, True, "resend", POLICY.attempts + 1, POLICY) == Dropped("fate_unknown")
