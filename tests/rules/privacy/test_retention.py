"""The times that data is kept fit Amazon's policy and one another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from channels_amazon.rules.privacy import retention

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_personal_data_is_due_after_its_days() -> None:
    ended = retention.personal_data_due_at(START, is_ended=True)
    forgotten = retention.personal_data_due_at(START, is_ended=False)

    assert ended == START + timedelta(days=30)
    assert forgotten == START + timedelta(days=90)


def test_audit_is_kept_for_the_twelve_months_that_amazon_asks_for() -> None:
    assert retention.AUDIT_KEPT > timedelta(days=366)
    assert retention.LATENCY_KEPT >= timedelta(days=31)


def test_several_passes_fit_into_the_grace() -> None:
    assert retention.PURGE_GRACE >= 3 * retention.PURGE_INTERVAL
    assert retention.PROOF_INTERVAL > timedelta(days=1) + retention.PURGE_INTERVAL
