"""The reconciliations: what each report of the orders proved; views layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.models import AmazonAccount, OrderReport, translated
from channels_amazon.services.order_reports.completeness import (
    FRESH,
    PROVEN_FOR,
    Proof,
    completeness,
    told,
    unproven_accounts,
)
from channels_amazon.services.order_reports.requests import PROOFS
from channels_amazon.views.base import get_mine, mine, store_page
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

# How each proof looks on the status page, and its word.
_WORDS: Mapping[Proof, tuple[str, Promise]] = {
    Proof.GAP: ("warning", gettext_lazy("Gap")),
    Proof.NONE: ("off", gettext_lazy("Not proven yet")),
    Proof.OLD: ("warning", gettext_lazy("Not proven of late")),
    Proof.FILLED: ("ok", gettext_lazy("Gap, taken over")),
    Proof.WHOLE: ("ok", gettext_lazy("No order was missing")),
}


@store_page
@require_safe
def reconciliation_list(request: HttpRequest) -> HttpResponse:
    """Show the last reports with their state and counts, newest first."""
    rows = mine(OrderReport, request).select_related("account")
    account = _chosen(request)
    if account is not None:
        rows = rows.filter(account=account)
    shown = newest_first(rows, parameters.AFTER.of(request), ROWS)
    accounts = list(mine(AmazonAccount, request))
    asked = [account] if account is not None else accounts
    context = {
        "tabs": _account_tabs(accounts, account),
        "says": _first_line(asked, timezone.now()),
        "query": f"account={account.pk}" if account else "",
    }
    return list_page(request, RECONCILIATIONS, shown, context)


def completeness_part(account: AmazonAccount, now: datetime) -> dict[str, Any]:
    """Return what the status page shows of how completely orders are known."""
    state = completeness(account, now)
    kind, word = _WORDS[state.proof]
    return {
        "completeness": state,
        "completeness_kind": kind,
        "completeness_word": word,
        "completeness_says": translated(told(state)),
        "gap_hours": state.hours[-MOST_HOURS:],
    }


def _first_line(accounts: Sequence[AmazonAccount], now: datetime) -> str:
    """Return what is proven of the orders of these accounts, as one sentence."""
    if len(accounts) == 1:
        return translated(told(completeness(accounts[0], now)))
    live = [account for account in accounts if not account.is_disconnected]
    if not live:
        return _("No Amazon account is connected, so nothing is reconciled.")
    said = [_found_missing(live, now)]
    if lacking := unproven_accounts(live, now):
        text = ngettext(
            "%(number)d account was not reconciled within the last two days: nothing "
            "is proven of its orders.",
            "%(number)d accounts were not reconciled within the last two days: "
            "nothing is proven of their orders.",
            len(lacking),
        )
        said.append(text % {"number": len(lacking)})
    return " ".join(filter(None, said))


def _found_missing(accounts: Sequence[AmazonAccount], now: datetime) -> str:
    """Return what was missing within the last day, "" where nobody looked."""
    of_day = OrderReport.objects.filter(
        account__in=[account.pk for account in accounts],
        purpose__in=PROOFS,
        state__in=OrderReport.PROVEN,
        read_at__gt=now - PROVEN_FOR,
    ).order_by()
    found = list(of_day.values_list("orders_missing", "read_at"))
    if not found:
        return ""
    missing = sum(
        orders for orders, read_at in found if read_at and read_at > now - FRESH
    )
    if not missing:
        return _("No reconciliation found an order missing within the last day.")
    text = ngettext(
        "%(number)d order was found missing within the last day. It is taken over.",
        "%(number)d orders were found missing within the last day. They are taken "
        "over.",
        missing,
    )
    return text % {"number": missing}


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
    """Return the account that the address names, None where it names none.

    Raises Http404 for what is none of the reader's: all accounts would be more than
    was asked for.
    """
    if not parameters.ACCOUNT.of(request):
        return None
    number = parameters.ACCOUNT.number(request)
    return get_mine(AmazonAccount, request, pk=number)
