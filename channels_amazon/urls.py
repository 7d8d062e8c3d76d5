"""The addresses of the application's pages, all inside the admin's part; urls layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views import (
    accounts,
    callback,
    connect,
    health,
    logs,
    orders,
    overview,
    progress,
    reconciliation,
    shipping,
    status,
    stock,
    subscription,
)

_AMAZON = "admin/amazon/"
_ACCOUNT = "admin/amazon/accounts/<int:account_id>/"
_ORDER = "admin/amazon/orders/<int:order_id>/"
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
    path(_ORDER, orders.order_detail, name="amazon-order-detail"),
    path(f"{_ORDER}reveal/", orders.order_reveal, name="amazon-order-reveal"),
    path(f"{_ORDER}ship/", shipping.order_ship, name="amazon-order-ship"),
    path(
        f"{_ORDER}packages/<int:package_id>/discard/",
        shipping.package_discard,
        name="amazon-package-discard",
    ),
    path(
        f"{_AMAZON}reconciliations/",
        reconciliation.reconciliation_list,
        name="amazon-reconciliation-list",
    ),
    path(f"{_AMAZON}stock/", stock.stock_list, name="amazon-stock-list"),
    path(_VARIANT, stock.stock_detail, name="amazon-stock-detail"),
    path(f"{_VARIANT}set/", stock.stock_set, name="amazon-stock-set"),
]
