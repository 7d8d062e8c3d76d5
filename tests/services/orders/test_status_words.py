"""An order's status is told in one way on pages, in files and in the search."""

from __future__ import annotations

import pytest
from django.urls import reverse

from channels_amazon.models import Order
from channels_amazon.services.orders.status_words import status_word
from channels_amazon.templatetags.shoplink_states import order_state
from tests import builders
from tests.views.scene import make_world, signed_in


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"status": "unknown", "amazon_status": "InvoiceUnconfirmed"}, "Invoice not"),
        ({"status": "unknown", "amazon_status": "MoonBound"}, "“MoonBound”"),
        ({"status": "unknown", "amazon_status": ""}, "Unknown status"),
        ({"status": "unshipped", "fulfilled_by": "amazon"}, "Amazon ships"),
        ({"status": "unshipped", "fulfilled_by": "merchant"}, "To ship"),
        ({"status": "cancelled"}, "Cancelled"),
    ],
)
def test_status_is_told_in_one_way(fields: dict[str, str], word: str) -> None:
    order = Order(**fields)

    said = str(status_word(order))

    assert said.startswith(word)
    assert said in order_state(order)


@pytest.mark.django_db
def test_search_tells_the_status_as_the_lists_do() -> None:
    world = make_world()
    order = builders.make_order(world.account, fulfilled_by="amazon")
    found = {"q": order.amazon_order_id[:11]}

    page = signed_in(world.owner).get(reverse("amazon-search"), found)

    (group,) = [one for one in page.context["groups"] if one.title == "Orders"]
    assert [hit.note for hit in group.hits if hit.title == order.amazon_order_id] == [
        "Amazon ships · US"
    ]
