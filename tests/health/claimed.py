"""Rows that a health check must speak of, with the code and the level it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels_amazon.models import (
    AmazonAccount,
)
from tests.builders import (
    make_order,
)
from tests.health.faults import hours_ago
from tests.health.rows import (
    make_attempts,
    make_below_zero,
    make_calls,
    make_drift,
    make_endpoint,
    make_level,
    make_offer,
    make_old_rates,
    make_ownerless_parcel,
    make_report,
    make_shipment,
    make_unlisted_rate,
    need_rates,
)
from tests.views.scene import make_quarantined

Make = Callable[[AmazonAccount], Any]


CLAIMED: dict[str, tuple[Make, str, str]] = {
    "unmatched": (
        lambda a: make_order(a, has_unmatched=True),
        "orders.unmatched_sku",
        "warning",
    ),
    "quarantined order": (
        lambda a: make_order(
            a, stale_since=hours_ago(2), quarantine_code="orders.unreadable"
        ),
        "orders.set_aside",
        "error",
    ),
    "quarantined message": (make_quarantined, "orders.set_aside", "warning"),
    "rows of a report": (make_report, "orders.set_aside", "warning"),
    "parcel of nobody's order": (
        lambda a: make_ownerless_parcel(a, 2),
        "orders.set_aside",
        "warning",
    ),
    "backorder": (
        lambda a: make_order(a, has_shortage=True),
        "stock.oversold",
        "error",
    ),
    "another quantity at Amazon": (make_drift, "stock.drift", "error"),
    "below zero": (make_below_zero, "stock.below_zero", "warning"),
    "level without its movements": (
        lambda a: make_level(a, 5, reserved=2),
        "stock.ledger",
        "error",
    ),
    "package": (make_shipment, "shipment.not_shown", "warning"),
    "failing address": (make_endpoint, "webhook.failing", "warning"),
    "address that fails for long": (
        lambda a: make_endpoint(a, failing_since=hours_ago(2)),
        "webhook.failing",
        "error",
    ),
    "issue": (lambda a: make_offer(a, severity="ERROR"), "listing.issues", "warning"),
    "suppressed offer": (
        lambda a: make_offer(a, enforcements=["SEARCH_SUPPRESSED"]),
        "listing.issues",
        "warning",
    ),
    "old exchange rates": (make_old_rates, "price.rates_stale", "warning"),
    "no exchange rates": (need_rates, "price.rates_stale", "warning"),
    "currency that the bank does not list": (
        make_unlisted_rate,
        "price.rate_missing",
        "warning",
    ),
    "shared quota": (lambda a: make_calls(a, 6, 40), "quota.starved", "warning"),
    "draft": (
        lambda a: make_attempts(a, 2, since=9),
        "oauth.draft_needs_beta",
        "warning",
    ),
}
