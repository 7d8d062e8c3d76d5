"""Lowers what Amazon may still show of a listing by what it sold; services layer.

`Listing.may_show_quantity` is an upper bound: the highest number since the last answer,
less what was sold since. The parts of `split` accounts rise by it
(`rules/stock/rises.py`). A sale that we do not know of leaves it too high; then others
rise later, and nothing is sold twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, Value
from django.db.models.functions import Greatest

from channels_amazon.models import Listing, SyncRule


class Sale(NamedTuple):
    """Units of a listing that Amazon sold, and when (UTC)."""

    store_id: int
    account_id: int
    seller_sku: str
    units: int
    sold_at: datetime


def note_sales(sales: Sequence[Sale]) -> None:
    """Lower what Amazon may show by units that were sold; each sale is noted once.

    One that is older than the number which Amazon accepted last was taken off an
    earlier one, and lowers nothing. Neither does one while a feed is under way that
    carries the listing: it may bring its number after the sale. Stores without a stock
    rule have no use for it.
    """
    if not sales:
        return
    rules = SyncRule.objects.in_force(SyncRule.Kind.STOCK)
    stores = {sale.store_id for sale in sales}
    with_rules = set(
        rules.filter(store__in=stores).order_by().values_list("store_id", flat=True)
    )
    for sale in sales:
        if sale.store_id not in with_rules:
            continue
        shown = Listing.objects.filter(
            account=sale.account_id,
            seller_sku=sale.seller_sku,
            may_show_quantity__gt=0,
            acknowledged_at__lte=sale.sold_at,
        ).exclude(feed_messages__is_open=True)
        left = Greatest(F("may_show_quantity") - Value(sale.units), Value(0))
        shown.update(may_show_quantity=left)
