"""One FBA pool, and store orders that Amazon offers to ship from it."""

from __future__ import annotations

from decimal import Decimal

from channels_amazon.models import (
    AmazonAccount,
    FbaStock,
    FulfillmentLine,
    Listing,
    StoreOrder,
)
from channels_amazon.rules.mcf.terms import Candidate, SpeedOffer
from channels_amazon.services.mcf import decisions
from tests.builders import (
    HOME,
    make_account,
    make_fba_stock,
    make_listing,
    make_mcf_rule,
    make_variant,
    place_order,
)

US = HOME["na"][0]
GOOD = [
    SpeedOffer("standard", is_fulfillable=True, fee=Decimal("5.00"), currency="USD")
]


def make_pool(units: int = 10) -> Listing:
    """Make a listing with units in the American pool, and a rule that uses it."""
    account = make_account()
    make_mcf_rule(account)
    variant = make_variant(account.store)
    listing = make_listing(account, variant=variant, is_fba=True, is_mfn=False)
    make_fba_stock(listing, units)
    return listing


def offered(listing: Listing, units: int) -> StoreOrder:
    """Have the store order units, and Amazon offer to ship them."""
    order = place_order(listing.account.store, (listing.seller_sku, units))
    answer(order)
    return order


def answer(order: StoreOrder) -> None:
    """Let Amazon's preview say that it ships the order for five dollars."""
    account = AmazonAccount.objects.get(store=order.store)
    decisions.keep_offers(order, Candidate(account.pk, US, "US"), GOOD)
    decisions.consider(order)
    order.refresh_from_db()


def promised() -> int:
    """Return what is promised of the one pool; it is what the lines hold."""
    held = sum(FulfillmentLine.objects.values_list("promised", flat=True))
    row = FbaStock.objects.get()
    assert row.promised == held
    return held
