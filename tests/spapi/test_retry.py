"""Tests of the decision about another attempt."""

from __future__ import annotations

import pytest

from channels_amazon.spapi import operations
from channels_amazon.spapi.operations import Operation
from channels_amazon.spapi.retry import (
    MAX_ATTEMPTS,
    Effort,
    GiveUp,
    Outcome,
    Retry,
    backoff,
    decide,
)

READ = operations.GET_ORDER
WRITE = operations.CREATE_SUBSCRIPTION
SAFE_WRITE = operations.PATCH_LISTINGS_ITEM
FRESH = Effort(attempt=1, elapsed=0.0, budget=20.0)


@pytest.mark.parametrize(
    ("operation", "outcome", "repeats"),
    [
        (READ, Outcome(status=500), True),
        (READ, Outcome(status=502), True),
        (READ, Outcome(status=503), True),
        (READ, Outcome(status=504), True),
        (READ, Outcome(status=429), True),
        (READ, Outcome(status=400), False),
        (READ, Outcome(status=403), False),
        (READ, Outcome(status=404), False),
        (READ, Outcome(status=413), False),
        (READ, Outcome(status=302), False),
        (READ, Outcome(status=200), False),
        (READ, Outcome(step="dns"), True),
        (READ, Outcome(step="connect"), True),
        (READ, Outcome(step="proxy"), True),
        (READ, Outcome(step="timeout"), True),
        (READ, Outcome(step="read"), True),
        (READ, Outcome(step="tls"), False),
        (WRITE, Outcome(status=429), True),
        (WRITE, Outcome(step="connect"), True),
        (WRITE, Outcome(step="dns"), True),
        (WRITE, Outcome(status=500), False),
        (WRITE, Outcome(status=503), False),
        (WRITE, Outcome(step="timeout"), False),
        (WRITE, Outcome(step="read"), False),
        (SAFE_WRITE, Outcome(status=503), True),
        (SAFE_WRITE, Outcome(step="timeout"), True),
    ],
)
def test_decide_repeats_only_what_is_harmless(
    operation: Operation, outcome: Outcome, repeats: bool
) -> None:
    verdict = decide(FRESH, outcome, operation, 0.5)

    assert isinstance(verdict, Retry) is repeats


@pytest.mark.parametrize(
    "effort",
    [
        Effort(attempt=MAX_ATTEMPTS, elapsed=0.0, budget=20.0),
        Effort(attempt=1, elapsed=19.9, budget=20.0),
        Effort(attempt=1, elapsed=25.0, budget=20.0),
    ],
)
def test_decide_gives_up_when_attempts_or_time_are_used(effort: Effort) -> None:
    assert decide(effort, Outcome(status=503), READ, 0.9) == GiveUp()


def test_decide_leaves_the_wait_after_429_to_the_bucket() -> None:
    assert decide(FRESH, Outcome(status=429), READ, 0.9) == Retry(0.0)


def test_backoff_doubles_to_a_ceiling() -> None:
    assert [backoff(n, 1.0) for n in range(1, 8)] == [0.4, 0.8, 1.6, 3.2, 6.4, 8, 8]


def test_backoff_spreads_between_half_and_whole() -> None:
    assert (backoff(3, 0.0), backoff(3, 1.0)) == (0.8, 1.6)
