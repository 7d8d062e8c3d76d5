"""What the tests of shipping share: an account with stock, orders, packages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from channels_amazon.emulator.model.entities import EmulatedOrder
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Order,
    Shipment,
    StockLevel,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.orders import intake
from channels_amazon.services.shipping.shipments import ShipmentDraft, create_shipment
from channels_amazon.services.stock import ledger
from channels_amazon.spapi.apis.orders import get_order
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_variant, make_warehouse

ON_HAND = 20


def make_shipper(emulator: Emulator) -> AmazonAccount:
    """Make an account with one counted SKU; Amazon shows packages at once."""
    row = make_account(
        emulator=emulator, created_at=timezone.now() - timedelta(hours=1)
    )
    emulator.control("behaviour", package_seconds=0, pending_seconds=0)
    variant = make_variant(row.store, sku=merchant_sku(emulator, row))
    warehouse = make_warehouse(row.store)
    ledger.set_on_hand(variant, warehouse, ON_HAND, actor="", key="count")
    return row


def merchant_sku(emulator: Emulator, account: AmazonAccount) -> str:
    """Return a SKU that the merchant ships and nobody else."""
    return next(
        sku
        for (seller_id, sku), listing in emulator.state.listings.items()
        if seller_id == account.seller_id and listing.quantity and not listing.is_fba
    )


def place(emulator: Emulator, account: AmazonAccount, quantity: int = 3) -> Order:
    """Let a buyer order the SKU, and take the order over."""
    (order_id,) = emulator.place_orders(
        1,
        fulfilled_by="MERCHANT",
        sku=merchant_sku(emulator, account),
        quantity=quantity,
    )
    data = get_order(client_for(account), order_id)
    return intake.apply_order(account, data, source=intake.FETCH).order


def ship(order: Order, units: int = 3, **over: Any) -> Shipment:
    """Make a package with `units` of the order's line."""
    fields: dict[str, Any] = {
        "carrier_code": "UPS",
        "tracking_number": f"1Z{units}",
        "shipped_at": timezone.now(),
        "quantities": {order.lines.get().pk: units},
    }
    return create_shipment(order, draft=ShipmentDraft(**fields | over), actor="ann")


def run(account: AmazonAccount) -> SyncRun:
    """Run the job with everything due now."""
    Shipment.objects.filter(next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now()
    )
    made = runner.run_kind(account, SyncJob.Kind.SHIPMENTS)
    assert made is not None
    return made


def theirs(emulator: Emulator, order: Order) -> EmulatedOrder:
    """Return the order as Amazon has it now."""
    emulator.flush()
    return emulator.state.orders[order.amazon_order_id]


def calls(emulator: Emulator, operation: str) -> int:
    """Return how often Amazon was called with this operation."""
    return sum(call.operation == operation for call in emulator.state.requests)


def on_hand() -> tuple[int, int]:
    """Return what is on hand and reserved of the one variant."""
    level = StockLevel.objects.get()
    return level.on_hand, level.reserved
