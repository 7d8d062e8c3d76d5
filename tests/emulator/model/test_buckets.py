"""The token buckets: their arithmetic, their headers, their refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.emulator.model.buckets import (
    DEFAULT_PLANS,
    BucketKey,
    Buckets,
    Scope,
    UsagePlan,
)
from channels_amazon.emulator.server import Emulator

from ..caller import sign_in

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = BucketKey("searchOrders", "app", "seller", "na")
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"


def test_bucket_starts_full_and_refills_at_its_rate() -> None:
    buckets = Buckets()
    assert [buckets.take(KEY, NOW) for _ in range(21)] == [True] * 20 + [False]
    assert not buckets.take(KEY, NOW + timedelta(seconds=178))
    assert buckets.take(KEY, NOW + timedelta(seconds=179))


def test_bucket_never_holds_more_than_its_burst() -> None:
    buckets = Buckets()
    buckets.take(KEY, NOW)
    later = NOW + timedelta(days=30)
    assert sum(buckets.take(KEY, later) for _ in range(30)) == 20


def test_bucket_settles_at_the_old_rate_before_a_new_one_counts() -> None:
    buckets = Buckets()
    for _ in range(20):
        buckets.take(KEY, NOW)
    buckets.set_plan(Scope("searchOrders"), 1.0, 20)
    assert not buckets.take(KEY, NOW)
    assert buckets.take(KEY, NOW + timedelta(seconds=1))


def test_buckets_of_two_sellers_are_apart() -> None:
    buckets = Buckets()
    other = BucketKey("searchOrders", "app", "other", "na")
    for _ in range(20):
        buckets.take(KEY, NOW)
    assert buckets.take(other, NOW)


@pytest.mark.parametrize(
    ("operation", "rate", "burst"),
    [("searchOrders", 0, 1), ("searchOrders", 1, 0), ("unheardOf", 1, 1)],
)
def test_plan_refuses_nonsense(operation: str, rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match=r"rate|operation"):
        Buckets().set_plan(Scope(operation), rate, burst)


def test_plan_of_one_region_leaves_the_others() -> None:
    buckets = Buckets()
    buckets.set_plan(Scope("getOrder", "eu"), 9, 9)
    assert buckets.plan("getOrder", "eu") == UsagePlan(9, 9, 9)
    plan = buckets.plan("getOrder", "na")
    assert (plan.rate, plan.burst) == DEFAULT_PLANS["getOrder"]


def test_exhausted_bucket_answers_as_amazon_does(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    replies = [caller.get(PARTICIPATIONS) for _ in range(16)]
    assert [reply.status for reply in replies] == [200] * 15 + [429]
    refused = replies[-1]
    assert refused.error == {
        "code": "QuotaExceeded",
        "message": "You exceeded your quota for the requested resource.",
        "details": "",
    }
    assert "x-amzn-RateLimit-Limit" not in refused.headers
    assert "Retry-After" not in refused.headers
    assert refused.headers["x-amzn-RequestId"]


def test_rate_header_stands_on_good_and_bad_requests(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    found = caller.get(PARTICIPATIONS)
    missing = caller.get("/orders/2026-01-01/orders/000-0000000-0000000")
    assert (found.status, found.headers["x-amzn-RateLimit-Limit"]) == (200, "0.016")
    assert (missing.status, missing.headers["x-amzn-RateLimit-Limit"]) == (404, "0.5")


def test_calls_and_refusals_are_counted(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    for _ in range(17):
        caller.get(PARTICIPATIONS)
    count = emulator.state.calls["getMarketplaceParticipations"]
    assert (count.calls, count.throttled) == (17, 2)


def test_bucket_refills_as_simulated_time_passes(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    for _ in range(15):
        caller.get(PARTICIPATIONS)
    emulator.advance(63)
    assert caller.get(PARTICIPATIONS).status == 200
    assert caller.get(PARTICIPATIONS).status == 429


def test_fast_clock_scales_the_rates() -> None:
    with Emulator(speed=60) as fast:
        reply = sign_in(fast).get("/orders/2026-01-01/orders/000-0000000-0000000")
    assert reply.headers["x-amzn-RateLimit-Limit"] == "30.0"


def test_bucket_counts_what_it_gave_and_might_have_given() -> None:
    buckets = Buckets()
    buckets.take(KEY, NOW)
    buckets.mark(NOW)
    for second in range(40):
        buckets.take(KEY, NOW + timedelta(seconds=10 * second))
    ((_, bucket),) = buckets.refilled(NOW + timedelta(seconds=400))
    assert (bucket.granted, bucket.refused) == (21, 19)
    assert bucket.offered == pytest.approx(19 + 400 * 0.0056)


def test_bucket_first_used_late_might_have_given_from_the_mark_on() -> None:
    buckets = Buckets()
    buckets.mark(NOW)
    buckets.take(KEY, NOW + timedelta(seconds=1000))
    ((_, bucket),) = buckets.refilled(NOW + timedelta(seconds=1000))
    assert bucket.offered == pytest.approx(20 + 1000 * 0.0056)


def test_new_plan_acts_from_its_moment_on() -> None:
    buckets = Buckets()
    for _ in range(20):
        buckets.take(KEY, NOW)
    buckets.set_plan(Scope("searchOrders"), 1.0, 20, now=NOW + timedelta(seconds=10))
    ((_, bucket),) = buckets.refilled(NOW + timedelta(seconds=20))
    assert bucket.tokens == pytest.approx(10 * 0.0056 + 10)


def test_plan_of_one_seller_leaves_the_others() -> None:
    buckets = Buckets()
    buckets.set_plan(Scope("*", seller_id="seller"), 0.001, 1)
    other = BucketKey("searchOrders", "app", "other", "na")
    assert [buckets.take(KEY, NOW) for _ in range(2)] == [True, False]
    assert [buckets.take(other, NOW) for _ in range(2)] == [True, True]


@pytest.mark.parametrize(
    ("header", "limit"), [("new", "0.25"), ("former", "0.5"), ("none", None)]
)
def test_rate_header_follows_the_chosen_kind(
    emulator: Emulator, header: str, limit: str | None
) -> None:
    emulator.control("limits", operation="getOrder", rate=0.25, burst=1, header=header)
    caller = sign_in(emulator)
    path = "/orders/2026-01-01/orders/000-0000000-0000000"
    first, second = caller.get(path), caller.get(path)
    assert first.headers.get("x-amzn-RateLimit-Limit") == limit
    assert (first.status, second.status) == (404, 429)


def test_control_tells_the_use_of_the_quota(emulator: Emulator) -> None:
    emulator.control("buckets", mark=True)
    caller = sign_in(emulator)
    for _ in range(16):
        caller.get(PARTICIPATIONS)
    (counts,) = emulator.control("buckets")["buckets"]
    assert (counts["granted"], counts["refused"]) == (15, 1)
    assert counts["offered"] == pytest.approx(15, abs=0.5)
