"""A file of orders is taken in row by row, or only looked at."""

from __future__ import annotations

import pytest

from channels_amazon.models import DiagnosticEntry, StoreOrder
from channels_amazon.services.mcf.store_order_import import import_store_orders
from channels_amazon.storefronts.store_order_file import read_orders
from tests.builders import make_store

pytestmark = pytest.mark.django_db

FILE = [
    "order,sku,quantity,name,address1,city,postal_code,country\n",
    "1,NEW,1,Ann,Street 1,Berlin,10115,DE\n",
    "2,NEW,1,Ann,Street 1,Berlin,10115,Germany\n",
    "3,NEW,x,Ann,Street 1,Berlin,10115,DE\n",
]


def test_dry_run_says_what_would_be_and_keeps_nothing() -> None:
    found = import_store_orders(make_store(), read_orders(FILE), actor="", is_dry=True)

    assert [(item.row, item.order.state) for item in found.taken] == [
        (2, "needs_person")
    ]
    assert [row.line for row in found.rejected] == [3, 4]
    assert not StoreOrder.objects.exists()
    assert not DiagnosticEntry.objects.exists()


def test_import_again_brings_nothing_new() -> None:
    store = make_store()

    first = import_store_orders(store, read_orders(FILE), actor="ann")
    again = import_store_orders(store, read_orders(FILE), actor="ann")

    assert (first.new, again.new, len(again.taken)) == (1, 0, 1)
    assert StoreOrder.objects.get().created_by == "ann"
