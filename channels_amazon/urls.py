"""The addresses of the application's pages, all inside the admin's part; urls layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views import (
    accounts,
    bulk_ship,
    callback,
    cancellations,
    connect,
    data_protection,
    endpoint,
    fba_rules,
    health,
    logs,
    order_search,
    orders,
    overview,
    packages,
    parcels,
    progress,
    quarantine,
    reconciliation,
    returns,
    ship_templates,
    shipment_board,
    shipping,
    status,
    stock,
    store_order_actions,
    store_order_import,
    store_orders,
    subscription,
)

_AMAZON = "admin/amazon/"
_ACCOUNT = "admin/amazon/accounts/<int:account_id>/"
_ORDER = "admin/amazon/orders/<int:order_id>/"
_STORE_ORDER = "admin/amazon/store-orders/<int:order_id>/"
_FBA_RULE = "admin/amazon/fba-rules/<int:rule_id>/"
_MESSAGE = "admin/amazon/quarantine/<int:message_id>/"
_ENDPOINT = "admin/amazon/endpoint/<int:store_id>/"
_PACKAGE = f"{_ORDER}packages/<int:package_id>/"
_PARCEL = "admin/amazon/parcels/<int:parcel_id>/"
_TEMPLATE = "admin/amazon/ship-templates/<int:template_id>/"
_VARIANT = "admin/amazon/stock/<int:variant_id>/"

# Every name here has its row in tests/views/test_access.py.
urlpatterns = [
    path(_AMAZON, overview.overview, name="amazon-overview"),
    path(f"{_AMAZON}accounts/", accounts.account_list, name="amazon-account-list"),
    path(
        f"{_ACCOUNT}disconnect/", connect.disconnect, name="amazon-account-disconnect"
    ),
    path(f"{_ACCOUNT}health/", health.health_run, name="amazon-health-run"),
    path(f"{_ACCOUNT}progress/", progress.progress, name="amazon-account-progress"),
    path(f"{_ACCOUNT}status/", status.status, name="amazon-status"),
    path(f"{_ACCOUNT}subscribe/", subscription.subscribe, name="amazon-subscribe"),
    path(
        f"{_AMAZON}appstore-login/",
        connect.appstore_login,
        name="amazon-appstore-login",
    ),
    path(f"{_AMAZON}callback/", callback.callback, name="amazon-callback"),
    path(f"{_AMAZON}connect/", connect.connect, name="amazon-connect"),
    path(
        f"{_AMAZON}connect/private/",
        connect.connect_private,
        name="amazon-connect-private",
    ),
    path(
        f"{_AMAZON}data-protection/",
        data_protection.data_protection,
        name="amazon-data-protection",
    ),
    path(
        f"{_AMAZON}data-protection/<int:store_id>/proofs/",
        data_protection.proofs_download,
        name="amazon-purge-proofs",
    ),
    path(f"{_AMAZON}status/", status.status_index, name="amazon-status-index"),
    path(f"{_AMAZON}health/", health.health_index, name="amazon-health-index"),
    path(
        f"{_AMAZON}health/<int:report_id>/",
        health.health_report,
        name="amazon-health-report",
    ),
    path(
        f"{_AMAZON}health/<int:report_id>/<slug:form>/",
        health.health_download,
        name="amazon-health-download",
    ),
    path(f"{_AMAZON}logs/", logs.log_list, name="amazon-log-list"),
    path(f"{_AMAZON}logs/export/", logs.log_export, name="amazon-log-export"),
    path(
        f"{_AMAZON}logs/<slug:kind>/<int:log_id>/",
        logs.log_detail,
        name="amazon-log-detail",
    ),
    path(f"{_AMAZON}orders/", orders.order_list, name="amazon-order-list"),
    path(
        f"{_AMAZON}orders/search/",
        order_search.order_search,
        name="amazon-order-search",
    ),
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
    path(f"{_ORDER}return/", returns.order_return, name="amazon-order-return"),
    path(f"{_ORDER}ship/", shipping.order_ship, name="amazon-order-ship"),
    path(
        f"{_PACKAGE}discard/", shipping.package_discard, name="amazon-package-discard"
    ),
    path(
        f"{_PACKAGE}confirm/", packages.package_confirm, name="amazon-package-confirm"
    ),
    path(f"{_PACKAGE}edit/", packages.package_edit, name="amazon-package-edit"),
    path(
        f"{_AMAZON}late-shipments/",
        shipment_board.shipment_board,
        name="amazon-shipment-board",
    ),
    path(f"{_AMAZON}parcels/", parcels.parcel_list, name="amazon-parcel-list"),
    path(f"{_PARCEL}retry/", parcels.parcel_retry, name="amazon-parcel-retry"),
    path(f"{_PARCEL}discard/", parcels.parcel_discard, name="amazon-parcel-discard"),
    path(f"{_AMAZON}ship-file/", bulk_ship.bulk_page, name="amazon-bulk-ship"),
    path(
        f"{_AMAZON}ship-file/example/",
        bulk_ship.bulk_example,
        name="amazon-bulk-ship-example",
    ),
    path(
        f"{_AMAZON}ship-file/<int:store_id>/take/",
        bulk_ship.bulk_take,
        name="amazon-bulk-ship-take",
    ),
    path(
        f"{_AMAZON}ship-templates/",
        ship_templates.template_list,
        name="amazon-ship-template-list",
    ),
    path(
        f"{_AMAZON}ship-templates/new/",
        ship_templates.template_add,
        name="amazon-ship-template-add",
    ),
    path(_TEMPLATE, ship_templates.template_edit, name="amazon-ship-template-edit"),
    path(
        f"{_TEMPLATE}preview/",
        ship_templates.template_preview,
        name="amazon-ship-template-preview",
    ),
    path(
        f"{_TEMPLATE}switch/",
        ship_templates.template_switch,
        name="amazon-ship-template-switch",
    ),
    path(
        f"{_AMAZON}store-orders/",
        store_orders.store_order_list,
        name="amazon-store-order-list",
    ),
    path(
        f"{_AMAZON}store-orders/import/",
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
    path(f"{_AMAZON}fba-rules/", fba_rules.fba_rule_list, name="amazon-fba-rule-list"),
    path(
        f"{_AMAZON}fba-rules/add/", fba_rules.fba_rule_add, name="amazon-fba-rule-add"
    ),
    path(_FBA_RULE, fba_rules.fba_rule_edit, name="amazon-fba-rule-edit"),
    path(
        f"{_FBA_RULE}delete/", fba_rules.fba_rule_delete, name="amazon-fba-rule-delete"
    ),
    path(f"{_ORDER}retry/", quarantine.order_retry, name="amazon-order-retry"),
    path(
        f"{_AMAZON}quarantine/",
        quarantine.quarantine_list,
        name="amazon-quarantine-list",
    ),
    path(
        f"{_AMAZON}quarantine/act/",
        quarantine.quarantine_act,
        name="amazon-quarantine-act",
    ),
    path(_MESSAGE, quarantine.quarantine_detail, name="amazon-quarantine-detail"),
    path(
        f"{_MESSAGE}replay/",
        quarantine.quarantine_replay,
        name="amazon-quarantine-replay",
    ),
    path(
        f"{_MESSAGE}discard/",
        quarantine.quarantine_discard,
        name="amazon-quarantine-discard",
    ),
    path(f"{_AMAZON}endpoint/", endpoint.store_endpoint, name="amazon-store-endpoint"),
    path(_ENDPOINT, endpoint.endpoint_set, name="amazon-endpoint-set"),
    path(
        f"{_ENDPOINT}secret/", endpoint.endpoint_secret, name="amazon-endpoint-secret"
    ),
    path(f"{_ENDPOINT}test/", endpoint.endpoint_test, name="amazon-endpoint-test"),
    path(
        f"{_AMAZON}reconciliations/",
        reconciliation.reconciliation_list,
        name="amazon-reconciliation-list",
    ),
    path(f"{_AMAZON}stock/", stock.stock_list, name="amazon-stock-list"),
    path(_VARIANT, stock.stock_detail, name="amazon-stock-detail"),
    path(f"{_VARIANT}set/", stock.stock_set, name="amazon-stock-set"),
]
