"""The store's own orders, and who ships them; views layer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.forms.store_orders import StoreOrderFilter
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FulfillmentPackage,
    Order,
    StoreOrder,
    translated,
)
from channels_amazon.services.mcf import decisions
from channels_amazon.services.mcf.destinations import (
    masked_destination,
    reveal_destination,
)
from channels_amazon.views.attention import is_worker_alive
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    page,
    require_personal_data,
    sees_personal_data,
    store_page,
)
from channels_amazon.views.lists import ListPage, list_page
from channels_amazon.views.mcf import status_line
from channels_amazon.views.pagination import by_time
from channels_amazon.wording import together

ROWS = 50
LOG_ROWS = 20
STORE_ORDERS = ListPage(
    title=gettext_lazy("Store orders"),
    template="mcf/store_order_list.html",
    rows="mcf/parts/rows.html",
    url_name="amazon-store-order-list",
    refresh_seconds=5,
)


@store_page
@require_safe
def store_order_list(request: HttpRequest) -> HttpResponse:
    """Show the store's orders that the address's filter lets through."""
    form = StoreOrderFilter(
        parameters.filter_data(request), mine(AmazonAccount, request)
    )
    own = mine(StoreOrder, request)
    shown = by_time(
        in_full(form.narrow(own)),
        "placed_at",
        parameters.AFTER.of(request),
        ROWS,
        falling=True,
    )
    context = {
        "counts": own.open_counts(),
    }
    return list_page(request, STORE_ORDERS, shown, context, form=form)


@store_page
@require_safe
def store_order_detail(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show where a store order stands, who ships it, and why."""
    order = get_mine(in_full(mine(StoreOrder, request)), request, pk=order_id)
    return show_store_order(request, order)


@store_page
@require_POST
def store_order_reveal(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show the order with its address unmasked; who asked is recorded."""
    order = get_mine(in_full(mine(StoreOrder, request)), request, pk=order_id)
    require_personal_data(request, order.store)
    try:
        revealed = reveal_destination(order, request.user)
    except ShoplinkError as error:
        messages.error(request, translated(together(error.message, error.fix)))
        return show_store_order(request, order)
    return show_store_order(request, order, revealed=revealed)


def in_full(orders: QuerySet[StoreOrder]) -> QuerySet[StoreOrder]:
    """Return the orders with all that their rows and page show."""
    packages = FulfillmentPackage.objects.order_by("pk")
    return orders.select_related(
        "store", "fulfillment", "fulfillment__account"
    ).prefetch_related("lines", Prefetch("fulfillment__packages", packages))


def show_store_order(
    request: HttpRequest, order: StoreOrder, *, revealed: dict[str, str] | None = None
) -> HttpResponse:
    """Return the order's page."""
    accounts = {row.pk: row for row in mine(AmazonAccount, request)}
    facts = decisions.facts_of([order])[order.pk]
    why = order.why
    placed = status_line.placed_of(order)
    listed = None
    if placed is not None and placed.amazon_order_id:
        listed = (
            mine(Order, request)
            .filter(account=placed.account_id, amazon_order_id=placed.amazon_order_id)
            .first()
        )
    operates = can_operate(request.user, order.store)
    context: dict[str, Any] = {
        "order": order,
        "placed": placed,
        "listed": listed,
        "next_step": status_line.next_step(
            order, is_worker_alive=is_worker_alive(request)
        ),
        "choices": status_line.choices(order) if operates else None,
        "lines": status_line.lines(order, facts.lines),
        "rule": why.rule,
        "reason": translated(why.reason),
        "refused": [translated(text) for text in why.refused],
        "offers": status_line.offers(order, accounts),
        "may_reveal": sees_personal_data(request.user, order.store),
        "destination": revealed or masked_destination(order),
        "is_revealed": revealed is not None,
        "entries": DiagnosticEntry.objects.filter(
            store=order.store, reference=order.number
        ).order_by("-pk")[:LOG_ROWS],
    }
    template = "channels_amazon/mcf/store_order_detail.html"
    return page(request, template, context, title=order.number)
