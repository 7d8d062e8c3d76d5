"""Addresses of the pages of the store's own orders and MCF; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.mcf import (
    rules,
    store_order_actions,
    store_order_import,
    store_orders,
)

_MCF_RULE = "fba-rules/<int:rule_id>/"
_STORE_ORDER = "store-orders/<int:order_id>/"

urlpatterns = [
    path(
        "store-orders/", store_orders.store_order_list, name="amazon-store-order-list"
    ),
    path(
        "store-orders/import/",
        store_order_import.store_order_import,
        name="amazon-store-order-import",
    ),
    path(
        _STORE_ORDER, store_orders.store_order_detail, name="amazon-store-order-detail"
    ),
    path(
        f"{_STORE_ORDER}reveal/",
        store_orders.store_order_reveal,
        name="amazon-store-order-reveal",
    ),
    path(
        f"{_STORE_ORDER}cancel/",
        store_order_actions.store_order_cancel,
        name="amazon-store-order-cancel",
    ),
    path(
        f"{_STORE_ORDER}decide/",
        store_order_actions.store_order_decide,
        name="amazon-store-order-decide",
    ),
    path(
        f"{_STORE_ORDER}ship/",
        store_order_actions.store_order_ship,
        name="amazon-store-order-ship",
    ),
    path("fba-rules/", rules.mcf_rule_list, name="amazon-fba-rule-list"),
    path("fba-rules/add/", rules.mcf_rule_add, name="amazon-fba-rule-add"),
    path(_MCF_RULE, rules.mcf_rule_edit, name="amazon-fba-rule-edit"),
    path(f"{_MCF_RULE}delete/", rules.mcf_rule_delete, name="amazon-fba-rule-delete"),
]
