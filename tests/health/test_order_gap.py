"""A gap that a reconciliation found is told, below what caused it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import Heartbeat, OrderReport
from channels_amazon.rules.health.liveness import Process
from tests.health.faults import codes, make_healthy, report_of
from tests.health.rows import make_proof

pytestmark = pytest.mark.django_db


def test_gap_is_told_with_count_and_hours(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_proof(account)

    report = report_of(account)

    assert (codes(report), report["status"]) == (["orders.gap"], "warning")
    evidence = report["findings"][0]["evidence"]
    assert (evidence["missing"], evidence["fetched"]) == (2, 1)
    assert evidence["hours"] == {"2026-11-24 05:00 UTC": 2}


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
