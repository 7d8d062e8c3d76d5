"""Tests of tokens, quota buckets and call records in the database."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from channels_amazon.models import AccessToken, ApiCall, QuotaBucket
from channels_amazon.services.amazon_client.quota_buckets import DatabaseBuckets
from channels_amazon.services.amazon_client.stores import (
    DatabaseRecorder,
    DatabaseTokens,
)
from channels_amazon.spapi.recorder import CallRecord
from channels_amazon.spapi.throttle import InMemoryBuckets
from tests import builders
from tests.processes import Processes

HERE = "tests.services.amazon_client.test_stores"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.django_db
def test_token_is_loaded_as_saved_and_encrypted_at_rest() -> None:
    tokens = DatabaseTokens()
    tokens.save("account:1", "Atza|first", NOW)
    tokens.save("account:1", "Atza|second", NOW + HOUR)
    stored = tokens.load("account:1")
    assert stored is not None
    assert (stored.token, stored.expires_at) == ("Atza|second", NOW + HOUR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM channels_amazon_accesstoken")
        assert b"Atza" not in bytes(cursor.fetchone()[0])


@pytest.mark.django_db
def test_token_whose_key_is_lost_counts_as_none() -> None:
    tokens = DatabaseTokens()
    tokens.save("account:1", "Atza|first", NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE channels_amazon_accesstoken SET token = %s", [b"gAAA"])
    assert tokens.load("account:1") is None
    tokens.save("account:1", "Atza|second", NOW)
    assert tokens.load("account:1") is not None


@pytest.mark.django_db
def test_lease_is_one_holders_until_released_or_run_out() -> None:
    tokens = DatabaseTokens()
    assert tokens.try_lease("account:1", "a", 60)
    assert not tokens.try_lease("account:1", "b", 60)
    tokens.release("account:1", "b")
    assert not tokens.try_lease("account:1", "b", 60)
    tokens.release("account:1", "a")
    assert tokens.try_lease("account:1", "b", 0)
    assert tokens.try_lease("account:1", "a", 60)


@pytest.mark.django_db
def test_discard_spares_a_newer_token() -> None:
    tokens = DatabaseTokens()
    tokens.save("account:1", "Atza|new", NOW)
    tokens.discard("account:1", "Atza|old")
    assert tokens.load("account:1") is not None
    tokens.discard("account:1", "Atza|new")
    assert tokens.load("account:1") is None


def lease(subject: str, number: int) -> bool:
    """Claim the lease, as one of several processes."""
    return DatabaseTokens().try_lease(subject, f"process-{number}", 60)


@pytest.mark.twoprocess
def test_one_of_several_processes_gets_the_lease(processes: Processes) -> None:
    for subject in ("account:1", "account:2", "account:3"):
        won = processes.together(f"{HERE}:lease", subject, count=3)
        assert sorted(won) == [False, False, True]
    assert AccessToken.objects.count() == 3


@pytest.mark.django_db
def test_bucket_gives_its_burst_and_then_says_when() -> None:
    buckets = DatabaseBuckets()
    grants = [buckets.take("account:1", "searchOrders", 0.0056, 3) for _ in range(4)]
    assert [grant.granted for grant in grants] == [True, True, True, False]
    assert grants[3].retry_at is not None
    wait = grants[3].retry_at - datetime.now(tz=UTC)
    assert 170 < wait.total_seconds() < 179


@pytest.mark.django_db
def test_buckets_of_two_subjects_do_not_meet() -> None:
    buckets = DatabaseBuckets()
    assert buckets.take("account:1", "getOrder", 0.1, 1).granted
    assert buckets.take("account:2", "getOrder", 0.1, 1).granted
    assert not buckets.take("account:1", "getOrder", 0.1, 1).granted


@pytest.mark.django_db
def test_raised_rate_counts_from_now_on() -> None:
    buckets = DatabaseBuckets()
    buckets.take("account:1", "getOrder", 0.001, 1)
    buckets.learn_rate("account:1", "getOrder", 20.0)
    grant = buckets.take("account:1", "getOrder", 0.001, 1)
    assert not grant.granted
    assert grant.rate == 20.0
    assert grant.retry_at is not None
    time.sleep(max(0.0, (grant.retry_at - datetime.now(tz=UTC)).total_seconds()))
    assert buckets.take("account:1", "getOrder", 0.001, 1).granted
    assert QuotaBucket.objects.get().learnt_at is not None


@pytest.mark.django_db
def test_refusals_hold_and_halve_as_the_arithmetic_says() -> None:
    buckets, memory = DatabaseBuckets(), InMemoryBuckets()
    until = datetime.now(tz=UTC)
    for store in (buckets, memory):
        store.take("account:1", "getOrder", 0.5, 30)
        store.exhausted("account:1", "getOrder", until - timedelta(seconds=1))
        store.exhausted("account:1", "getOrder", until + timedelta(seconds=100))
        store.exhausted("account:1", "getOrder", until + timedelta(seconds=50))
    row, known = QuotaBucket.objects.get(), memory.bucket("account:1", "getOrder")
    assert known is not None
    assert (row.rate, row.strikes) == (known.rate, known.strikes) == (0.25, 2)
    assert row.hold_until == pytest.approx(known.hold_until, abs=0.5)
    grant = buckets.take("account:1", "getOrder", 0.5, 30)
    assert grant.retry_at == pytest.approx(
        until + timedelta(seconds=100), abs=timedelta(seconds=0.5)
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("rate", "burst"), [(5.0, 5), (0.5, 30), (2.0, 1)])
def test_full_bucket_refills_from_when_the_arithmetic_says(
    rate: float, burst: int
) -> None:
    buckets, memory = DatabaseBuckets(), InMemoryBuckets()
    for store in (memory, buckets):
        for _ in range(burst):
            assert store.take("account:1", "getOrder", rate, burst).granted
    row, known = QuotaBucket.objects.get(), memory.bucket("account:1", "getOrder")
    assert known is not None
    assert row.stamp > time.time()
    assert row.stamp == pytest.approx(known.stamp, abs=0.1)
    assert row.tokens == pytest.approx(known.tokens, abs=0.1)


@pytest.mark.django_db
def test_clock_that_was_set_back_does_not_block_for_ever() -> None:
    buckets = DatabaseBuckets()
    buckets.take("account:1", "getOrder", 0.5, 2)
    ahead = time.time() + 3600
    QuotaBucket.objects.update(stamp=ahead, hold_until=ahead)
    assert buckets.take("account:1", "getOrder", 0.5, 2).granted
    assert QuotaBucket.objects.get().stamp == pytest.approx(time.time(), abs=2)


@pytest.mark.django_db
def test_clock_a_little_behind_refills_nothing_twice() -> None:
    buckets = DatabaseBuckets()
    buckets.take("account:1", "getOrder", 5.0, 2)
    ahead = time.time() + 10
    QuotaBucket.objects.update(stamp=ahead, tokens=0)
    assert not buckets.take("account:1", "getOrder", 5.0, 2).granted
    assert QuotaBucket.objects.get().stamp == pytest.approx(ahead)


@pytest.mark.django_db
def test_full_bucket_forgets_old_refusals() -> None:
    buckets = DatabaseBuckets()
    buckets.take("account:1", "getOrder", 0.5, 2)
    QuotaBucket.objects.update(strikes=1, stamp=time.time() - 60)
    grant = buckets.take("account:1", "getOrder", 0.5, 2)
    assert grant.tokens_left == pytest.approx(1.0, abs=0.01)
    assert QuotaBucket.objects.get().strikes == 0


def take_for(seconds: float, number: int) -> int:
    """Take as many tokens as there are, as one of several processes."""
    buckets = DatabaseBuckets()
    end = time.monotonic() + seconds
    granted = 0
    while time.monotonic() < end:
        grant = buckets.take("account:1", "patchListingsItem", 20.0, 10)
        granted += grant.granted
        if not grant.granted:
            time.sleep(0.005)
    return granted


@pytest.mark.twoprocess
def test_processes_together_take_no_more_than_burst_and_rate(
    processes: Processes,
) -> None:
    began = time.monotonic()
    counts = processes.together(f"{HERE}:take_for", 2.0, count=2)
    elapsed = time.monotonic() - began
    assert 10 + 20 * 2.0 * 0.8 <= sum(counts) <= 10 + 20 * elapsed + 1
    # Both live from it: none starves the other.
    assert min(counts) > 0


def call(**over: object) -> CallRecord:
    """Return the record of a call."""
    fields = {"method": "GET", "path": "/orders", "started_at": NOW, "status": 200}
    return CallRecord("searchOrders", **fields | over)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_record_becomes_a_row_with_the_skew_of_our_clock() -> None:
    account = builders.make_account()
    DatabaseRecorder(account.pk, None).record(
        call(latency_ms=1000, server_date=NOW + timedelta(seconds=40), reference="9-1")
    )
    row = ApiCall.objects.get()
    assert (row.account_id, row.reference, row.status) == (account.pk, "9-1", 200)
    assert row.clock_skew == pytest.approx(39.5)


@pytest.mark.django_db
def test_exchange_is_kept_with_the_call() -> None:
    DatabaseRecorder().record(call(status=400, exchange={"answered": {"a": 1}}))
    DatabaseRecorder().record(call(status=None, exchange={}))
    kept = ApiCall.objects.order_by("pk").values_list("exchange", flat=True)
    assert list(kept) == [{"answered": {"a": 1}}, None]


@pytest.mark.django_db(transaction=True)
def test_record_that_cannot_be_written_does_not_fail_the_call() -> None:
    DatabaseRecorder(account_id=987654321).record(call())
    with transaction.atomic():
        builders.make_store()
        DatabaseRecorder(run_id=None).record(call(message="x" * 2000))
    assert len(ApiCall.objects.get().message) == 1000
