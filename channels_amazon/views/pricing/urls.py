"""Addresses of the pages of prices, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.pricing import rates

_RATES = "exchange-rates/<int:store_id>/"

urlpatterns = [
    path("exchange-rates/", rates.exchange_rates, name="amazon-exchange-rates"),
    path(f"{_RATES}set/", rates.rate_set, name="amazon-rate-set"),
    path(f"{_RATES}fetch/", rates.rates_fetch, name="amazon-rates-fetch"),
    path(f"{_RATES}history/", rates.rates_history, name="amazon-rates-history"),
    path(
        "exchange-rates/manual/<int:rate_id>/remove/",
        rates.rate_remove,
        name="amazon-rate-remove",
    ),
]
