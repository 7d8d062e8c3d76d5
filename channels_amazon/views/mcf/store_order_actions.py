"""What people do with a store order: cancel it, ship it, decide again; views layer."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import StoreOrder, translated
from channels_amazon.services.mcf.store_orders import (
    cancel_store_order,
    decide_again,
    ship_locally,
)
from channels_amazon.views.base import get_mine, mine, require_operator, store_page


@store_page
@require_POST
def store_order_cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    """Cancel the order, at Amazon too while that is possible."""
    return _do(
        request,
        order_id,
        lambda order, actor: translated(cancel_store_order(order, actor=actor)),
    )


@store_page
@require_POST
def store_order_decide(request: HttpRequest, order_id: int) -> HttpResponse:
    """Decide anew who ships the order, by the stock and rules of now."""

    def decide(order: StoreOrder, actor: str) -> str:
        decide_again(order)
        return _("It was decided again: %(state)s.") % {
            "state": order.get_state_display()
        }

    return _do(request, order_id, decide)


@store_page
@require_POST
def store_order_ship(request: HttpRequest, order_id: int) -> HttpResponse:
    """Leave the order to the store to ship."""

    def ship(order: StoreOrder, actor: str) -> str:
        ship_locally(order, actor=actor)
        return _("The order is yours to ship.")

    return _do(request, order_id, ship)


def _do(
    request: HttpRequest, order_id: int, action: Callable[[StoreOrder, str], str]
) -> HttpResponse:
    orders = mine(StoreOrder, request).select_related("store")
    order = get_mine(orders, request, pk=order_id)
    require_operator(request, order.store)
    try:
        messages.success(request, action(order, request.user.get_username()))
    except ShoplinkError as error:
        messages.error(request, translated(error.message))
    return redirect("amazon-store-order-detail", order.pk)
