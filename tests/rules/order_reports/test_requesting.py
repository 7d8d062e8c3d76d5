"""When a report is asked for (first pull, daily, outage), and when it is polled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.order_reports import requesting as rules

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@given(
    pages=st.integers(1, 50),
    covered=st.timedeltas(timedelta(seconds=1), timedelta(days=29)),
)
def test_pages_left_are_those_of_the_rest(pages: int, covered: timedelta) -> None:
    span = timedelta(days=30)
    left = rules.pages_left(pages, covered, span)

    assert left > 0
    assert rules.pages_left(pages, span, span) == 0
    # As dense as before: all pages together are to the span as these to their part.
    assert (pages + left) * covered.total_seconds() == pytest.approx(
        pages * span.total_seconds()
    )


@pytest.mark.parametrize(
    ("pages", "covered", "tokens", "needs"),
    [
        (0, None, 0.5, True),
        (1, DAY, 5.0, False),
        (2, None, 5.0, False),
        (2, timedelta(0), 5.0, True),
        (2, DAY, 57.0, True),
        (2, DAY, 58.0, False),
    ],
)
def test_first_pull_needs_a_report_for_more_pages_than_tokens(
    pages: int, covered: timedelta | None, tokens: float, needs: bool
) -> None:
    span = timedelta(days=30)

    assert rules.first_pull_needs_report(pages, covered, span, tokens) is needs


@given(st.integers(1, 100_000), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_daily_proof_is_due_once_a_slot(account_id: int, passed: timedelta) -> None:
    now = NOW + passed
    slot = rules.daily_slot(account_id, now)
    swept = NOW - timedelta(days=9)

    def is_due(wanted_at: datetime | None) -> bool:
        return rules.is_daily_due(
            account_id, now, first_sweep_at=swept, last_wanted_at=wanted_at
        )

    assert slot <= now < rules.next_daily_slot(account_id, now) == slot + DAY
    assert is_due(None)
    assert is_due(slot - timedelta(seconds=1))
    assert not is_due(slot)


def test_daily_proof_of_a_slot_before_the_first_pull_is_not_due() -> None:
    assert not rules.is_daily_due(1, NOW, first_sweep_at=NOW, last_wanted_at=None)


def test_outage_is_longer_than_any_pause_of_the_sweep() -> None:
    assert not rules.is_outage(NOW - rules.OUTAGE_AFTER, NOW)
    assert rules.is_outage(NOW - rules.OUTAGE_AFTER - timedelta(seconds=1), NOW)


def test_report_is_polled_when_it_is_usually_made_then_more_and_more_rarely() -> None:
    usual = timedelta(seconds=40)

    assert rules.next_poll_at(NOW, NOW, usual) == NOW + usual
    pauses = [
        rules.next_poll_at(NOW, at, usual) - at
        for at in (NOW + usual, NOW + timedelta(seconds=200), NOW + DAY)
    ]
    assert pauses == [timedelta(seconds=one) for one in (5, 20, 60)]


def test_span_is_cut_where_amazon_would_refuse_it() -> None:
    assert rules.clipped(NOW - 31 * DAY, NOW) == (NOW - 30 * DAY, NOW)
    assert rules.clipped(NOW - DAY, NOW) == (NOW - DAY, NOW)
