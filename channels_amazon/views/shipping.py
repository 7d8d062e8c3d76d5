"""Ships an order: turns the ship form into a package for Amazon; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms.orders import ShipForm
from channels_amazon.models import Order, Shipment
from channels_amazon.services.shipments import ShipmentDraft, create_shipment
from channels_amazon.views.base import get_mine, require_operator, store_page
from channels_amazon.views.orders import orders_in_full, show_order


@store_page
@require_POST
def order_ship(request: HttpRequest, order_id: int) -> HttpResponse:
    """Create the package that the form describes; its confirmation is sent at once."""
    order = get_mine(orders_in_full(request), request, pk=order_id)
    require_operator(request, order.account.store)
    form = ShipForm(order, request.POST)
    if not form.is_valid():
        return show_order(request, order, form=form)
    draft = draft_from(form)
    # Units are counted again under a lock: this only spares a second click the refusal.
    if not is_known(order, draft):
        try:
            create_shipment(order, draft=draft, actor=request.user.get_username())
        except ShoplinkError as error:
            form.add_error(None, error.message)
            return show_order(request, order, form=form)
    messages.success(request, _("The package is being confirmed to Amazon."))
    return redirect("amazon-order-detail", order.pk)


def is_known(order: Order, draft: ShipmentDraft) -> bool:
    """Tell whether the very same package is already made, as by a second click."""
    return any(
        shipment.state != Shipment.State.REFUSED
        and shipment.carrier_code == draft.carrier_code
        and shipment.tracking_number == draft.tracking_number
        and {item.line_id: item.quantity for item in shipment.lines.all()}
        == draft.quantities
        for shipment in order.shipments.all()
    )


def draft_from(form: ShipForm) -> ShipmentDraft:
    """Return the package that a valid form describes."""
    cleaned = form.cleaned_data
    return ShipmentDraft(
        carrier_code=cleaned["carrier"],
        carrier_name=cleaned["carrier_name"],
        shipping_method=cleaned["shipping_method"],
        tracking_number=cleaned["tracking_number"],
        shipped_at=cleaned["shipped_at"],
        warehouse=cleaned["warehouse"],
        quantities=form.quantities(),
    )
