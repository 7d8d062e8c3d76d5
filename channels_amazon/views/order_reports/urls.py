"""Addresses of the pages of order reports, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.order_reports import reconciliation

urlpatterns = [
    path(
        "reconciliations/",
        reconciliation.reconciliation_list,
        name="amazon-reconciliation-list",
    ),
]
