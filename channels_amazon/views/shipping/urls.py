"""Addresses of the pages of shipping, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.shipping import (
    bulk,
    late_shipments,
    parcels,
    returns,
    selected,
    ship_form,
    shipment_edit,
    templates,
)

_ORDER = "orders/<int:order_id>/"
_PARCEL = "parcels/<int:parcel_id>/"
_SHIP_TEMPLATE = "ship-templates/<int:template_id>/"
_SHIPMENT = f"{_ORDER}packages/<int:shipment_id>/"

urlpatterns = [
    path("orders/ship/", selected.ship_selected, name="amazon-ship-selected"),
    path(f"{_ORDER}return/", returns.order_return, name="amazon-order-return"),
    path(f"{_ORDER}ship/", ship_form.order_ship, name="amazon-order-ship"),
    path(
        f"{_SHIPMENT}discard/",
        ship_form.shipment_discard,
        name="amazon-package-discard",
    ),
    path(
        f"{_SHIPMENT}confirm/",
        shipment_edit.shipment_confirm,
        name="amazon-package-confirm",
    ),
    path(f"{_SHIPMENT}edit/", shipment_edit.shipment_edit, name="amazon-package-edit"),
    path(
        "late-shipments/", late_shipments.shipment_board, name="amazon-shipment-board"
    ),
    path("parcels/", parcels.parcel_list, name="amazon-parcel-list"),
    path(f"{_PARCEL}retry/", parcels.parcel_retry, name="amazon-parcel-retry"),
    path(f"{_PARCEL}discard/", parcels.parcel_discard, name="amazon-parcel-discard"),
    path("ship-file/", bulk.bulk_page, name="amazon-bulk-ship"),
    path("ship-file/example/", bulk.bulk_example, name="amazon-bulk-ship-example"),
    path(
        "ship-file/<int:store_id>/take/", bulk.bulk_take, name="amazon-bulk-ship-take"
    ),
    path("ship-templates/", templates.template_list, name="amazon-ship-template-list"),
    path(
        "ship-templates/new/", templates.template_add, name="amazon-ship-template-add"
    ),
    path(_SHIP_TEMPLATE, templates.template_edit, name="amazon-ship-template-edit"),
    path(
        f"{_SHIP_TEMPLATE}preview/",
        templates.template_preview,
        name="amazon-ship-template-preview",
    ),
    path(
        f"{_SHIP_TEMPLATE}switch/",
        templates.template_switch,
        name="amazon-ship-template-switch",
    ),
]
