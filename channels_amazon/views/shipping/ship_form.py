"""Ships an order by the ship form, and discards refused shipments; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms.orders import ShipForm
from channels_amazon.models import Order, translated
from channels_amazon.services.shipping.selection_warnings import number_warnings
from channels_amazon.services.shipping.shipments import (
    BelowZeroError,
    ShipmentDraft,
    create_shipment,
    discard_shipment,
)
from channels_amazon.views.attention import is_worker_alive
from channels_amazon.views.base import get_mine, mine, require_operator, store_page
from channels_amazon.views.orders.orders import orders_in_full, show_order
from channels_amazon.views.standstill import standstill_of


@store_page
@require_POST
def order_ship(request: HttpRequest, order_id: int) -> HttpResponse:
    """Create the shipment of the form and queue its confirmation."""
    order = get_mine(orders_in_full(request), request, pk=order_id)
    require_operator(request, order.account.store)
    form = ShipForm(order, request.POST)
    if not form.is_valid():
        return show_order(request, order, form=form)
    draft = draft_from(form)
    try:
        create_shipment(order, draft=draft, actor=request.user.get_username())
    except BelowZeroError as error:
        form.ask(error.shortfalls)
        form.add_error(None, error.message)
        return show_order(request, order, form=form)
    except ShoplinkError as error:
        form.add_error(None, error.message)
        return show_order(request, order, form=form)
    tell_confirming(request, order)
    warn_of_tracking(request, order, draft)
    return redirect("amazon-order-detail", order.pk)


@store_page
@require_POST
def shipment_discard(
    request: HttpRequest, order_id: int, shipment_id: int
) -> HttpResponse:
    """Discard a refused shipment, as when the order was shipped in another way."""
    orders = mine(Order, request).select_related("account__store")
    order = get_mine(orders, request, pk=order_id)
    require_operator(request, order.account.store)
    shipment = order.shipments.filter(pk=shipment_id).first()
    # A second click finds the shipment gone: that is a success too.
    if shipment is None or discard_shipment(
        shipment, actor=request.user.get_username()
    ):
        messages.success(request, _("The refused package is discarded."))
    else:
        messages.warning(
            request, _("Only a package that Amazon refused can be discarded.")
        )
    return redirect("amazon-order-detail", order.pk)


def tell_confirming(request: HttpRequest, order: Order) -> None:
    """Say that the package goes to Amazon, or why nothing goes out."""
    standstill = standstill_of(order.account, is_worker_alive=is_worker_alive(request))
    if standstill is None:
        messages.success(request, _("The package is being confirmed to Amazon."))
        return
    messages.warning(request, " ".join((_("The package is kept."), standstill.text)))


def warn_of_tracking(request: HttpRequest, order: Order, draft: ShipmentDraft) -> None:
    """Say that the number looks wrong or is on another order's package.

    The package is on its way all the same.
    """
    doubts = number_warnings([(order, draft)])[order.pk]
    if doubts:
        advice = _("Look at it, and edit the package if need be.")
        messages.warning(request, " ".join((*map(translated, doubts), advice)))


def draft_from(form: ShipForm) -> ShipmentDraft:
    """Return the shipment that a valid form describes."""
    cleaned = form.cleaned_data
    return ShipmentDraft(
        carrier_code=cleaned["carrier"],
        carrier_name=cleaned["carrier_name"],
        shipping_method=cleaned["shipping_method"],
        tracking_number=cleaned["tracking_number"],
        shipped_at=cleaned["shipped_at"],
        warehouses=form.warehouses(),
        quantities=form.quantities(),
        agreed=form.agreed(),
        ships_all_the_same=cleaned.get("ships_all_the_same", False),
    )
