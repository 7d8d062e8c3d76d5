"""A gap that a reconciliation found is told, below what caused it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Heartbeat, OrderReport
from channels_amazon.rules.health.liveness import Process
from tests.builders import make_order
from tests.health.faults import codes, make_healthy, report_of

pytestmark = pytest.mark.django_db


def make_proof(account: AmazonAccount, **over: Any) -> OrderReport:
    """Make a reconciliation that found two orders missing, of which one is here."""
    now = timezone.now()
    here = make_order(account, fulfilled_by="amazon")
    fields: dict[str, Any] = {
        "purpose": OrderReport.Purpose.DAILY,
        "state": OrderReport.State.READ,
        "starts_at": now - timedelta(days=3),
        "ends_at": now,
        "read_at": now,
        "orders_seen": 9,
        "orders_missing": 2,
        "gap_order_ids": [here.amazon_order_id, "903-0000000-0000000"],
        "gap_hours": {"2026-11-24T05:00:00+00:00": 2},
    }
    row: OrderReport = OrderReport.objects.create(account=account, **fields | over)
    return row


def test_gap_is_told_with_count_and_hours(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_proof(account)

    report = report_of(account)

    assert (codes(report), report["status"]) == (["orders.gap"], "warning")
    evidence = report["findings"][0]["evidence"]
    assert (evidence["missing"], evidence["fetched"]) == (2, 1)
    assert evidence["hours"] == {"2026-11-24 05:00": 2}


def test_gap_follows_what_kept_the_events_away(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_proof(account)
    Heartbeat.objects.filter(kind=Process.CONSUMER).delete()

    report = report_of(account)

    assert codes(report) == ["notifications.consumer_down", "orders.gap"]
    assert report["findings"][1]["consequence_of"] == "notifications.consumer_down"


@pytest.mark.parametrize(
    "over",
    [
        {"purpose": OrderReport.Purpose.FIRST_PULL},
        {"orders_missing": 0, "gap_order_ids": []},
        {"read_at": timezone.now() - timedelta(days=2)},
    ],
)
def test_no_fresh_gap_is_well(emulator: Emulator, over: dict[str, Any]) -> None:
    account = make_healthy(emulator)
    make_proof(account, **over)

    assert codes(report_of(account)) == []
