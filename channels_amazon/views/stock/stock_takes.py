"""Stock-takes: a file of counted units, shown first and then saved; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.forms.origins import agreed_in
from channels_amazon.forms.stock import AskingForm
from channels_amazon.forms.stock_takes import StockTakeForm
from channels_amazon.models import StockTake, translated, translated_packed
from channels_amazon.services.stock import stock_takes
from channels_amazon.services.stock.changes import ShortStockError
from channels_amazon.services.stock.stock_export import left_out_lines, take_lines
from channels_amazon.services.stock.stock_takes import TakenRow
from channels_amazon.storefronts import stock_file
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.file_text import decode
from channels_amazon.views.base import (
    OPERATORS,
    can_operate,
    get_mine,
    mine,
    operated_stores,
    page,
    require_operator,
    store_page,
    stores_with_role,
    takes_upload,
)
from channels_amazon.views.pagination import newest_first
from channels_amazon.views.stock.movements import csv_file
from channels_amazon.wording import together

TAKES = 20
# Rows shown of each kind; the counts are of all rows, and so are the files.
SHOWN_ROWS = 200


@takes_upload(stock_file.MOST_BYTES)
@store_page
def stock_take_list(request: HttpRequest) -> HttpResponse:
    """Show the form and the stock-takes there are; keep a sent file as a preview."""
    if request.method != "POST":
        return _show_list(request, StockTakeForm(stores_with_role(request, OPERATORS)))
    form = StockTakeForm(operated_stores(request), request.POST, request.FILES)
    if not form.is_valid():
        return _show_list(request, form, status=422)
    file = form.cleaned_data["file"]
    name = "file" if file else "text"
    content = file.read() if file else form.cleaned_data["text"].encode()
    try:
        take = stock_takes.preview(
            form.cleaned_data["warehouse"],
            decode(content, kind=stock_file.FILE.kind),
            actor=request.user.get_username(),
            file_name=file.name if file else "",
        )
    except StorefrontError as error:
        form.add_error(name, translated(together(error.message, error.fix)))
        return _show_list(request, form, status=422)
    return redirect("amazon-stock-take", take.pk)


@store_page
@require_safe
def stock_take(request: HttpRequest, take_id: int) -> HttpResponse:
    """Show what a stock-take changes, or changed."""
    return _show(request, _take(request, take_id))


@store_page
@require_POST
def stock_take_save(request: HttpRequest, take_id: int) -> HttpResponse:
    """Write what was shown into the ledger."""
    take = _take(request, take_id)
    require_operator(request, take.store)
    form = AskingForm(request.POST)
    if not form.is_valid():
        return _show(request, take, form=form)
    try:
        saved = stock_takes.save(
            take,
            actor=request.user.get_username(),
            agreed=agreed_in(form.cleaned_data["below_zero"]),
        )
    except ShoplinkError as error:
        if isinstance(error, ShortStockError):
            form.ask(error.shortfalls)
        form.add_error(None, error.message)
        return _show(request, take, form=form)
    count = len(saved.rows)
    text = ngettext(
        "%(name)s is saved: %(count)d variant was counted.",
        "%(name)s is saved: %(count)d variants were counted.",
        count,
    )
    messages.success(request, text % {"name": str(saved), "count": count})
    return redirect("amazon-stock-take", take.pk)


@store_page
@require_safe
def stock_take_rows(request: HttpRequest, take_id: int) -> HttpResponseBase:
    """Stream all that was counted, as CSV."""
    take = _take(request, take_id)
    return csv_file(f"stock-take-{take.number or 'preview'}", take_lines(take))


@store_page
@require_safe
def stock_take_left_out(request: HttpRequest, take_id: int) -> HttpResponseBase:
    """Stream the rows of the file that count nothing, as CSV."""
    take = _take(request, take_id)
    name = f"stock-take-{take.number or 'preview'}-left-out"
    return csv_file(name, left_out_lines(take))


@store_page
@require_safe
def stock_take_example(request: HttpRequest) -> HttpResponse:
    """Return an example file to download."""
    response = HttpResponse(
        stock_file.example(), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="shoplink-stock-take.csv"'
    return response


def _take(request: HttpRequest, take_id: int) -> StockTake:
    takes = mine(StockTake, request).select_related("store", "warehouse")
    return get_mine(takes, request, pk=take_id)


def _show_list(
    request: HttpRequest, form: StockTakeForm, *, status: int = 200
) -> HttpResponse:
    takes = mine(StockTake, request).select_related("warehouse", "store")
    kept = takes.defer("rows", "left_out")
    context = {
        "form": form,
        "has_warehouse": form.fields["warehouse"].queryset.exists(),  # type: ignore[attr-defined]
        "slice": newest_first(kept, parameters.AFTER.of(request), TAKES),
        "query": "",
        "columns": stock_file.COLUMNS,
    }
    template = "channels_amazon/stock/stock_take_list.html"
    return page(request, template, context, title=_("Stock-takes"), status=status)


def _show(
    request: HttpRequest, take: StockTake, *, form: AskingForm | None = None
) -> HttpResponse:
    rows = stock_takes.rows_of(take)
    left_out = stock_takes.left_out_of(take)
    save_form = form
    may_save = not take.is_saved and can_operate(request.user, take.store)
    if save_form is None and may_save:
        save_form = AskingForm()
        save_form.ask(stock_takes.fallen_of(take, rows))
    shown = sorted(rows, key=_worst_first)[:SHOWN_ROWS]
    context = {
        "take": take,
        "form": save_form,
        "rows": shown,
        "more": len(rows) - len(shown),
        "figures": stock_takes.figures(rows),
        "left_out": [
            (row, translated_packed(row.reason)) for row in left_out[:SHOWN_ROWS]
        ],
        "left_out_count": len(left_out),
    }
    template = "channels_amazon/stock/stock_take.html"
    status = 200 if form is None else 422
    return page(request, template, context, title=str(take), status=status)


def _worst_first(row: TakenRow) -> tuple[bool, bool, bool, int]:
    return (not row.is_short, not row.moved, not row.difference, row.line)
