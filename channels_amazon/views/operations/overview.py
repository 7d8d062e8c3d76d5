"""The overview: is all well, what needs a person; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import AmazonAccount, Order, Store
from channels_amazon.rules.health.attention import Need
from channels_amazon.services.accounts import store_setup
from channels_amazon.services.orders import counts
from channels_amazon.views.attention import (
    attention_rows,
    first_line,
    numbers_beside,
)
from channels_amazon.views.base import (
    OWNERS,
    is_fragment,
    mine,
    page,
    store_page,
    stores_with_role,
)
from channels_amazon.views.operations.open_issues import open_problems
from channels_amazon.views.operations.overview_parts import drawn_parts

NEWEST = 8
# The needs that are figures of the page, whether or not there are any.
TILES = (Need.LATE, Need.DUE_SOON, Need.UNMATCHED, Need.SHORTAGE)


@store_page
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what needs somebody, then the newest orders."""
    store = _lacking(request)
    if store is None and _may_make_first(request):
        return redirect("amazon-setup")
    now = timezone.now()
    rows = attention_rows(request)
    needed = rows.attention()
    accounts = list(rows.accounts.values())
    live = [row for row in accounts if not row.is_disconnected]
    orders = mine(Order, request)
    context = {
        "accounts": accounts,
        "live": live,
        "first_line": first_line(needed, rows),
        "numbers_beside": numbers_beside(rows),
        "is_fragment": is_fragment(request),
        "problems": open_problems(needed, rows),
        "to_ship": sum(rows.to_ship.values()),
        "tiles": {need.value: needed.count(need) for need in TILES},
        "latency": counts.latency(orders.filter(account__in=live), now),
        "queue_configured": rows.facts.is_queue_configured,
        "works": rows.facts.is_worker_alive and not rows.facts.is_paused,
        "newest": newest_orders(orders),
        "now": now,
        "to_set_up": store,
        "to_authorise": _to_authorise(request, live),
    }
    if is_fragment(request):
        # The drawings stay as they are: they bring themselves up to date once a minute.
        template = "channels_amazon/operations/parts/overview_body.html"
        return page(request, template, context)
    if live:
        context |= drawn_parts(request, rows, now)
    template = "channels_amazon/operations/overview.html"
    return page(request, template, context, title=_("Overview"))


def _may_make_first(request: HttpRequest) -> bool:
    """Tell whether there is no store at all, and the user may make one."""
    user: Any = request.user
    return user.is_superuser and not mine(Store, request).exists()


def _lacking(request: HttpRequest) -> Store | None:
    """Return a store of the user's that lacks what it needs."""
    return store_setup.first_lacking(stores_with_role(request, OWNERS))


def _to_authorise(
    request: HttpRequest, live: Sequence[AmazonAccount]
) -> AmazonAccount | None:
    """Return the first account that the reader can authorise again, if one has to be.

    Nothing is read or sent for it before, so this comes before everything else.
    """
    revoked = [account for account in live if not account.is_connected]
    if not revoked:
        return None
    owned = set(stores_with_role(request, OWNERS).values_list("pk", flat=True))
    return next((one for one in revoked if one.store_id in owned), None)


def newest_orders(orders: QuerySet[Order]) -> list[Order]:
    """Return the orders that came last, with their lines."""
    return list(orders.prefetch_related("lines").order_by("-pk")[:NEWEST])
