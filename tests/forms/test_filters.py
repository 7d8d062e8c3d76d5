"""What is searched for is found however it was pasted."""

from __future__ import annotations

import pytest
from django.urls import reverse

from channels_amazon.forms.filters import OrderFilter, StockFilter
from channels_amazon.models import Order
from tests.builders import make_account, make_listing, make_order, make_parcel
from tests.views.scene import make_world, signed_in

pytestmark = pytest.mark.django_db

ID = "902-3159896-1390916"
PASTED = [
    ID,
    f" {ID}\u200b",
    f"“{ID}”",
    f'="{ID}"',
    "902–3159896–1390916",
    "".join(chr(ord(one) + 0xFEE0) for one in ID),
    "902%2D3159896%2D1390916",
]


@pytest.mark.parametrize("typed", PASTED)
@pytest.mark.parametrize(
    "page", ["amazon-order-list", "amazon-shipment-board", "amazon-parcel-list"]
)
def test_order_is_found_on_every_page_that_finds_orders(page: str, typed: str) -> None:
    world = make_world()
    order = world.order
    Order.objects.filter(pk=order.pk).update(amazon_order_id=ID)
    other = make_order(world.account)
    for one in (Order.objects.get(pk=order.pk), other):
        make_parcel(one)

    page_text = signed_in(world.owner).get(reverse(page), {"q": typed}).content.decode()

    # Once beside the field, and in its row.
    assert f">{ID}<" in page_text or f"{ID}</" in page_text
    assert other.amazon_order_id not in page_text


def test_sku_is_found_as_it_was_typed_and_as_it_was_meant() -> None:
    account = make_account()
    for sku in ('MON-27"', "50%25OFF", "SKU-9"):
        make_order(account, lines=({"seller_sku": sku},))

    def found(typed: str) -> list[str]:
        form = OrderFilter({"q": typed}, [account])
        rows = form.narrow(Order.objects.all(), account.created_at)
        return sorted(row.lines.get().seller_sku for row in rows)

    assert found('MON-27"') == ['MON-27"']
    assert found("50%25OFF") == ["50%25OFF"]
    assert found("“SKU-9” ") == ["SKU-9"]


def test_stock_is_found_by_a_pasted_sku() -> None:
    world = make_world()
    make_listing(world.account, variant=world.variant, seller_sku="WIDE-1")

    page = signed_in(world.owner).get(
        reverse("amazon-stock-list"), {"q": "ＷＩＤＥ－１"}
    )

    assert world.variant.sku in page.content.decode()


def test_search_for_an_id_of_another_form_shows_how_one_is_written() -> None:
    world = make_world()
    page = signed_in(world.owner).get(
        reverse("amazon-order-list"), {"q": "902-3159896-139"}
    )

    assert "one looks like 902-3159896-1390916" in page.content.decode()
    assert StockFilter({"q": "902-3159896-139"}, []).hint == ""
    assert OrderFilter({"q": ID}, []).hint == ""
