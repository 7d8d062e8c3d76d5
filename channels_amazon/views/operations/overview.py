"""The overview: is all well, what needs a person; views layer."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.services.orders import counts
from channels_amazon.views.base import is_fragment, mine, page, store_page
from channels_amazon.views.operations.open_issues import open_problems

NEWEST = 8


@store_page
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what needs somebody, then the newest orders."""
    now = timezone.now()
    accounts = list(mine(AmazonAccount, request).select_related("store"))
    orders = mine(Order, request)
    problems = open_problems(accounts, now)
    context = {
        "accounts": accounts,
        "connected": [row for row in accounts if row.is_connected],
        "problems": problems,
        "counts": counts.order_counts(orders, now),
        "latency": counts.latency(orders),
        "newest": newest_orders(orders),
        "now": now,
    }
    name = "parts/overview_body.html" if is_fragment(request) else "overview.html"
    return page(
        request, f"channels_amazon/operations/{name}", context, title=_("Overview")
    )


def newest_orders(orders: QuerySet[Order]) -> list[Order]:
    """Return the orders that came last, with their lines."""
    return list(orders.prefetch_related("lines").order_by("-pk")[:NEWEST])
