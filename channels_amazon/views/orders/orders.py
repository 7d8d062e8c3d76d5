"""The orders: what must be done today, and where one order stands; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.forms.filters import NameForm, OrderFilter, OrderShow
from channels_amazon.forms.orders import ShipForm
from channels_amazon.forms.returns import ReturnForm
from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    ReturnedUnits,
    Shipment,
    translated,
)
from channels_amazon.services.mcf.commitments import placed_by_us
from channels_amazon.services.orders.counts import order_counts
from channels_amazon.services.privacy import personal_data
from channels_amazon.services.shipping.shipments import why_not_shipped_here
from channels_amazon.views.attention import is_worker_alive
from channels_amazon.views.base import (
    OPERATORS,
    can_operate,
    get_mine,
    mine,
    page,
    require_personal_data,
    sees_personal_data,
    store_page,
    stores_with_personal_data,
    stores_with_role,
)
from channels_amazon.views.lists import ListPage, list_page
from channels_amazon.views.orders.name_search import has_ended, narrowed
from channels_amazon.views.orders.status_line import next_step, seller_central, stamps
from channels_amazon.views.orders.timeline import timeline
from channels_amazon.views.pagination import Slice, by_time
from channels_amazon.wording import together

ROWS = 50
# What must leave next stands first where shipping is the question.
BY_SHIP_TIME = {OrderShow.TO_SHIP, OrderShow.LATE}
ORDERS = ListPage(
    title=gettext_lazy("Orders"),
    template="orders/order_list.html",
    rows="orders/parts/rows.html",
    url_name="amazon-order-list",
    refresh_seconds=3,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The orders that an address asks for, and by which time they are read.

    `sees_names`: the reader may look for orders by the name of a person, too.
    """

    form: OrderFilter
    orders: QuerySet[Order]
    clock: str
    is_falling: bool
    sees_names: bool

    def part(self, cursor: str, size: int) -> Slice[Order]:
        """Return so many of them with what a row shows, after the row of `cursor`."""
        orders = self.orders.select_related("account").prefetch_related("lines")
        return by_time(orders, self.clock, cursor, size, falling=self.is_falling)


def wanted_orders(request: HttpRequest, now: datetime) -> Wanted:
    """Return the visible orders that the address's filter lets through, in order."""
    form = OrderFilter(parameters.filter_data(request), mine(AmazonAccount, request))
    found = form.narrow(mine(Order, request), now)
    stores = stores_with_personal_data(request.user)
    by_ship_time = form.chosen("show") in BY_SHIP_TIME
    return Wanted(
        form=form,
        orders=narrowed(request, found, stores),
        clock="ship_by" if by_ship_time else "ordered_at",
        is_falling=not by_ship_time,
        sees_names=bool(stores),
    )


@store_page
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """Show the orders that the address's filter lets through."""
    now = timezone.now()
    wanted = wanted_orders(request, now)
    form = wanted.form
    shown = wanted.part(parameters.AFTER.of(request), ROWS)
    named = parameters.NAMED.of(request)
    context = {
        "ours": placed_by_us(shown.rows),
        "counts": order_counts(mine(Order, request), now),
        "has_accounts": bool(form.accounts),
        "name_form": NameForm(label_suffix="") if wanted.sees_names else None,
        "named": named,
        "has_ended": has_ended(request),
        "now": now,
        "selectable": _selectable(request, shown.rows),
    }
    if named:
        hidden = {"show": form.chosen("show"), "named": named}
        context |= {"hidden": hidden, "is_narrowed": True}
    return list_page(request, ORDERS, shown, context, form=form)


def _selectable(request: HttpRequest, orders: Sequence[Order]) -> frozenset[int]:
    """Return the ids of the orders that the reader may ship from here."""
    to_ship = [one for one in orders if one.is_to_ship]
    if not to_ship:
        return frozenset()
    stores = set(stores_with_role(request, OPERATORS).values_list("pk", flat=True))
    return frozenset(
        one.pk
        for one in to_ship
        if one.account.store_id in stores and not one.account.is_disconnected
    )


@store_page
@require_safe
def order_detail(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show where an order stands, its next step, and the form that ships it."""
    order = get_mine(orders_in_full(request), request, pk=order_id)
    return show_order(request, order)


@store_page
@require_POST
def order_reveal(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show the order with buyer and recipient unmasked; who asked is recorded."""
    order = get_mine(orders_in_full(request), request, pk=order_id)
    require_personal_data(request, order.account.store)
    try:
        revealed = personal_data.reveal(order, request.user)
    except ShoplinkError as error:
        messages.error(request, translated(together(error.message, error.fix)))
        return show_order(request, order)
    return show_order(request, order, revealed=revealed)


def orders_in_full(request: HttpRequest) -> QuerySet[Order]:
    """Return the visible orders with all that their page shows."""
    lines = OrderLine.objects.select_related(
        "variant", "reservation", "reservation__warehouse"
    )
    shipments = Shipment.objects.select_related(
        "warehouse", "template"
    ).prefetch_related("lines__line")
    return (
        mine(Order, request)
        .select_related("account", "account__store")
        .prefetch_related(Prefetch("lines", lines), Prefetch("shipments", shipments))
    )


def show_order(
    request: HttpRequest,
    order: Order,
    *,
    form: ShipForm | None = None,
    return_form: ReturnForm | None = None,
    revealed: Any = None,
) -> HttpResponse:
    """Return the order's page, with a form that was refused if there is one."""
    now: datetime = timezone.now()
    store = order.account.store
    operates = can_operate(request.user, store)
    is_refused = form is not None or return_form is not None
    asks = operates and order.is_to_ship
    no_form = why_not_shipped_here(order, Order.TO_SHIP) if asks else ""
    form = None if no_form else form or (ShipForm(order) if asks else None)
    context = {
        "order": order,
        "store_order": placed_by_us([order]).get(order.pk),
        "next_step": next_step(order, now, is_worker_alive=is_worker_alive(request)),
        "stamps": stamps(order),
        "seller_central": seller_central(order),
        "form": form,
        "no_form": no_form,
        # It knows itself whether anything left that may come back.
        "return_form": return_form or (ReturnForm(order) if operates else None),
        "returned": ReturnedUnits.objects.filter(line__order=order).select_related(
            "line", "warehouse"
        ),
        "can_operate": operates,
        "may_reveal": sees_personal_data(request.user, store),
        "recipient": revealed or personal_data.masked(order),
        "is_revealed": revealed is not None,
        "timeline": timeline(order),
        "now": now,
    }
    status = 422 if is_refused else 200
    template = "channels_amazon/orders/order_detail.html"
    return page(request, template, context, title=order.amazon_order_id, status=status)
