"""The movements of all variants, and the files of stock; views layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.stock_filter import StockFilter
from channels_amazon.forms.stock_takes import MovementFilter
from channels_amazon.models import (
    AmazonAccount,
    StockLevel,
    StockMovement,
    Store,
    Variant,
    Warehouse,
)
from channels_amazon.services.stock.stock_export import (
    keep_export,
    level_lines,
    movement_lines,
)
from channels_amazon.views.base import mine, store_page
from channels_amazon.views.errors import not_understood
from channels_amazon.views.lists import ListPage, list_page
from channels_amazon.views.pagination import Slice, by_text, by_time
from channels_amazon.views.stock.stock import narrowed
from channels_amazon.wording import sentence

Row = TypeVar("Row", bound=Model)

ROWS = 50
# Rows of a file that are in memory at once.
FILE_ROWS = 500
MOVEMENTS = ListPage(
    title=gettext_lazy("Stock movements"),
    template="stock/movement_list.html",
    rows="stock/parts/movement_rows.html",
    url_name="amazon-movement-list",
)


@store_page
@require_safe
def movement_list(request: HttpRequest) -> HttpResponse:
    """Show what moved in a period, the newest first."""
    form = _filter(request)
    cursor = parameters.AFTER.of(request)
    rows = _related(form.narrow(mine(StockMovement, request)))
    shown = by_time(rows, "created_at", cursor, ROWS, falling=True)
    context = {"is_narrowed": form.is_narrowed}
    return list_page(request, MOVEMENTS, shown, context, form=form)


@store_page
@require_safe
def movement_export(request: HttpRequest) -> HttpResponseBase:
    """Stream the movements that the filter in the address shows, in their order."""
    form = _filter(request)
    if reason := form.refusal:
        return not_understood(request, reason)
    rows = form.narrow(mine(StockMovement, request))
    related = _related(rows)

    def part(cursor: str) -> Slice[StockMovement]:
        return by_time(related, "created_at", cursor, FILE_ROWS, falling=True)

    keep_export(
        sentence("The stock movements were downloaded."),
        actor=request.user.get_username(),
        store_ids=_stores_in(rows, "variant__store", request),
    )
    return csv_file("movements", movement_lines(_parts(part)))


@store_page
@require_safe
def stock_export(request: HttpRequest) -> HttpResponseBase:
    """Stream the levels of the variants that the filter in the address shows."""
    accounts = list(mine(AmazonAccount, request).not_disconnected())
    form = StockFilter(parameters.filter_data(request), accounts)
    if reason := form.refusal:
        return not_understood(request, reason)
    stores = mine(Store, request).order_by().values_list("pk", flat=True)
    rows = narrowed(mine(Variant, request), form, stores)
    levels = StockLevel.objects.select_related("warehouse").order_by("warehouse__code")
    related = rows.select_related("product", "store").prefetch_related(
        Prefetch("levels", levels)
    )

    def part(cursor: str) -> Slice[Variant]:
        return by_text(related, "sku", cursor, FILE_ROWS)

    keep_export(
        sentence("The stock levels were downloaded."),
        actor=request.user.get_username(),
        store_ids=_stores_in(rows, "store", request),
    )
    return csv_file("stock", level_lines(_parts(part)))


def csv_file(name: str, lines: Iterator[str]) -> StreamingHttpResponse:
    """Return the answer that streams a CSV file to be saved."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    named = f"shoplink-{name}-{timezone.now():%Y%m%d-%H%M%S}.csv"
    response["Content-Disposition"] = f'attachment; filename="{named}"'
    return response


def _filter(request: HttpRequest) -> MovementFilter:
    return MovementFilter(parameters.filter_data(request), mine(Warehouse, request))


def _related(rows: QuerySet[StockMovement]) -> QuerySet[StockMovement]:
    return rows.select_related("variant__store", "warehouse")


def _parts(part: Callable[[str], Slice[Row]]) -> Iterator[list[Row]]:
    """Yield the rows as the pages of the list would, larger ones."""
    cursor = ""
    while True:
        found = part(cursor)
        if found.rows:
            yield found.rows
        if not found.next:
            return
        cursor = found.next


def _stores_in(
    rows: QuerySet[Any], path: str, request: HttpRequest
) -> list[int | None]:
    """Return the stores that rows of the file are of; [None] for all there are."""
    user: Any = request.user
    if user.is_superuser:
        return [None]
    theirs = rows.order_by().filter(**{path: OuterRef("pk")})
    stores = mine(Store, request).filter(Exists(theirs))
    return list(stores.values_list("pk", flat=True))
