"""The overview is not well while rows, or the last health check, say otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import AmazonAccount, HealthFinding, HealthReport
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests.builders import make_order
from tests.health.faults import hours_ago
from tests.health.rows import (
    make_below_zero,
    make_endpoint,
    make_ownerless_parcel,
    make_report,
    make_shipment,
)
from tests.views.scene import World, make_quarantined, make_world, signed_in

pytestmark = pytest.mark.django_db

WELL = "All is well"


def make_finding(account: AmazonAccount, code: str, **over: Any) -> None:
    """Make a finished health report of the account with one finding."""
    report = HealthReport.objects.create(
        account=account, state="done", status="error", finished_at=timezone.now()
    )
    fields = {"position": 1, "check_id": "x", "code": code, "level": "error"}
    HealthFinding.objects.create(report=report, **fields | over)


def overview(world: World) -> str:
    """Return the overview as the store's owner sees it."""
    response = signed_in(world.owner).get(reverse("amazon-overview"))
    return str(response.content.decode())


@pytest.fixture
def world() -> World:
    """Give a store with which all is well, so far."""
    for kind in Process:
        heartbeats.beat(kind)
    return make_world()


def test_overview_is_well_where_nothing_says_otherwise(world: World) -> None:
    assert WELL in overview(world)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda a: make_order(a, has_unmatched=True), "a SKU that no variant owns"),
        (lambda a: make_order(a, has_shortage=True), "more units than there are"),
        (
            lambda a: make_order(a, stale_since=hours_ago(1), quarantine_code="x"),
            "could not be read and is in quarantine",
        ),
        (make_below_zero, "1 stock level is below zero"),
        (make_quarantined, "message of Amazon&#x27;s is in quarantine"),
        (make_report, "could not be read"),
        (lambda a: make_ownerless_parcel(a, 2), "an order that nobody knows"),
        (make_shipment, "is not shown with its order"),
        (make_endpoint, "takes no messages"),
        (lambda a: make_finding(a, "clock.skewed"), "found 1 more fault"),
        (lambda a: make_finding(a, "listing.issues", level="warning"), "1 more fault"),
    ],
)
def test_overview_is_not_well_while_rows_say_otherwise(
    world: World, make: Callable[[AmazonAccount], Any], said: str
) -> None:
    make(world.account)
    shown = overview(world)
    assert said in shown
    assert WELL not in shown


def test_what_the_overview_says_itself_is_not_said_by_a_report_again(
    world: World,
) -> None:
    make_finding(world.account, "permission.orders_missing")
    make_finding(world.account, "orders.unmatched_sku")
    assert "more fault" not in overview(world)


def test_stock_below_zero_leads_to_the_list_of_it(world: World) -> None:
    make_below_zero(world.account)
    make_finding(world.account, "stock.below_zero", level="warning")
    address = reverse("amazon-stock-list") + "?show=below"

    assert address in overview(world)
    assert "more fault" not in overview(world)
    rows = signed_in(world.owner).get(address).context["rows"]
    assert [row["on_hand"] for row in rows] == [-1]


def test_only_the_newest_report_counts(world: World) -> None:
    make_finding(world.account, "clock.skewed")
    HealthReport.objects.create(account=world.account, state="done", status="ok")
    assert WELL in overview(world)
