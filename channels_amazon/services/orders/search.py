"""Finds orders by an order id, a seller SKU or an ASIN, or a part; services layer.

A whole one is looked up first, and where there is one, that is the answer. A part of
an order id is looked for where people begin to write one, by an index each: at its
beginning, at its end, at the beginning of its second group. A part of a SKU or an ASIN
is looked for among the accounts' listings, which are few, and their orders by an index.
Whatever else holds the part is found among the accounts' newest rows only. Nothing here
reads all orders there are, however common the part is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Reverse, Substr

from channels_amazon.models import Listing, Order, OrderLine
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.pasted_ids import (
    ORDER_ID,
    order_ids,
    search_parts,
    search_terms,
)

# Of the accounts' orders, and of their lines, that came last: read in a few hundredths
# of a second.
NEWEST = 10_000
# The newest rows of so many accounts are read by the index of each. More accounts hold
# most of the orders there are, so that the newest of all are soon theirs.
_MOST_SLICES = 20
# A part that more SKUs hold says too little.
MOST_SKUS = 300
_PART_OF_ORDER_ID = re.compile(r"[A-Z0-9-]{1,19}")
# Where the second group of 3-7-7 begins, counted from 1.
_SECOND_GROUP = 5


@dataclass(frozen=True, slots=True)
class FoundOrders:
    """What a search let through, and how.

    `is_whole`: it is an id, SKU or ASIN as it stands. `is_cut`: so many orders hold it
    that only those among the newest were looked for. `most`: even of these there are
    too many, and no more than so many were let through; else 0. `are_ids_read`,
    `are_lines_read`: every order id was looked through for the part, or every SKU and
    ASIN that an order has; else those of the newest rows, and of the older ones what an
    index finds. `is_quick`: nothing but indexes was asked, as they found something.
    `is_empty`: nothing was found, which is certain where `is_all`. `missing`: of
    several order ids those that no order has. `is_too_short`: it is nothing whole, and
    too short for a part.
    """

    orders: OrderQuerySet
    is_whole: bool = False
    is_cut: bool = False
    most: int = 0
    are_ids_read: bool = True
    are_lines_read: bool = True
    is_quick: bool = False
    is_empty: bool = False
    missing: tuple[str, ...] = ()
    is_too_short: bool = False

    @property
    def is_all(self) -> bool:
        """Tell whether all was looked through, and nothing of it is left out."""
        is_read = self.are_ids_read and self.are_lines_read
        return is_read and not (self.is_cut or self.is_quick)


def find_orders(
    orders: OrderQuerySet,
    typed: str,
    account_ids: Collection[int],
    *,
    is_quick: bool = False,
) -> FoundOrders:
    """Return those of `orders`, which are of these accounts, that somebody means.

    With `is_quick` the newest rows are looked through only where no index finds any.
    """
    terms = search_terms(typed)
    whole = _with_whole(orders, terms)
    if whole.exists():
        return FoundOrders(whole, is_whole=True, missing=_missing(whole, typed))
    parts = search_parts(typed)
    if not parts:
        return FoundOrders(orders.none(), is_empty=True, is_too_short=True)
    if any(ORDER_ID.fullmatch(term) for term in terms):
        # All of an order id is a part of none.
        return FoundOrders(orders.none(), is_empty=True)
    written = _written_in_ids(parts)
    numbered = _numbered(written, account_ids) if written else _Hits()
    sold = _sold(parts, account_ids)
    known = numbered.order_ids | sold.order_ids
    if is_quick and known and not (numbered.is_cut or sold.is_cut):
        return FoundOrders(orders.filter(pk__in=known), is_quick=True)
    if written and (numbered.is_cut or not _are_all_ids_indexed()):
        _add_newest_ids(numbered, written, account_ids)
    _add_newest_lines(sold, parts, account_ids)
    found = numbered.order_ids | sold.order_ids
    is_over = numbered.is_over or sold.is_over
    return FoundOrders(
        orders.filter(pk__in=found),
        is_cut=numbered.is_cut or sold.is_cut,
        most=len(found) if is_over else 0,
        are_ids_read=numbered.is_all_read,
        are_lines_read=sold.is_all_read,
        is_empty=not found,
    )


@dataclass(slots=True)
class _Hits:
    """Orders that hold a part.

    `is_cut`: so many do that not all were looked up; `is_over`: so many of the newest
    do. `is_all_read`: the newest rows are all that the accounts have.
    """

    order_ids: set[int] = field(default_factory=set)
    is_cut: bool = False
    is_over: bool = False
    is_all_read: bool = True

    def add_all(self, found: Collection[int]) -> None:
        """Take what was looked up by an index, unless that is too much to be all."""
        if len(found) < COUNT_CAP:
            self.order_ids |= set(found)
        else:
            self.is_cut = True

    def add_newest(self, held: Sequence[int], read: int) -> None:
        """Take those of the newest rows, `read` in number, whose orders hold the part.

        They come newest first; of too many the newest are taken.
        """
        self.order_ids |= set(held[:COUNT_CAP])
        self.is_all_read = read < NEWEST
        self.is_over = len(held) > COUNT_CAP
        # Where all was read, nothing but those beyond the cap is missing.
        self.is_cut = self.is_over or (self.is_cut and not self.is_all_read)


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


def _missing(found: OrderQuerySet, typed: str) -> tuple[str, ...]:
    """Return those of several order ids that are not among the orders found."""
    wanted = order_ids(typed)
    if len(wanted) < 2:
        return ()
    rows = found.filter(amazon_order_id__in=wanted).order_by()
    known = set(rows.values_list("amazon_order_id", flat=True))
    return tuple(one for one in wanted if one not in known)


def _written_in_ids(parts: Collection[str]) -> list[str]:
    """Return the parts that an order id may hold, in capitals as Amazon's ids are."""
    written = dict.fromkeys(part.upper() for part in parts)
    return [part for part in written if _PART_OF_ORDER_ID.fullmatch(part)]


