"""Listings and FBA stock are read side by side: either may see a SKU first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, DiagnosticEntry, FbaStock, Listing
from channels_amazon.services.catalog.listings import upsert_listings
from channels_amazon.services.mcf.pools import upsert_fba_stock
from channels_amazon.spapi.apis.fba_inventory import InventorySummary
from channels_amazon.spapi.apis.listings import ListingsItem
from tests.builders import make_account
from tests.processes import Processes

HERE = "tests.services.catalog.test_listings"
US = "ATVPDKIKX0DER"
SKUS = [f"SKU-{number}" for number in range(60)]
UNITS = (
    *("inbound_working", "inbound_shipped", "inbound_receiving"),
    *("reserved", "unfulfillable", "researching"),
)


def unit(sku: str) -> InventorySummary:
    """Return what Amazon reports of a SKU's FBA units."""
    return InventorySummary(
        asin=None,
        fn_sku=None,
        seller_sku=sku,
        condition=None,
        product_name=None,
        fulfillable=3,
        total=3,
        last_updated_at=None,
        unread=(),
        **dict.fromkeys(UNITS, 0),
    )


def bring(account_id: int, process: int) -> int:
    """Store all SKUs, one process as listings, the other as FBA units."""
    account = AmazonAccount.objects.get(pk=account_id)
    for sku in SKUS:
        if process:
            began = timezone.now() + timedelta(days=1)
            upsert_fba_stock(account, US, [unit(sku)], pass_began=began)
        else:
            item = ListingsItem(sku, (), (), (), (), {})
            upsert_listings(account, US, [item])
    return process


@pytest.mark.twoprocess
@pytest.mark.django_db(transaction=True)
def test_sku_that_two_jobs_bring_at_once_is_one_listing(processes: Processes) -> None:
    account = make_account()

    processes.together(f"{HERE}:bring", account.pk, count=2)

    assert Listing.objects.filter(account=account).count() == len(SKUS)
    assert FbaStock.objects.filter(listing__account=account).count() == len(SKUS)
    assert not DiagnosticEntry.objects.filter(code="listings.import_failed").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "is_kept"),
    [
        ({"lead_time_to_ship_max_days": 2}, True),
        ({"restock_date": "2999-01-01"}, True),
        # No column holds these as they are.
        ({"odd": Decimal("0.1")}, False),
        ({"odd": "a\x00b"}, False),
    ],
)
def test_merchants_part_is_kept_without_its_quantity(
    more: dict[str, object], is_kept: bool
) -> None:
    account = make_account()
    element = {"fulfillment_channel_code": "DEFAULT", **more}
    attributes = {"fulfillment_availability": [{**element, "quantity": 7}]}

    upsert_listings(account, US, [ListingsItem("A", (), (), (), (), attributes)])

    listing = Listing.objects.get()
    assert listing.merchant_element == (element if is_kept else None)
    assert listing.read_at is not None


@pytest.mark.django_db
def test_reading_without_attributes_leaves_the_merchants_part_alone() -> None:
    account = make_account()
    element = {"fulfillment_channel_code": "DEFAULT"}
    attributes = {"fulfillment_availability": [element]}
    upsert_listings(account, US, [ListingsItem("A", (), (), (), (), attributes)])
    read_at = Listing.objects.get().read_at

    upsert_listings(account, US, [ListingsItem("A", (), (), (), (), {})])

    listing = Listing.objects.get()
    assert (listing.merchant_element, listing.read_at) == (element, read_at)
