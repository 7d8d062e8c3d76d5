"""Tests of the token bucket's arithmetic."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.emulator.model.buckets import EmulatedBucket
from channels_amazon.spapi import bucket as arithmetic
from channels_amazon.spapi.bucket import DELIVERY_SECONDS, Bucket

DEFAULT = 0.0056


def drained(rate: float, burst: float, now: float = 0.0) -> Bucket:
    return Bucket(tokens=0.0, stamp=now, rate=rate, burst=burst)


def test_take_gives_the_burst_then_says_when() -> None:
    bucket = arithmetic.full(DEFAULT, 20, 1000.0)
    for _ in range(20):
        bucket, again = arithmetic.take(bucket, 1000.0)
        assert again is None

    bucket, again = arithmetic.take(bucket, 1000.0)

    assert again == pytest.approx(1000 + DELIVERY_SECONDS + 178.57, abs=0.01)


def test_take_is_granted_at_the_time_it_named() -> None:
    _, again = arithmetic.take(drained(0.016, 15), 10.0)
    assert again is not None

    _, later = arithmetic.take(drained(0.016, 15), again)

    assert later is None


@given(
    rate=st.floats(0.001, 50),
    burst=st.integers(1, 30),
    steps=st.lists(st.floats(0, 100), max_size=60),
)
def test_take_never_gives_more_than_burst_and_refill(
    rate: float, burst: int, steps: list[float]
) -> None:
    bucket, now, granted = arithmetic.full(rate, burst, 0.0), 0.0, 0
    for step in steps:
        now += step
        bucket, again = arithmetic.take(bucket, now)
        granted += again is None

    assert granted <= burst + now * rate + 1e-3


def test_settle_does_not_refill_twice_when_hosts_differ() -> None:
    ahead = arithmetic.refill(drained(1.0, 10), 5.0)
    behind = arithmetic.refill(ahead, 4.0)

    assert arithmetic.refill(behind, 5.0).tokens == pytest.approx(5.0)


def test_settle_recovers_from_a_clock_set_back() -> None:
    bucket = arithmetic.refill(Bucket(0.0, 90_000.0, 1.0, 10, hold_until=90_100.0), 0.0)

    assert arithmetic.take(bucket, 2.0)[1] is None


def test_relearn_says_right_times_at_once() -> None:
    bucket = drained(DEFAULT, 30)

    faster = arithmetic.set_rate(bucket, 0.5, 10.0)

    assert arithmetic.available_at(faster) == pytest.approx(10 + 2, abs=0.2)
    assert faster.tokens == pytest.approx(0.056)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_relearn_ignores_a_senseless_rate(rate: float) -> None:
    assert arithmetic.set_rate(drained(1.0, 5), rate, 9.0) == drained(1.0, 5)


def refuse(bucket: Bucket, now: float) -> Bucket:
    hold = now + arithmetic.hold_seconds(bucket.rate, 0.0)
    return arithmetic.exhaust(bucket, hold, now, default_rate=2.0)


def test_exhaust_holds_for_one_token_and_keeps_the_rate_at_first() -> None:
    bucket = refuse(arithmetic.full(2.0, 10, 0.0), 0.0)

    assert (bucket.tokens, bucket.rate, bucket.hold_until) == (0.0, 2.0, 0.5)
    assert arithmetic.take(bucket, 0.4)[1] == pytest.approx(0.5)
    assert arithmetic.take(bucket, 0.5)[1] is None


def test_exhaust_halves_the_rate_within_three_refusals() -> None:
    bucket, now = arithmetic.full(2.0, 10, 0.0), 0.0
    rates = []
    for _ in range(3):
        bucket = refuse(bucket, now)
        rates.append(bucket.rate)
        now = bucket.hold_until

    assert rates == [2.0, 1.0, 0.5]


def test_exhaust_counts_refusals_of_calls_sent_together_once() -> None:
    bucket = refuse(arithmetic.full(2.0, 10, 0.0), 0.0)

    again = refuse(refuse(bucket, 0.1), 0.2)

    assert (again.strikes, again.rate) == (1, 2.0)


def test_exhaust_stops_at_the_floor_and_header_raises_again() -> None:
    bucket, now = arithmetic.full(2.0, 10, 0.0), 0.0
    for _ in range(40):
        bucket = refuse(bucket, now)
        now = bucket.hold_until
    assert bucket.rate == 2.0 * arithmetic.LOWEST_RATE_SHARE

    raised = arithmetic.set_rate(bucket, 2.0, now)

    assert (raised.rate, raised.strikes) == (2.0, 0)


def test_strikes_are_forgotten_once_the_bucket_was_full() -> None:
    bucket = refuse(arithmetic.full(2.0, 10, 0.0), 0.0)

    assert arithmetic.refill(bucket, 100.0).strikes == 0


@pytest.mark.parametrize(("rate", "burst"), [(5.0, 5), (2.0, 2), (5.0, 10), (0.5, 30)])
def test_amazon_refuses_hardly_any_call_however_long_each_is_on_its_way(
    rate: float, burst: int
) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    ours, now = arithmetic.full(rate, burst, 0.0), 0.0
    received = []
    for number in range(4000):
        again: float | None = now
        while again is not None:
            now = again
            ours, again = arithmetic.take(ours, now)
        # The first call opens the connection. So does one after a while without calls.
        is_first = number % 200 == 0
        received.append(now + (0.2 if is_first else chance.uniform(0.01, 0.12)))
        if number % 200 == 199:
            now += 2 * burst / rate

    theirs = EmulatedBucket(rate, burst, float(burst), datetime.fromtimestamp(0, UTC))
    for at in sorted(received):
        theirs.take(datetime.fromtimestamp(at, UTC))

    assert theirs.refused <= len(received) / 1000
    # What is withheld once after each pause is hardly missed.
    assert now < (len(received) - 20 * burst) / rate + 20 * (2 * burst / rate + 0.5)


def test_whole_burst_is_there_at_once_and_refills_once_it_is_received() -> None:
    bucket = arithmetic.full(5.0, 10, 0.0)
    for _ in range(10):
        bucket, again = arithmetic.take(bucket, 0.0)
        assert again is None

    _, again = arithmetic.take(bucket, 0.0)

    assert again == pytest.approx(DELIVERY_SECONDS + 1 / 5)
