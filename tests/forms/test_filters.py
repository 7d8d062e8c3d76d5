"""What is searched for is found however it was pasted."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from channels_amazon.forms.filters import OrderFilter
from channels_amazon.forms.stock_filter import StockFilter
from channels_amazon.models import AmazonAccount, Order
from tests.builders import (
    make_account,
    make_listing,
    make_order,
    make_parcel,
    make_participation,
)
from tests.views.scene import make_world, signed_in

pytestmark = pytest.mark.django_db

ID = "902-3159896-1390916"
DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
PASTED = [
    ID,
    f" {ID}\u200b",
    f"“{ID}”",
    f'="{ID}"',
    "902–3159896–1390916",
    "".join(chr(ord(one) + 0xFEE0) for one in ID),
    "902%2D3159896%2D1390916",
    f"#{ID}",
    f"Order #{ID}",
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


@pytest.mark.parametrize("cap", [1000, 2, 1])
def test_search_finds_the_same_however_many_lines_hold_it(
    cap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.services.orders.search.COUNT_CAP", cap)
    account = make_account()
    sold = [make_order(account, lines=({"seller_sku": ID},)) for _ in range(3)]
    named = make_order(account, amazon_order_id=ID)
    make_order(account)
    # Another account's are not among those that are searched.
    make_order(lines=({"seller_sku": ID},))

    form = OrderFilter({"q": ID}, [account])
    rows = form.narrow(Order.objects.filter(account=account), account.created_at)

    assert {row.pk for row in rows} == {named.pk, *(one.pk for one in sold)}


def test_marketplaces_of_a_disconnected_account_are_not_offered() -> None:
    kept, gone = (make_account(region="eu", marketplaces=False) for _ in range(2))
    make_participation(kept, marketplace_id=DE)
    make_participation(gone, marketplace_id=FR)
    gone.state = AmazonAccount.State.DISCONNECTED
    gone.save()

    def offered() -> list[str]:
        field: Any = OrderFilter({}, [kept, gone]).fields["marketplace"]
        return [value for value, _label in field.choices]

    assert offered() == ["", DE]
    # One that waits to be authorised anew still sells there.
    gone.state = next(
        one for one in AmazonAccount.State if one not in {"connected", "disconnected"}
    )
    gone.save()
    assert offered() == ["", FR, DE] or offered() == ["", DE, FR]


def test_marketplaces_in_which_nobody_sells_are_not_offered() -> None:
    account = make_account(region="eu", marketplaces=False)
    make_participation(account, marketplace_id=DE)
    make_participation(account, marketplace_id=FR, is_participating=False)

    offered = OrderFilter({}, [account]).fields["marketplace"].choices  # type: ignore[attr-defined]

    assert [value for value, _label in offered] == ["", DE]


OTHER = "112-7654321-7654321"


@pytest.mark.parametrize(
    "typed",
    [
        f"{ID} {OTHER}",
        f"{ID},{OTHER}",
        f"#{ID}, #{OTHER}",
        f"{ID}\n{OTHER}\r\n",
        # A field of one line may have swallowed the line break.
        f"{ID}{OTHER}",
        "90231598961390916 11276543217654321",
    ],
)
def test_several_pasted_order_ids_are_all_found(typed: str) -> None:
    account = make_account()
    for amazon_order_id in (ID, OTHER):
        make_order(account, amazon_order_id=amazon_order_id)
    make_order(account)

    form = OrderFilter({"q": typed}, [account])
    rows = form.narrow(Order.objects.all(), account.created_at)

    assert {row.amazon_order_id for row in rows} == {ID, OTHER}
    assert form.hint == ""


def test_of_several_order_ids_those_that_are_not_here_are_named() -> None:
    account = make_account()
    make_order(account, amazon_order_id=ID)

    form = OrderFilter({"q": f"{ID} {OTHER}"}, [account])

    assert len(form.narrow(Order.objects.all(), account.created_at)) == 1
    assert form.hint == f"Not found here: {OTHER}."
