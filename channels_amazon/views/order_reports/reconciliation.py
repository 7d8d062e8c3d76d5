"""The reconciliations: what each report of the orders proved; views layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.models import AmazonAccount, OrderReport
from channels_amazon.services.order_reports.completeness import FRESH, completeness
from channels_amazon.services.order_reports.requests import PROOFS, State
from channels_amazon.views.base import mine, store_page
from channels_amazon.views.lists import ListPage, Tab, list_page
from channels_amazon.views.pagination import newest_first

ROWS = 50
MOST_HOURS = 24
RECONCILIATIONS = ListPage(
    title=gettext_lazy("Reconciliations"),
    template="order_reports/reconciliation_list.html",
    rows="order_reports/parts/rows.html",
    url_name="amazon-reconciliation-list",
    refresh_seconds=5,
)


@store_page
@require_safe
def reconciliation_list(request: HttpRequest) -> HttpResponse:
    """Show the last reports with their state and counts, newest first."""
    rows = mine(OrderReport, request).select_related("account")
    account = _chosen(request)
    if account is not None:
        rows = rows.filter(account=account)
    shown = newest_first(rows, parameters.AFTER.of(request), ROWS)
    now = timezone.now()
    gaps = rows.filter(
        purpose__in=PROOFS,
        state=State.READ,
        orders_missing__gt=0,
        read_at__gt=now - FRESH,
    )
    context = {
        "tabs": _account_tabs(list(mine(AmazonAccount, request)), account),
        "missing": sum(gaps.values_list("orders_missing", flat=True)),
        "query": f"account={account.pk}" if account else "",
    }
    return list_page(request, RECONCILIATIONS, shown, context)


def completeness_part(account: AmazonAccount, now: datetime) -> dict[str, Any]:
    """Return what the status page shows of how completely orders are known."""
    state = completeness(account, now)
    return {"completeness": state, "gap_hours": state.hours[-MOST_HOURS:]}


def _account_tabs(
    accounts: list[AmazonAccount], chosen: AmazonAccount | None
) -> list[Tab]:
    """Return a tab for all accounts and one for each, none where there is but one."""
    if len(accounts) < 2:
        return []
    return [
        Tab(_("All accounts"), reverse(RECONCILIATIONS.url_name), chosen is None),
        *(
            Tab(
                f"{account.name} · {account.get_region_display()}",
                f"?account={account.pk}",
                account == chosen,
            )
            for account in accounts
        ),
    ]


def _chosen(request: HttpRequest) -> AmazonAccount | None:
    """Return the account that the address names, if it is one of the reader's."""
    number = parameters.ACCOUNT.number(request)
    return mine(AmazonAccount, request).filter(pk=number or 0).first()
