"""Orders at the local Amazon of which we know little more than the id."""

from __future__ import annotations

from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Order
from tests.builders import make_order

US = "ATVPDKIKX0DER"


def sell(emulator: Emulator, account: AmazonAccount, count: int) -> list[Order]:
    """Place orders at Amazon of which we know the id and that they changed."""
    ids = emulator.place_orders(count, marketplace_id=US, fulfilled_by="MERCHANT")
    now = timezone.now()
    return [
        make_order(
            account,
            lines=(),
            amazon_order_id=order_id,
            completed_at=None,
            last_updated_at=None,
            last_event_at=emulator.state.orders[order_id].updated_at,
            stale_since=now,
        )
        for order_id in ids
    ]
