"""What a report says beyond what is known, and when it says all there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.order_reports import comparison as rules
from channels_amazon.rules.order_reports.comparison import ReportedOrder, StoredOrder
from channels_amazon.rules.orders.statuses import Fulfiller, OrderStatus

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
WITHIN = AT + timedelta(milliseconds=400)


@pytest.mark.parametrize(
    ("status", "fulfilled_by", "is_complete"),
    [
        ("shipped", "merchant", True),
        ("cancelled", "amazon", True),
        ("cancelled", "", False),
        ("unshipped", "amazon", True),
        ("unshipped", "merchant", False),
        ("unknown", "amazon", False),
    ],
)
def test_report_is_enough_where_nothing_is_left_to_ship(
    status: str, fulfilled_by: str, is_complete: bool
) -> None:
    told = ReportedOrder(OrderStatus(status), Fulfiller(fulfilled_by), AT)

    assert rules.is_complete_by_report(told) is is_complete


@pytest.mark.parametrize(
    ("status", "known", "is_more"),
    [
        ("unshipped", StoredOrder("unknown", None, None, False), True),
        ("unshipped", StoredOrder("unshipped", WITHIN, None, True), False),
        ("shipped", StoredOrder("unshipped", WITHIN, None, True), True),
        ("shipped", StoredOrder("unshipped", None, WITHIN + timedelta(1), True), False),
        ("pending", StoredOrder("unshipped", WITHIN, None, True), False),
        ("pending", StoredOrder("pending_availability", AT, None, True), False),
    ],
)
def test_report_says_more_by_its_second_then_by_progress(
    status: str, known: StoredOrder, is_more: bool
) -> None:
    told = ReportedOrder(OrderStatus(status), Fulfiller.AMAZON, AT)

    assert rules.says_more(told, known) is is_more


def test_orders_missing_are_counted_by_hour() -> None:
    times = [AT, WITHIN, AT - timedelta(minutes=1)]

    assert rules.hours_of(times) == {
        "2026-11-23T11:00:00+00:00": 1,
        "2026-11-23T12:00:00+00:00": 2,
    }
