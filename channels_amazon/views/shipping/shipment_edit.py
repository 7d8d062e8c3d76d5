"""Edits a shipment that Amazon has, or has one confirmed at once; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms.shipment_edit import ShipmentEditForm
from channels_amazon.models import Shipment
from channels_amazon.services.shipping.shipment_edits import edit_shipment
from channels_amazon.services.shipping.shipments import ShipmentDraft, confirm_now
from channels_amazon.views.attention import is_worker_alive
from channels_amazon.views.base import (
    get_mine,
    mine,
    page,
    require_operator,
    store_page,
)
from channels_amazon.views.shipping.ship_form import tell_confirming, warn_of_tracking
from channels_amazon.views.standstill import standstill_of


@store_page
def shipment_edit(
    request: HttpRequest, order_id: int, shipment_id: int
) -> HttpResponse:
    """Show a shipment's form, or change it and have it sent again."""
    shipment = _shipment(request, order_id, shipment_id)
    if request.method != "POST":
        return _show(request, shipment, ShipmentEditForm(shipment))
    form = ShipmentEditForm(shipment, request.POST)
    if not form.is_valid():
        return _show(request, shipment, form, status=422)
    draft = draft_from(form)
    try:
        edited = edit_shipment(shipment, draft=draft, actor=request.user.get_username())
    except ShoplinkError as error:
        form.add_error(None, error.message)
        return _show(request, shipment, form, status=422)
    _tell_change(request, edited)
    warn_of_tracking(request, shipment.order, draft)
    return redirect("amazon-order-detail", order_id)


@store_page
@require_POST
def shipment_confirm(
    request: HttpRequest, order_id: int, shipment_id: int
) -> HttpResponse:
    """Confirm a shipment now that would wait for its time."""
    shipment = _shipment(request, order_id, shipment_id)
    if confirm_now(shipment, actor=request.user.get_username()):
        tell_confirming(request, shipment.order)
    else:
        messages.warning(request, _("The package does not wait for its time."))
    return redirect("amazon-order-detail", order_id)


def draft_from(form: ShipmentEditForm) -> ShipmentDraft:
    """Return the shipment that a valid form describes."""
    cleaned = form.cleaned_data
    return ShipmentDraft(
        carrier_code=cleaned["carrier"],
        carrier_name=cleaned["carrier_name"],
        shipping_method=cleaned["shipping_method"],
        tracking_number=cleaned["tracking_number"],
        shipped_at=cleaned["shipped_at"],
        quantities=form.quantities(),
    )


def _shipment(request: HttpRequest, order_id: int, shipment_id: int) -> Shipment:
    rows = mine(Shipment, request).select_related("order__account__store")
    shipment = get_mine(rows, request, pk=shipment_id, order_id=order_id)
    require_operator(request, shipment.order.account.store)
    return shipment


def _tell_change(request: HttpRequest, shipment: Shipment) -> None:
    standstill = standstill_of(
        shipment.order.account, is_worker_alive=is_worker_alive(request)
    )
    if standstill is None:
        messages.success(request, _("The change is being sent to Amazon."))
        return
    messages.warning(request, " ".join((_("The change is kept."), standstill.text)))


def _show(
    request: HttpRequest,
    shipment: Shipment,
    form: ShipmentEditForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"shipment": shipment, "order": shipment.order, "form": form}
    title = _("Package %(number)d of %(order)s") % {
        "number": shipment.package_reference,
        "order": shipment.order.amazon_order_id,
    }
    name = "channels_amazon/shipping/shipment_edit.html"
    return page(request, name, context, title=title, status=status)
