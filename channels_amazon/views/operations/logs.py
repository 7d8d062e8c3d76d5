"""The diagnostic logs: what happened, calls to Amazon, runs; views layer."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import LogFilter
from channels_amazon.forms.log_filters import LOG_FILTERS
from channels_amazon.forms.parameters import without
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Store,
    SyncRun,
)
from channels_amazon.services.diagnostics.export import LogKind, keep_export
from channels_amazon.services.diagnostics.export_formats import (
    ExportFile,
    ExportFormat,
    export_file,
)
from channels_amazon.views.base import get_mine, mine, page, store_page
from channels_amazon.views.errors import not_understood
from channels_amazon.views.lists import ListPage, Tab, list_page
from channels_amazon.views.operations.log_line import log_line
from channels_amazon.views.pagination import by_time

ROWS = 50
CALLS_OF_RUN = 200
FORMAT_LABELS = {
    ExportFormat.CSV: "CSV",
    ExportFormat.JSONL: "JSON Lines",
    ExportFormat.XLSX: "Excel",
}
DEFAULT_KIND = LogKind.EVENTS
LOGS = ListPage(
    title=gettext_lazy("Diagnostic logs"),
    template="operations/log_list.html",
    rows="operations/parts/log_rows.html",
    url_name="amazon-log-list",
)


@store_page
@require_safe
def log_list(request: HttpRequest) -> HttpResponse:
    """Show one kind of log, filtered by the address, newest first."""
    kind = chosen_kind(request)
    form = filter_form(request, kind)
    rows = filtered(request, kind, form)
    cursor = parameters.AFTER.of(request)
    clock = LOG_FILTERS[kind].time_field
    related = rows.select_related("account")
    shown = by_time(related, clock, cursor, ROWS, falling=True)
    line = log_line(kind, mine(LOG_FILTERS[kind].model, request), form)
    context = {
        "kind": kind,
        "line": line,
        "shows": without(request, "after", tab=kind.value, result=line.shows),
        "formats": _format_links(request, kind),
        "tabs": _kind_tabs(request, kind),
        "hidden": {"tab": kind},
        "clear_address": f"?tab={kind}",
    }
    return list_page(request, LOGS, shown, context, form=form)


@store_page
@require_safe
def log_detail(request: HttpRequest, kind: str, log_id: int) -> HttpResponse:
    """Show one row with the run it belongs to and the run's other rows."""
    wanted = known_kind(kind)
    if wanted is None:
        raise Http404
    rows = mine(LOG_FILTERS[wanted].model, request)
    related = ("account",) if wanted is LogKind.RUNS else ("account", "run")
    row: Any = get_mine(rows.select_related(*related), request, pk=log_id)
    run = row if isinstance(row, SyncRun) else row.run
    context = {
        "kind": kind,
        "row": row,
        "own_row": [row],
        "run": run,
        "calls": (
            ApiCall.objects.filter(run=run).defer("exchange")[:CALLS_OF_RUN]
            if run
            else []
        ),
        "events": DiagnosticEntry.objects.filter(run=run)[:CALLS_OF_RUN] if run else [],
    }
    template = f"channels_amazon/operations/log_{kind}.html"
    return page(request, template, context, title=_("Diagnostic logs"))


@store_page
@require_safe
def log_export(request: HttpRequest) -> HttpResponseBase:
    """Stream what the filter in the address shows, all of it, in the form it names."""
    kind = chosen_kind(request)
    form = filter_form(request, kind)
    if reason := form.refusal:
        return not_understood(request, reason)
    rows = filtered(request, kind, form)
    keep_export(
        kind,
        actor=request.user.get_username(),
        store_ids=_stores_in(rows, request, form.chosen("account")),
    )
    return download(export_file(chosen_format(request), kind, rows))


def download(file: ExportFile) -> StreamingHttpResponse:
    """Return the answer that streams a file to be saved."""
    response = StreamingHttpResponse(file.parts, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def chosen_format(request: HttpRequest) -> ExportFormat:
    """Return the form of a file that the address names, CSV for none."""
    named = parameters.FORMAT.of(request)
    return next((form for form in ExportFormat if form == named), ExportFormat.CSV)


def _stores_in(
    rows: QuerySet[Any], request: HttpRequest, account: str
) -> list[int | None]:
    """Return the stores that rows of the file are of; [None] for all there are."""
    user: Any = request.user
    if user.is_superuser and not account:
        return [None]
    stores = mine(Store, request)
    if account:
        stores = stores.filter(amazon_accounts=int(account))
    theirs = rows.order_by().filter(**{rows.model.STORE_PATH: OuterRef("pk")})
    return list(stores.filter(Exists(theirs)).values_list("pk", flat=True))


def chosen_kind(request: HttpRequest) -> LogKind:
    """Return which of the logs the address names, DEFAULT_KIND where it names none.

    Raises Http404 where there is none of that name.
    """
    named = parameters.TAB.of(request)
    kind = known_kind(named) if named else DEFAULT_KIND
    if kind is None:
        raise Http404
    return kind


def known_kind(text: str) -> LogKind | None:
    """Return the log that has a page here and is called so in addresses."""
    return next((kind for kind in LOG_FILTERS if kind == text), None)


def filter_form(request: HttpRequest, kind: LogKind) -> LogFilter:
    """Return the filter of `kind` with what the address holds."""
    return LOG_FILTERS[kind](
        parameters.filter_data(request), mine(AmazonAccount, request)
    )


def filtered(request: HttpRequest, kind: LogKind, form: LogFilter) -> QuerySet[Any]:
    """Return the visible rows that the filter lets through."""
    rows = mine(LOG_FILTERS[kind].model, request)
    if kind is LogKind.RUNS:
        rows = rows.defer("detail")
    if kind is LogKind.CALLS:
        rows = rows.defer("exchange")
    return form.narrow(rows)


def _format_links(request: HttpRequest, kind: LogKind) -> list[tuple[str, str]]:
    """Return each form in which what is shown can be saved, and its address."""
    address = reverse("amazon-log-export")
    return [
        (
            label,
            f"{address}?{without(request, 'after', tab=kind.value, format=form.value)}",
        )
        for form, label in FORMAT_LABELS.items()
    ]


def _kind_tabs(request: HttpRequest, chosen: LogKind) -> list[Tab]:
    """Return a tab for each kind of log; it keeps the fields that all kinds have."""
    labels = {
        LogKind.EVENTS: _("Events"),
        LogKind.CALLS: _("API calls"),
        LogKind.RUNS: _("Runs"),
    }
    tabs = []
    for kind, label in labels.items():
        query = without(request, "result", "operation", "after", tab=kind.value)
        tabs.append(Tab(label, f"?{query}", kind == chosen))
    return tabs
