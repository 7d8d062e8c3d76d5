"""Finds the account that a message is about; services layer.

The seller it names and the region of its marketplace say so. Where one of them cannot
be read, only what proves the account counts: the subscription that Amazon sent it by,
or that exactly one account has the order. Nothing is routed by guessing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, Order
from channels_amazon.rules.events.order_change import OrderEvent, OrderPointer


@dataclass(frozen=True, slots=True)
class Routes:
    """The accounts that messages may be about, by what the messages name.

    `by_subscription` and `by_order` hold only what the pointers among them name.
    """

    by_seller: Mapping[str, Sequence[AmazonAccount]] = field(default_factory=dict)
    by_subscription: Mapping[str, Sequence[AmazonAccount]] = field(default_factory=dict)
    by_order: Mapping[str, Sequence[AmazonAccount]] = field(default_factory=dict)

    def of_event(self, event: OrderEvent) -> AmazonAccount | None:
        """Return the account of the event's seller, in its marketplace's region."""
        own = self.by_seller.get(event.seller_id, ())
        region = _region_of(event.marketplace_id)
        return _only(own) if region is None else _only(_in(own, region))

    def of_pointer(self, pointer: OrderPointer) -> AmazonAccount | None:
        """Return the account that the order is proven to be of, None without proof."""
        region = _region_of(pointer.marketplace_id)
        by_subscription = self.by_subscription.get(pointer.subscription_id, ())
        by_order = self.by_order.get(pointer.order_id, ())
        if not pointer.seller_id:
            found = by_subscription or by_order
            return _only(found if region is None else _in(found, region, whole=True))
        own = self.by_seller.get(pointer.seller_id, ())
        if region is not None:
            return _only(_in(own, region))
        if len(own) > 1:
            own = _both(own, by_subscription) or _both(own, by_order)
        return _only(own)


def routes_of(sellers: Iterable[str], pointers: Sequence[OrderPointer] = ()) -> Routes:
    """Return the accounts of these sellers and pointers that are not disconnected.

    Without a pointer that is one query, and none where no seller is named.
    """
    named = {*sellers, *(one.seller_id for one in pointers)} - {""}
    rows = _accounts().filter(seller_id__in=named) if named else ()
    by_seller = _grouped((row.seller_id, row) for row in rows)
    if not pointers:
        return Routes(by_seller)
    ids = {one.subscription_id for one in pointers} - {""}
    by_subscription = _grouped(
        (row.subscription_id, row)
        for row in _accounts().filter(subscription_id__in=ids)
    )
    orders = Order.objects.filter(
        amazon_order_id__in={one.order_id for one in pointers},
        account__in=_accounts(),
    ).select_related("account__store")
    by_order = _grouped((row.amazon_order_id, row.account) for row in orders)
    return Routes(by_seller, by_subscription, by_order)


def _accounts() -> QuerySet[AmazonAccount]:
    rows: QuerySet[AmazonAccount] = (
        AmazonAccount.objects.not_disconnected().select_related("store")
    )
    return rows


def _grouped(
    pairs: Iterable[tuple[str, AmazonAccount]],
) -> Mapping[str, Sequence[AmazonAccount]]:
    found: dict[str, list[AmazonAccount]] = defaultdict(list)
    for key, row in pairs:
        found[key].append(row)
    return found


def _region_of(marketplace_id: str) -> str | None:
    marketplace = MARKETPLACES.get(marketplace_id)
    return None if marketplace is None else marketplace.region


def _in(
    rows: Sequence[AmazonAccount], region: str, *, whole: bool = False
) -> Sequence[AmazonAccount]:
    """Return the rows of the region; with `whole` none where another is among them."""
    own = [row for row in rows if row.region == region]
    return () if whole and len(own) < len(rows) else own


def _both(
    rows: Sequence[AmazonAccount], others: Sequence[AmazonAccount]
) -> Sequence[AmazonAccount]:
    keys = {row.pk for row in others}
    return [row for row in rows if row.pk in keys]


def _only(rows: Sequence[AmazonAccount]) -> AmazonAccount | None:
    return rows[0] if len(rows) == 1 else None
