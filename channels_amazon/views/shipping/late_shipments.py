"""The late-shipment board: which orders must leave when, what delays; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import OrderShow
from channels_amazon.forms.shipping import BoardFilter
from channels_amazon.models import AmazonAccount, Order
from channels_amazon.models.scope import capped
from channels_amazon.rules.shipping.lateness import DUE_SOON, Urgency, end_of_day
from channels_amazon.services.shipping import late_shipments
from channels_amazon.views.base import mine, store_page
from channels_amazon.views.lists import ListPage, list_page, show_tabs
from channels_amazon.views.orders.status_line import NextStep
from channels_amazon.views.pagination import by_time

ROWS = 50
BOARD = ListPage(
    title=gettext_lazy("Late shipments"),
    template="shipping/late_shipments.html",
    rows="shipping/parts/late_shipments_rows.html",
    url_name="amazon-shipment-board",
    refresh_seconds=10,
)


@store_page
@require_safe
def shipment_board(request: HttpRequest) -> HttpResponse:
    """Show the merchant's orders to ship, the soonest latest ship time first."""
    now: datetime = timezone.now()
    accounts = list(mine(AmazonAccount, request))
    form = BoardFilter(parameters.filter_data(request), accounts)
    orders = late_shipments.with_trouble(form.narrow(mine(Order, request)), now)
    zone = timezone.get_current_timezone()
    counts = late_shipments.counts(orders, now, zone)
    wanted = late_shipments.narrowed(orders, form.urgency, now, zone)
    shown = by_time(
        late_shipments.in_full(wanted),
        "ship_by",
        parameters.AFTER.of(request),
        ROWS,
        falling=False,
    )
    context: dict[str, Any] = {
        "tabs": show_tabs(request, form, counts),
        "answer": answer(counts),
        "unmatched": late_shipments.unmatched_count(orders),
        "unmatched_query": urlencode(_unmatched(form)),
        "rows": [late_shipments.row_of(order, now, zone) for order in shown.rows],
        "hours": DUE_SOON // timedelta(hours=1),
        "day_ends_at": end_of_day(now, zone),
        "has_accounts": bool(accounts),
    }
    return list_page(request, BOARD, shown, context, form=form)


def _unmatched(form: BoardFilter) -> dict[str, str]:
    """Return the filter of the orders page that lists the board's unmatched orders."""
    kept = {name: form.chosen(name) for name in ("account", "marketplace", "q")}
    shown = {"show": str(OrderShow.UNMATCHED.value)}
    return shown | {name: value for name, value in kept.items() if value}


def answer(counts: Mapping[Urgency, int]) -> NextStep:
    """Return the one sentence that says whether anything must be shipped now."""
    late, today = counts[Urgency.OVERDUE], counts[Urgency.TODAY]
    risk = counts[Urgency.RISK]
    if late:
        text = ngettext(
            "%(shown)s order is past its latest ship time: ship it first, and confirm "
            "at once what has left.",
            "%(shown)s orders are past their latest ship time: ship them first, and "
            "confirm at once what has left.",
            late,
        )
        return NextStep("error", text % {"shown": capped(late)})
    if today:
        text = ngettext(
            "%(shown)s order must leave today.",
            "%(shown)s orders must leave today.",
            today,
        )
        return NextStep("warning", text % {"shown": capped(today)})
    if risk:
        text = ngettext(
            "Nothing is due today, but %(shown)s order is at risk: see what hinders "
            "it.",
            "Nothing is due today, but %(shown)s orders are at risk: see what hinders "
            "them.",
            risk,
        )
        return NextStep("warning", text % {"shown": capped(risk)})
    if counts[Urgency.ON_TRACK]:
        return NextStep("ok", _("Every order to ship is on track."))
    return NextStep("ok", _("No order waits to be shipped."))
