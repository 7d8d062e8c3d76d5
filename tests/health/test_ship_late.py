"""Orders past their latest ship time, and what is behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import Heartbeat, Order
from channels_amazon.rules.health.liveness import Process
from tests.builders import make_order
from tests.health.faults import codes, make_healthy, report_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("hours", "found"),
    [(-1, ["error"]), (3, ["warning"]), (23, ["warning"]), (25, []), (None, [])],
)
def test_late_order_is_an_error_and_a_near_one_a_warning(
    emulator: Emulator, hours: int | None, found: list[str]
) -> None:
    account = make_healthy(emulator)
    ship_by = None if hours is None else timezone.now() + timedelta(hours=hours)
    order = make_order(account, ship_by=ship_by, completed_at=None)
    make_order(account, status=Order.Status.SHIPPED, ship_by=ship_by)

    report = report_of(account)

    findings = [one for one in report["findings"] if one["check"] == "ship_late"]
    assert [one["level"] for one in findings] == found
    assert all(one["code"] == "orders.ship_late" for one in findings)
    for one in findings:
        assert one["evidence"]["orders"] == [order.amazon_order_id]


def test_evidence_counts_late_and_near_orders_apart(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    now = timezone.now()
    for hours in (-30, -1, 1, 2, 23, 25):
        make_order(account, ship_by=now + timedelta(hours=hours), completed_at=None)
    make_order(account, ship_by=now - timedelta(hours=1), fulfilled_by="amazon")

    (found,) = [
        one for one in report_of(account)["findings"] if one["check"] == "ship_late"
    ]

    assert (found["evidence"]["late"], found["evidence"]["near"]) == (2, 3)
    assert found["cause"].startswith("2 orders are past")


def test_late_orders_follow_from_a_missing_worker(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_order(account, ship_by=timezone.now() - timedelta(hours=1), completed_at=None)
    Heartbeat.objects.exclude(kind=Process.CONSUMER).delete()

    report = report_of(account)

    assert codes(report)[0] == "queue.no_worker"
    late = next(one for one in report["findings"] if one["code"] == "orders.ship_late")
    assert late["consequence_of"] == "queue.no_worker"
