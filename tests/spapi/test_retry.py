"""Tests of the decision about another attempt."""

from __future__ import annotations

import pytest

from channels_amazon.spapi import operations
from channels_amazon.spapi.operations import Operation
from channels_amazon.spapi.retry import (
    MAX_ATTEMPTS,
    AttemptResult,
    Effort,
    GiveUp,
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
        (READ, AttemptResult(status=500), True),
        (READ, AttemptResult(status=502), True),
        (READ, AttemptResult(status=503), True),
        (READ, AttemptResult(status=504), True),
        (READ, AttemptResult(status=429), True),
        (READ, AttemptResult(status=400), False),
        (READ, AttemptResult(status=403), False),
        (READ, AttemptResult(status=404), False),
        (READ, AttemptResult(status=413), False),
        (READ, AttemptResult(status=302), False),
        (READ, AttemptResult(status=200), False),
        (READ, AttemptResult(step="dns"), True),
        (READ, AttemptResult(step="connect"), True),
        (READ, AttemptResult(step="proxy"), True),
        (READ, AttemptResult(step="timeout"), True),
        (READ, AttemptResult(step="read"), True),
        (READ, AttemptResult(step="tls"), False),
        (WRITE, AttemptResult(status=429), True),
        (WRITE, AttemptResult(step="connect"), True),
        (WRITE, AttemptResult(step="dns"), True),
        (WRITE, AttemptResult(status=500), False),
        (WRITE, AttemptResult(status=503), False),
        (WRITE, AttemptResult(step="timeout"), False),
        (WRITE, AttemptResult(step="read"), False),
        (SAFE_WRITE, AttemptResult(status=503), True),
        (SAFE_WRITE, AttemptResult(step="timeout"), True),
    ],
)
def test_decide_repeats_only_what_is_harmless(
    operation: Operation, outcome: AttemptResult, repeats: bool
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
    assert decide(effort, AttemptResult(status=503), READ, 0.9) == GiveUp()


def test_decide_spares_tokens_that_take_long_to_grow() -> None:
    dear = Effort(attempt=1, elapsed=0.0, budget=20.0, restores_in=178.6)

    for lost in (AttemptResult(status=503), AttemptResult(step="timeout")):
        assert decide(dear, lost, READ, 0.5) == GiveUp()
    # These cost none.
    assert isinstance(decide(dear, AttemptResult(step="connect"), READ, 0.5), Retry)
    assert isinstance(decide(dear, AttemptResult(status=429), READ, 0.5), Retry)


def test_decide_leaves_the_wait_after_429_to_the_bucket() -> None:
    assert decide(FRESH, AttemptResult(status=429), READ, 0.9) == Retry(0.0)


def test_backoff_doubles_to_a_ceiling() -> None:
    assert [backoff(n, 1.0) for n in range(1, 8)] == [0.4, 0.8, 1.6, 3.2, 6.4, 8, 8]


def test_backoff_spreads_between_half_and_whole() -> None:
    assert (backoff(3, 0.0), backoff(3, 1.0)) == (0.8, 1.6)
