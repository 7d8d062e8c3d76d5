"""Finds orders by an order id, a seller SKU or an ASIN, or a part; services layer.

A whole one is looked up first, and where there is one, that is the answer. A part of
an order id is looked for where people begin to write one, by an index each: at its
beginning, at its end, at the beginning of its second group. A part of a SKU or an ASIN
is looked for among the accounts' listings, which are few, and their orders by an index.
Whatever else holds the part is found among the newest rows only. Nothing here reads
all orders there are, however common the part is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Reverse, Substr

from channels_amazon.models import Listing, Order, OrderLine
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.models.scope import COUNT_CAP, StoreQuerySet
from channels_amazon.rules.pasted_ids import search_parts, search_terms

# Of the orders, and of the lines, that came last: read in a few hundredths of a second.
NEWEST = 10_000
# A part that more SKUs hold says too little.
MOST_SKUS = 300
_PART_OF_ORDER_ID = re.compile(r"[A-Z0-9-]{1,19}")
# Where the second group of 3-7-7 begins, counted from 1.
_SECOND_GROUP = 5


@dataclass(frozen=True, slots=True)
class FoundOrders:
    """What a search let through, and how.

    `is_whole`: it is an id, SKU or ASIN as it stands. `is_cut`: so many orders hold it
    that only those among the newest were looked for. `is_empty` is certain where it is
    True. `is_too_short`: it is nothing whole, and too short for a part.
    """

    orders: OrderQuerySet
    is_whole: bool = False
    is_cut: bool = False
    is_empty: bool = False
    is_too_short: bool = False


def find_orders(
    orders: OrderQuerySet, typed: str, account_ids: Collection[int]
) -> FoundOrders:
    """Return those of `orders`, which are of these accounts, that somebody means."""
    whole = _with_whole(orders, search_terms(typed))
    if whole.exists():
        return FoundOrders(whole, is_whole=True)
    parts = search_parts(typed)
    if not parts:
        return FoundOrders(orders.none(), is_empty=True, is_too_short=True)
    numbered, sold = _numbered(parts, account_ids), _sold(parts, account_ids)
    found = numbered.order_ids | sold.order_ids
    return FoundOrders(
        orders.filter(pk__in=found),
        is_cut=numbered.is_cut or sold.is_cut,
        is_empty=not found,
    )


@dataclass(slots=True)
class _Hits:
    """Orders that hold a part; `is_cut`: so many do that not all were looked up."""

    order_ids: set[int] = field(default_factory=set)
    is_cut: bool = False

    def add_all(self, found: Collection[int]) -> None:
        """Take what was looked up by an index, unless that is too much to be all."""
        if len(found) < COUNT_CAP:
            self.order_ids |= set(found)
        else:
            self.is_cut = True


def _with_whole(orders: OrderQuerySet, terms: Collection[str]) -> OrderQuerySet:
    """Return the orders with one of these ids, seller SKUs or ASINs, each in full.

    One condition for all three would be asked of every order there is. So they are
    looked up first; only what very many orders hold is asked of the orders themselves,
    of which a page of the newest is soon found then.
    """
    lines = OrderLine.objects.filter(Q(seller_sku__in=terms) | Q(asin__in=terms))
    by_line = list(lines.order_by().values_list("order_id", flat=True)[:COUNT_CAP])
    numbered = Order.objects.filter(amazon_order_id__in=terms).order_by()
    by_number = list(numbered.values_list("pk", flat=True)[:COUNT_CAP])
    if len(by_line) < COUNT_CAP:
        return orders.filter(pk__in={*by_line, *by_number})
    held = Q(Exists(lines.filter(order=OuterRef("pk"))))
    return orders.filter(held | Q(pk__in=by_number) if by_number else held)


def _numbered(parts: Collection[str], account_ids: Collection[int]) -> _Hits:
    """Return the orders of the accounts with one of the parts in their id."""
    hits = _Hits()
    # Amazon's ids are in capitals.
    written = [part.upper() for part in parts]
    written = [part for part in written if _PART_OF_ORDER_ID.fullmatch(part)]
    if not written:
        return hits
    orders = Order.objects.filter(account__in=account_ids)
    anywhere = _any_of(Q(amazon_order_id__contains=part) for part in written)
    hits.add_all(_pks(_begun(orders, written).order_by()))
    newest = orders.filter(anywhere, **_newest(Order)).order_by("-pk")
    hits.order_ids |= set(_pks(newest))
    return hits


def _begun(orders: OrderQuerySet, parts: Collection[str]) -> OrderQuerySet:
    """Return the orders whose id has one of the parts where its index begins."""
    if connection.vendor != "postgresql":
        # All ids stand in one index: as many as SQLite is for are soon read.
        return orders.filter(_any_of(Q(amazon_order_id__contains=one) for one in parts))
    # The indexes are those of migration 0042.
    return orders.alias(
        backwards=Reverse("amazon_order_id"),
        second_group=Substr("amazon_order_id", _SECOND_GROUP),
    ).filter(
        _any_of(
            Q(amazon_order_id__startswith=one)
            | Q(backwards__startswith=one[::-1])
            | Q(second_group__startswith=one)
            for one in parts
        )
    )


def _sold(parts: Collection[str], account_ids: Collection[int]) -> _Hits:
    """Return the orders of the accounts with one of the parts in a SKU or an ASIN."""
    hits = _Hits()
    holds = _any_of(
        Q(seller_sku__icontains=part) | Q(asin__icontains=part) for part in parts
    )
    listings = Listing.objects.filter(holds, account__in=account_ids).order_by()
    named = list(listings.values_list("seller_sku", "asin")[: MOST_SKUS + 1])
    lines = OrderLine.objects.filter(order__account__in=account_ids)
    if len(named) > MOST_SKUS:
        hits.is_cut = True
    else:
        for place, column in enumerate(("seller_sku", "asin")):
            held = {row[place] for row in named if _holds_any(row[place], parts)}
            # In the order of its index, so that it is read by that and no further.
            sold = lines.filter(**{f"{column}__in": held}).order_by(column)
            hits.add_all(_order_ids(sold))
    newest = lines.filter(holds, **_newest(OrderLine)).order_by("-pk")
    hits.order_ids |= set(_order_ids(newest))
    return hits


def _holds_any(text: str, parts: Collection[str]) -> bool:
    return any(part.casefold() in text.casefold() for part in parts)


def _any_of(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)


def _newest(model: type[Order | OrderLine]) -> dict[str, int]:
    """Return the condition of the rows that came last."""
    last = model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return {"pk__gt": last - NEWEST}


def _pks(orders: OrderQuerySet) -> list[int]:
    return list(orders.values_list("pk", flat=True)[:COUNT_CAP])


def _order_ids(lines: StoreQuerySet[OrderLine]) -> list[int]:
    return list(lines.values_list("order_id", flat=True)[:COUNT_CAP])