def _numbered(parts: Collection[str], account_ids: Collection[int]) -> _Hits:
    """Return the orders of the accounts with one of the parts in their id, by index."""
    hits = _Hits()
    orders = Order.objects.filter(account__in=account_ids)
    begun = _begun(orders, parts).order_by().values_list("pk", flat=True)
    hits.add_all(list(begun[:COUNT_CAP]))
    return hits


def _add_newest_ids(
    hits: _Hits, parts: Collection[str], account_ids: Collection[int]
) -> None:
    """Add the accounts' newest orders with one of the parts anywhere in their id."""
    newest = _newest(Order.objects.all(), "", account_ids, "pk", "amazon_order_id")
    hits.add_newest(*_look_through(newest, ["number"], parts))


def _are_all_ids_indexed() -> bool:
    """Tell whether any part of an order id is found by an index.

    All ids stand in one of SQLite: as many as that is for are soon read.
    """
    return bool(connection.vendor != "postgresql")


def _begun(orders: OrderQuerySet, parts: Collection[str]) -> OrderQuerySet:
    """Return the orders whose id has one of the parts where its index begins."""
    if _are_all_ids_indexed():
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
    """Return the accounts' orders of what is listed with a part in its SKU or ASIN."""
    hits = _Hits()
    holds = _any_of(
        Q(seller_sku__icontains=part) | Q(asin__icontains=part) for part in parts
    )
    listings = Listing.objects.filter(holds, account__in=account_ids).order_by()
    named = list(listings.values_list("seller_sku", "asin")[: MOST_SKUS + 1])
    if len(named) > MOST_SKUS:
        hits.is_cut = True
        return hits
    lines = OrderLine.objects.filter(order__account__in=account_ids)
    for place, column in enumerate(("seller_sku", "asin")):
        held = {row[place] for row in named if _holds_any(row[place], parts)}
        # In the order of its index, so that it is read by that and no further.
        sold = lines.filter(**{f"{column}__in": held}).order_by(column)
        hits.add_all(list(sold.values_list("order_id", flat=True)[:COUNT_CAP]))
    return hits


def _add_newest_lines(
    hits: _Hits, parts: Collection[str], account_ids: Collection[int]
) -> None:
    """Add the orders of the accounts' newest lines with a part in a SKU or an ASIN."""
    columns = ("order_id", "seller_sku", "asin")
    newest = _newest(OrderLine.objects.all(), "order__", account_ids, *columns)
    hits.add_newest(*_look_through(newest, ["seller_sku", "asin"], parts))


def _newest(
    rows: QuerySet[Any], path: str, account_ids: Collection[int], *columns: str
) -> QuerySet[Any]:
    """Return columns of the NEWEST of `rows` of these accounts, and when each was made.

    `path` leads from a row to its order. Of all accounts in one, the database may read
    through the orders of the others, or sort all orders of these.
    """
    made = rows.annotate(at=F(f"{path}ordered_at")).order_by("-at")
    named: QuerySet[Any] = made.values_list(*columns, "at")
    # SQLite joins no statements that have ends of their own.
    if connection.vendor != "postgresql" or not 1 < len(account_ids) <= _MOST_SLICES:
        return named.filter(**{f"{path}account__in": account_ids})[:NEWEST]
    first, *more = (
        named.filter(**{f"{path}account": one})[:NEWEST] for one in account_ids
    )
    merged: QuerySet[Any] = first.union(*more, all=True).order_by("-at")
    return merged[:NEWEST]


def _look_through(
    newest: QuerySet[Any], columns: Sequence[str], parts: Collection[str]
) -> tuple[list[int], int]:
    """Return the orders of those of `newest` with a part in a column, and their number.

    The rows are an order's key, the columns, and their time. They are made before they
    are looked through: the database might else look for the part in all orders first.
    """
    try:
        made, given = newest.query.sql_with_params()
    except EmptyResultSet:
        return [], 0
    # A pattern, since SQLite's other ways know no case of letters beyond ASCII's.
    is_postgresql = connection.vendor == "postgresql"
    matches = "~* %s" if is_postgresql else "REGEXP '(?i)' || %s"
    holds = [
        (f"{column} {matches}", re.escape(part)) for column in columns for part in parts
    ]
    sql = (
        f"WITH newest (pk, {', '.join(columns)}, at) AS MATERIALIZED ({made}) "  # noqa: S608 - ours
        "SELECT 0, COUNT(*) FROM newest UNION ALL SELECT * FROM ("
        f"SELECT pk, 0 FROM newest WHERE {' OR '.join(one for one, _ in holds)} "
        "GROUP BY pk ORDER BY MAX(at) DESC LIMIT %s) AS held"
    )
    values = [*given, *(part for _, part in holds), COUNT_CAP + 1]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    # The number stands beside no order's key.
    return [pk for pk, _ in rows if pk], sum(count for _, count in rows)


def _holds_any(text: str, parts: Collection[str]) -> bool:
    return any(part.casefold() in text.casefold() for part in parts)


def _any_of(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)
