"""Downloads the orders that the list shows, all pages of it; views layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from channels_amazon.models import Order, Store
from channels_amazon.services.orders.export import csv_parts, keep_export
from channels_amazon.views.base import mine, store_page
from channels_amazon.views.errors import not_understood
from channels_amazon.views.orders.orders import Wanted, wanted_orders

# Orders, with their lines, that are in memory at once.
ROWS = 500


@store_page
@require_safe
def order_export(request: HttpRequest) -> HttpResponseBase:
    """Stream what the filter in the address shows, in the list's order, as CSV."""
    now = timezone.now()
    wanted = wanted_orders(request, now)
    if reason := wanted.form.refusal:
        return not_understood(request, reason)
    keep_export(
        actor=request.user.get_username(), store_ids=_stores_in(wanted, request)
    )
    response = StreamingHttpResponse(
        csv_parts(_parts(wanted), now, cut_note=wanted.form.cut_note),
        content_type="text/csv; charset=utf-8",
    )
    name = f"shoplink-orders-{now:%Y%m%d-%H%M%S}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _parts(wanted: Wanted) -> Iterator[list[Order]]:
    """Yield the orders as the pages of the list would, larger ones."""
    cursor = ""
    while True:
        part = wanted.part(cursor, ROWS)
        if part.rows:
            yield part.rows
        if not part.next:
            return
        cursor = part.next


def _stores_in(wanted: Wanted, request: HttpRequest) -> list[int | None]:
    """Return the stores that orders of the file are of; [None] for all there are."""
    account = wanted.form.chosen("account")
    user: Any = request.user
    if user.is_superuser and not account:
        return [None]
    stores = mine(Store, request)
    if account:
        stores = stores.filter(amazon_accounts=int(account))
    theirs = wanted.orders.order_by().filter(account__store=OuterRef("pk"))
    return list(stores.filter(Exists(theirs)).values_list("pk", flat=True))
