"""Turns order ids in logs and findings into addresses, the one place; views layer.

All the ids of a table are looked up together, in one statement for Amazon's orders and
one for the store's own, and in none where there are no ids. Tags of the templates call
it, which are loaded before the pages are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Order,
    StoreOrder,
)
from channels_amazon.rules.pasted_ids import ORDER_ID

# Not inside of a longer number or word.
_WHOLE_ID = re.compile(rf"(?<![\w-]){ORDER_ID.pattern}(?![\w-])")
# More ids on one page are only the texts that they are.
MOST_IDS = 500
# What speaks of the store's own orders: their numbers may look like anything, a SKU
# even, so no other reference is taken for one.
_STORE_ORDER_CODES = ("fba_orders.", "store_orders.", "personal_data.revealed")
_STORE_ORDER_CALLS = "FulfillmentOrder"

# Columns of the logs in which order ids stand; a list does not read all of them.
_TEXTS = ("reference", "message", "fix", "detail", "exchange")

Addresses = Mapping[str, str]


def addresses_in(request: HttpRequest, texts: Iterable[str]) -> dict[str, str]:
    """Return the page of each of Amazon's order ids in the texts that the user sees.

    Where two of the user's accounts have an order of one id it is the newer's.
    """
    found = {one for text in texts for one in _WHOLE_ID.findall(str(text))}
    if not found:
        return {}
    orders = Order.objects.visible_to(request.user).filter(
        amazon_order_id__in=sorted(found)[:MOST_IDS]
    )
    rows = orders.order_by("pk").values_list("amazon_order_id", "pk")
    return {number: reverse("amazon-order-detail", args=[pk]) for number, pk in rows}


def addresses_of(request: HttpRequest, rows: Iterable[Any]) -> dict[str, str]:
    """Return the page of each order that rows of the logs refer to or speak of."""
    rows = list(rows)
    # What was not read is not read for this either, row by row.
    texts = [str(vars(row).get(name, "")) for row in rows for name in _TEXTS]
    found = addresses_in(request, texts)
    numbers = {row.reference for row in rows if _is_of_store_order(row)} - found.keys()
    if numbers:
        # With their stores, by which the numbers are indexed.
        accounts = {row.account_id for row in rows if row.account_id}
        stores = {row.store_id for row in rows if getattr(row, "store_id", None)}
        of_account = AmazonAccount.objects.filter(pk__in=accounts).values("store")
        own = StoreOrder.objects.visible_to(request.user).filter(
            Q(store__in=of_account) | Q(store__in=stores),
            number__in=sorted(numbers)[:MOST_IDS],
        )
        for number, pk in own.order_by("pk").values_list("number", "pk"):
            found[number] = reverse("amazon-store-order-detail", args=[pk])
    return found


def parts_of(text: str, addresses: Addresses) -> list[tuple[str, str]]:
    """Return the text in pieces, each with the page it leads to or ""."""
    if text in addresses:
        return [(text, addresses[text])]
    pieces: list[tuple[str, str]] = []
    at = 0
    for match in _WHOLE_ID.finditer(text):
        address = addresses.get(match[0], "")
        if address:
            pieces += [(text[at : match.start()], ""), (match[0], address)]
            at = match.end()
    return [piece for piece in (*pieces, (text[at:], "")) if piece[0]]


def _is_of_store_order(row: Any) -> bool:
    if isinstance(row, ApiCall):
        return bool(row.reference) and _STORE_ORDER_CALLS in row.operation
    if isinstance(row, DiagnosticEntry):
        return bool(row.reference) and row.code.startswith(_STORE_ORDER_CODES)
    return False
