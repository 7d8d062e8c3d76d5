"""The application's addresses: one `urls.py` a folder of pages; urls layer."""

from __future__ import annotations

from django.urls import include, path

# All pages live inside the admin's part, so that its sign-in guards them.
_AMAZON = "admin/amazon/"

# Every name has its row in tests/views/test_access.py.
urlpatterns = [
    path(_AMAZON, include("channels_amazon.views.operations.urls")),
    path(_AMAZON, include("channels_amazon.views.accounts.urls")),
    path(_AMAZON, include("channels_amazon.views.health.urls")),
    path(_AMAZON, include("channels_amazon.views.privacy.urls")),
    path(_AMAZON, include("channels_amazon.views.orders.urls")),
    path(_AMAZON, include("channels_amazon.views.shipping.urls")),
    path(_AMAZON, include("channels_amazon.views.mcf.urls")),
    path(_AMAZON, include("channels_amazon.views.notifications.urls")),
    path(_AMAZON, include("channels_amazon.views.webhooks.urls")),
    path(_AMAZON, include("channels_amazon.views.order_reports.urls")),
    path(_AMAZON, include("channels_amazon.views.stock.urls")),
    path(_AMAZON, include("channels_amazon.views.pricing.urls")),
]
