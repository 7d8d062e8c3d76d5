"""The reconciliations: what each report of the orders proved; views layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import AmazonAccount, OrderReport
from channels_amazon.services.order_reports.completeness import FRESH, completeness
from channels_amazon.services.order_reports.requests import PROOFS, State
from channels_amazon.views.base import is_fragment, mine, page, store_page
from channels_amazon.views.pagination import newest_first

ROWS = 50
MOST_HOURS = 24


@store_page
@require_safe
def reconciliation_list(request: HttpRequest) -> HttpResponse:
    """Show the last reports with their state and counts, newest first."""
    rows = mine(OrderReport, request).select_related("account")
    account = _chosen(request)
    if account is not None:
        rows = rows.filter(account=account)
    shown = newest_first(rows, request.GET.get("after", ""), ROWS)
    now = timezone.now()
    gaps = rows.filter(
        purpose__in=PROOFS,
        state=State.READ,
        orders_missing__gt=0,
        read_at__gt=now - FRESH,
    )
    context = {
        "slice": shown,
        "account": account,
        "accounts": mine(AmazonAccount, request),
        "missing": sum(gaps.values_list("orders_missing", flat=True)),
        "query": f"account={account.pk}" if account else "",
    }
    name = "parts/rows.html"
    if not is_fragment(request):
        name = "reconciliation_list.html"
    title = _("Reconciliations")
    return page(request, f"channels_amazon/order_reports/{name}", context, title=title)


def completeness_part(account: AmazonAccount, now: datetime) -> dict[str, Any]:
    """Return what the status page shows of how completely orders are known."""
    state = completeness(account, now)
    return {"completeness": state, "gap_hours": state.hours[-MOST_HOURS:]}


def _chosen(request: HttpRequest) -> AmazonAccount | None:
    """Return the account that the address names, if it is one of the reader's."""
    number = request.GET.get("account", "")
    if not number.isdecimal():
        return None
    found = mine(AmazonAccount, request).filter(pk=int(number[:18]))
    return found.first()
