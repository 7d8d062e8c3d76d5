"""Books returned units from the order's page; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms.returns import ReturnForm
from channels_amazon.services.shipping.returns import book_return
from channels_amazon.views.base import get_mine, require_operator, store_page
from channels_amazon.views.orders.orders import orders_in_full, show_order


@store_page
@require_POST
def order_return(request: HttpRequest, order_id: int) -> HttpResponse:
    """Book the units that the form says came back."""
    order = get_mine(orders_in_full(request), request, pk=order_id)
    require_operator(request, order.account.store)
    form = ReturnForm(order, request.POST)
    if not form.is_valid():
        return show_order(request, order, return_form=form)
    try:
        booked = book_return(
            form.cleaned_data["line"],
            draft=form.draft(),
            actor=request.user.get_username(),
            key=form.key(),
        )
    except ShoplinkError as error:
        form.add_error(None, error.message)
        return show_order(request, order, return_form=form)
    text = ngettext(
        "Booked: %(count)d returned unit.",
        "Booked: %(count)d returned units.",
        booked.quantity,
    )
    messages.success(request, text % {"count": booked.quantity})
    return redirect("amazon-order-detail", order.pk)
