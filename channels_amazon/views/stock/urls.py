"""Addresses of the pages of stock, below admin/amazon/; views layer."""

from __future__ import annotations

from django.urls import path

from channels_amazon.views.stock import stock

_STOCK = "stock/<int:variant_id>/"

urlpatterns = [
    path("stock/", stock.stock_list, name="amazon-stock-list"),
    path(_STOCK, stock.stock_detail, name="amazon-stock-detail"),
    path(f"{_STOCK}set/", stock.stock_set, name="amazon-stock-set"),
]
