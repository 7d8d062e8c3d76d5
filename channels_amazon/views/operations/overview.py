"""The overview: is all well, what needs a person; views layer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import AmazonAccount, Order, Store
from channels_amazon.services.accounts import store_setup
from channels_amazon.services.jobs.status import in_first_pull
from channels_amazon.services.orders import counts
from channels_amazon.views.base import (
    OWNERS,
    is_fragment,
    mine,
    page,
    store_page,
    stores_with_role,
)
from channels_amazon.views.operations.open_issues import open_problems

NEWEST = 8


@store_page
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what needs somebody, then the newest orders."""
    store = _lacking(request)
    if store is None and _may_make_first(request):
        return redirect("amazon-setup")
    now = timezone.now()
    accounts = list(mine(AmazonAccount, request).select_related("store"))
    orders = mine(Order, request)
    problems = open_problems(accounts, now)
    context = {
        "accounts": accounts,
        "connected": [row for row in accounts if row.is_connected],
        "live": [row for row in accounts if not row.is_disconnected],
        "pulling": in_first_pull(accounts),
        "problems": problems,
        "counts": counts.order_counts(orders, now),
        "latency": counts.latency(orders),
        "newest": newest_orders(orders),
        "now": now,
        "to_set_up": store,
    }
    name = "parts/overview_body.html" if is_fragment(request) else "overview.html"
    return page(
        request, f"channels_amazon/operations/{name}", context, title=_("Overview")
    )


def _may_make_first(request: HttpRequest) -> bool:
    """Tell whether there is no store at all, and the user may make one."""
    user: Any = request.user
    return user.is_superuser and not mine(Store, request).exists()


def _lacking(request: HttpRequest) -> Store | None:
    """Return a store of the user's that lacks what it needs."""
    return store_setup.first_lacking(stores_with_role(request, OWNERS))


def newest_orders(orders: QuerySet[Order]) -> list[Order]:
    """Return the orders that came last, with their lines."""
    return list(orders.prefetch_related("lines").order_by("-pk")[:NEWEST])
