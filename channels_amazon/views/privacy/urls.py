"""Addresses of the pages of data protection, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.privacy import data_protection

urlpatterns = [
    path(
        "data-protection/",
        data_protection.data_protection,
        name="amazon-data-protection",
    ),
    path(
        "data-protection/<int:store_id>/proofs/",
        data_protection.proofs_download,
        name="amazon-purge-proofs",
    ),
]
