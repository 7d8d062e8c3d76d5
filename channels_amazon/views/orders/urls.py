"""Addresses of the pages of Amazon's orders, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.orders import (
    cancellations,
    name_search,
    order_export,
    orders,
)

_ORDER = "orders/<int:order_id>/"

urlpatterns = [
    path("orders/", orders.order_list, name="amazon-order-list"),
    path("orders/export/", order_export.order_export, name="amazon-order-export"),
    path("orders/search/", name_search.order_search, name="amazon-order-search"),
    path(_ORDER, orders.order_detail, name="amazon-order-detail"),
    path(f"{_ORDER}reveal/", orders.order_reveal, name="amazon-order-reveal"),
    path(
        f"{_ORDER}cancel/decline/",
        cancellations.cancel_decline,
        name="amazon-cancel-decline",
    ),
    path(
        f"{_ORDER}cancel/reopen/",
        cancellations.cancel_reopen,
        name="amazon-cancel-reopen",
    ),
]
