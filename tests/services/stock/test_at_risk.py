"""Which stock is at risk, the worst first, and what lies still."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Listing, StockLevel
from channels_amazon.services.stock.at_risk import FEW, SHOWN, StockRisks, stock_at_risk
from tests import builders

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account."""
    return builders.make_account()


def listing(account: AmazonAccount, units: int | None, **over: Any) -> Listing:
    """Make a listing of which so many units can be sold since an hour."""
    fields: dict[str, Any] = {
        "desired_quantity": units,
        "desired_at": NOW - timedelta(hours=1),
        "acknowledged_quantity": units,
    }
    return builders.make_listing(account, **fields | over)


def risks(account: AmazonAccount) -> StockRisks:
    """Return what of the account is at risk."""
    levels = StockLevel.objects.filter(variant__store=account.store)
    return stock_at_risk(levels, Listing.objects.filter(account=account), NOW)


def told(account: AmazonAccount) -> list[tuple[str, str, int, int | None]]:
    """Return risk, SKU, units and what Amazon offers of each row."""
    return [
        (row.risk.value, row.sku, row.units, row.offered) for row in risks(account).rows
    ]


def test_worst_stands_first(account: AmazonAccount) -> None:
    variant = builders.make_variant(account.store)
    warehouse = builders.make_warehouse(account.store)
    StockLevel.objects.create(variant=variant, warehouse=warehouse, on_hand=-3)
    few = listing(account, 2)
    out = listing(account, 0)
    over = listing(account, 1, acknowledged_quantity=7, push_due=True)

    assert told(account) == [
        ("below_zero", variant.sku, -3, None),
        ("overstated", over.seller_sku, 1, 7),
        ("sold_out", out.seller_sku, 0, 0),
        ("few_left", few.seller_sku, 2, 2),
    ]


@pytest.mark.parametrize(
    ("units", "over"),
    [
        (FEW + 1, {}),
        # Nobody ever counted it.
        (None, {}),
        # It lies still.
        (0, {"desired_at": NOW - timedelta(days=2)}),
        (0, {"is_mfn": False}),
        # More is to be offered, not less.
        (9, {"acknowledged_quantity": 2, "push_due": True}),
    ],
)
def test_what_runs_no_risk_is_left_out(
    account: AmazonAccount, units: int | None, over: dict[str, Any]
) -> None:
    listing(account, units, **over)
    # Another account's.
    listing(builders.make_account(), 0)

    assert told(account) == []


@pytest.mark.parametrize(("code", "is_refused"), [("", False), ("8541", True)])
def test_refused_number_is_told_from_one_that_waits(
    account: AmazonAccount, code: str, is_refused: bool
) -> None:
    listing(account, 1, acknowledged_quantity=7, push_due=True, push_code=code)

    (row,) = risks(account).rows

    assert row.is_refused == is_refused


def test_more_than_are_shown_are_said(account: AmazonAccount) -> None:
    for _ in range(SHOWN):
        listing(account, 0)
    assert not risks(account).has_more
    listing(account, 0)

    with CaptureQueriesContext(connection) as captured:
        found = risks(account)

    assert (len(found.rows), found.has_more) == (SHOWN, True)
    assert len(captured) == 3
