"""Answers a buyer who asks to cancel, from the order's page; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Order
from channels_amazon.services.orders.cancellations import (
    decline_cancellation,
    reopen_cancellation,
)
from channels_amazon.views.base import get_mine, mine, require_operator, store_page


@store_page
@require_POST
def cancel_decline(request: HttpRequest, order_id: int) -> HttpResponse:
    """Keep that the order ships although the buyer asks to cancel it."""
    order = _order(request, order_id)
    try:
        decline_cancellation(order, actor=request.user.get_username())
    except ShoplinkError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, _("Declined: the order ships all the same."))
    return redirect("amazon-order-detail", order.pk)


@store_page
@require_POST
def cancel_reopen(request: HttpRequest, order_id: int) -> HttpResponse:
    """Take the decline back."""
    order = _order(request, order_id)
    reopen_cancellation(order, actor=request.user.get_username())
    messages.success(request, _("The buyer's wish to cancel waits for an answer."))
    return redirect("amazon-order-detail", order.pk)


def _order(request: HttpRequest, order_id: int) -> Order:
    orders = mine(Order, request).select_related("account__store")
    order = get_mine(orders, request, pk=order_id)
    require_operator(request, order.account.store)
    return order
