"""Addresses of the pages of webhooks, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.webhooks import endpoint

_ENDPOINT = "endpoint/<int:store_id>/"

urlpatterns = [
    path("endpoint/", endpoint.store_endpoint, name="amazon-store-endpoint"),
    path(_ENDPOINT, endpoint.endpoint_set, name="amazon-endpoint-set"),
    path(
        f"{_ENDPOINT}secret/", endpoint.endpoint_secret, name="amazon-endpoint-secret"
    ),
    path(f"{_ENDPOINT}test/", endpoint.endpoint_test, name="amazon-endpoint-test"),
]
