"""The rows of a simulated sale: a store with accounts, variants, listings, rules."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

from django.db.models import Sum
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    DeveloperApplication,
    Listing,
    Order,
    OrderLine,
    Product,
    StockMovement,
    Store,
    SyncRule,
    Variant,
    Warehouse,
)
from channels_amazon.services.stock.ledger import Movement, apply_movements
from channels_amazon.services.stock.quantities import availability

_numbers = count(1)


class Rows(NamedTuple):
    """What was made; `variants` are the keys."""

    store: Store
    accounts: list[AmazonAccount]
    warehouse: Warehouse
    variants: list[int]
    listings: list[Listing]


def make_store(accounts: int, skus: int, units: int, terms: dict[str, Any]) -> Rows:
    """Make a store; each account offers every SKU and has a rule of these terms."""
    number = next(_numbers)
    now = timezone.now()
    store = Store.objects.create(
        name=f"Sale {number}", slug=f"sale-{number}", plan=Store.Plan.FLAGSHIP
    )
    warehouse = Warehouse.objects.create(store=store, name="Main", code="main")
    product = Product.objects.create(store=store, title="Lamp")
    variants = Variant.objects.bulk_create(
        Variant(store=store, product=product, sku=f"SKU-{n}", currency="EUR")
        for n in range(skus)
    )
    sellers = [_seller(store, f"S{number}-{n}") for n in range(accounts)]
    listings = Listing.objects.bulk_create(
        Listing(
            account=seller,
            seller_sku=variant.sku,
            variant=variant,
            is_mfn=True,
            seen_at=now,
        )
        for seller in sellers
        for variant in variants
    )
    SyncRule.objects.create(store=store, kind=SyncRule.Kind.STOCK, terms=terms)
    apply_movements(
        [
            Movement(
                variant_id=variant.pk,
                warehouse_id=warehouse.pk,
                reason=StockMovement.Reason.COUNT,
                key=f"begin-{variant.pk}",
                on_hand=units,
            )
            for variant in variants
        ]
    )
    return Rows(store, sellers, warehouse, [one.pk for one in variants], listings)


def _seller(store: Store, seller_id: str) -> AmazonAccount:
    application, _is_new = DeveloperApplication.objects.get_or_create(
        app_id="amzn1.sp.solution.simulation", lwa_client_id="simulation"
    )
    row: AmazonAccount = AmazonAccount.objects.create(
        store=store,
        application=application,
        region="eu",
        seller_id=seller_id,
        name=seller_id,
        authorized_at=timezone.now(),
    )
    return row


def make_order(listing: Listing, sold_at: Any) -> Order:
    """Make the order of one unit."""
    number = next(_numbers)
    order: Order = Order.objects.create(
        account=listing.account,
        amazon_order_id=f"900-{number:07d}-{number:07d}",
        marketplace_id="A1PA6795UKMFR9",
        channel_name="AMAZON",
        status=Order.Status.UNSHIPPED,
        amazon_status="UNSHIPPED",
        fulfilled_by=Order.FulfilledBy.MERCHANT,
        currency="EUR",
        ordered_at=sold_at,
        last_updated_at=sold_at,
    )
    OrderLine.objects.create(
        order=order,
        order_item_id=f"{number:014d}",
        seller_sku=listing.seller_sku,
        title="Lamp",
        quantity=1,
        currency="EUR",
    )
    return order


def move(variant_id: int, warehouse: Warehouse, units: int, key: str) -> None:
    """Have units leave or come."""
    reason = StockMovement.Reason.SHIPPED if units < 0 else StockMovement.Reason.COUNT
    apply_movements(
        [
            Movement(
                variant_id=variant_id,
                warehouse_id=warehouse.pk,
                reason=reason,
                key=key,
                on_hand=units,
            )
        ]
    )


def unpublished(variant_id: int) -> int:
    """Return the units that no account may sell, as far as we know."""
    known = availability([variant_id])[variant_id].available or 0
    shown = Listing.objects.filter(variant=variant_id).aggregate(
        units=Sum("may_show_quantity")
    )
    return known - (shown["units"] or 0)
