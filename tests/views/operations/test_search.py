"""The search over everything finds what people hold in their hands, and only theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels_amazon.models import StoreMember
from channels_amazon.services.orders import search as orders_search
from channels_amazon.views.operations.search_hits import MOST
from tests import builders
from tests.views.scene import (
    World,
    make_call,
    make_member_client,
    make_world,
    signed_in,
)

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/amazon/search/"
FRAGMENT = {"HX-Request": "true"}
ORDER_ID = "902-3159896-1390916"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def found(client: Client, text: str) -> dict[str, list[str]]:
    """Return what is found, by kind, as the dialog shows it."""
    response = client.get(ADDRESS, {"q": text}, headers=FRAGMENT)
    return {
        group.title: [hit.title for hit in group.hits]
        for group in response.context["groups"]
    }


def led_to(client: Client, text: str) -> str:
    """Return the address that Enter leads to, "" where it shows what was found."""
    return str(client.get(ADDRESS, {"q": text}).get("Location", ""))


@pytest.mark.parametrize(
    "pasted",
    [
        ORDER_ID,
        f" {ORDER_ID} ",
        f'"{ORDER_ID}"',
        f"“{ORDER_ID}”,",
        "902 - 3159896 - 1390916",
        "９０２－３１５９８９６－１３９０９１６",
    ],
)
def test_order_id_leads_to_its_order_however_it_was_pasted(
    world: World, client: Client, pasted: str
) -> None:
    order = builders.make_order(world.account, amazon_order_id=ORDER_ID)

    assert led_to(client, pasted) == reverse("amazon-order-detail", args=[order.pk])


def test_order_id_of_two_accounts_leads_nowhere(world: World, client: Client) -> None:
    other = builders.make_account(world.store, region="eu")
    for account in (world.account, other):
        builders.make_order(account, amazon_order_id=ORDER_ID)

    assert led_to(client, ORDER_ID) == ""
    assert found(client, ORDER_ID) == {"Orders": [ORDER_ID, ORDER_ID]}


def test_sku_leads_to_its_stock_and_shows_its_orders(
    world: World, client: Client
) -> None:
    stock = reverse("amazon-stock-detail", args=[world.variant.pk])

    assert led_to(client, world.variant.sku) == stock
    assert led_to(client, world.variant.sku.lower()) == stock
    shown = found(client, world.variant.sku)
    assert shown["Orders"] == [world.order.amazon_order_id]
    assert shown["SKUs and ASINs"] == [world.variant.sku]


def test_barcode_and_asin_lead_to_the_stock_of_their_variant(
    world: World, client: Client
) -> None:
    world.variant.barcode = "4006381333931"
    world.variant.save()
    listing = world.account.listings.get()
    stock = reverse("amazon-stock-detail", args=[world.variant.pk])

    assert led_to(client, "4006381333931") == stock
    assert led_to(client, listing.asin.lower()) == stock


def test_listing_without_a_variant_leads_to_its_orders(
    world: World, client: Client
) -> None:
    builders.make_listing(world.account, seller_sku="LONELY 7")

    address = f"{reverse('amazon-order-list')}?q=LONELY+7"
    assert led_to(client, "LONELY 7") == address


def test_request_id_leads_to_its_row_of_the_log(world: World, client: Client) -> None:
    call = make_call(world.account, request_id="req-call")
    entry = builders.make_entry(world.account, request_id="req-event")

    detail = "amazon-log-detail"
    assert led_to(client, "req-call") == reverse(detail, args=["calls", call.pk])
    assert led_to(client, "req-event") == reverse(detail, args=["events", entry.pk])


def test_request_id_of_a_call_and_its_event_shows_both(
    world: World, client: Client
) -> None:
    make_call(world.account, request_id="req-both")
    builders.make_entry(world.account, request_id="req-both", code="amazon.throttled")

    assert led_to(client, "req-both") == ""
    logs = found(client, "req-both")["Diagnostic logs"]
    assert sorted(logs) == ["amazon.throttled", "getOrder"]


def test_seller_id_leads_to_the_status_of_its_account(
    world: World, client: Client
) -> None:
    status = reverse("amazon-status", args=[world.account.pk])

    assert led_to(client, world.account.seller_id.lower()) == status


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_page_is_found_by_its_english_name_too(client: Client, language: str) -> None:
    headers = {"Accept-Language": language}
    response = client.get(ADDRESS, {"q": "stock levels"}, headers=headers)

    assert response.headers["Location"] == reverse("amazon-stock-list")


def test_page_that_the_reader_may_not_open_is_not_found(world: World) -> None:
    viewer = make_member_client(world.store, StoreMember.Role.VIEWER)
    admin = signed_in(builders.make_user(is_superuser=True))

    assert "Pages" not in found(viewer, "failed sign-ins")
    assert found(admin, "failed sign-ins")["Pages"] == ["Failed sign-ins"]


def test_search_holds_nothing_of_another_store(world: World) -> None:
    stranger = signed_in(world.stranger)
    call = make_call(world.account)
    listing = world.account.listings.get()

    for text in (
        world.order.amazon_order_id,
        world.variant.sku,
        listing.asin,
        call.request_id,
        world.account.seller_id,
    ):
        assert led_to(stranger, text) == ""
        assert found(stranger, text) == {}


def test_names_of_people_are_not_searched(world: World, client: Client) -> None:
    # As the store's order has it that the world is made with.
    assert world.store_order.number
    assert found(client, "Ann Buyer") == {}
    assert found(client, "1000 Winthrop Ave N") == {}


def test_while_somebody_types_nothing_leads_away(world: World, client: Client) -> None:
    text = world.order.amazon_order_id
    response = client.get(ADDRESS, {"q": text}, headers=FRAGMENT)

    assert response.status_code == 200
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize("text", ["", "   ", "\u200b"])
def test_nothing_searched_for_finds_nothing(client: Client, text: str) -> None:
    response = client.get(ADDRESS, {"q": text})

    assert response.status_code == 200
    assert response.context["groups"] == []


def test_text_that_is_nowhere_says_what_is_searched(client: Client) -> None:
    page = client.get(ADDRESS, {"q": "902-315989-1390916"}).content.decode()

    assert "Nothing that you may see is called “902-315989-1390916”." in page
    assert "is no order id of Amazon" in page
    assert "Names of buyers and recipients are not searched here" in page


def queries_of(client: Client, text: str) -> int:
    """Return how many queries the dialog's answer costs."""
    with CaptureQueriesContext(connection) as asked:
        client.get(ADDRESS, {"q": text}, headers=FRAGMENT)
    return len(asked)


def test_search_asks_the_same_queries_whatever_it_finds(
    world: World, client: Client
) -> None:
    frame = queries_of(client, "")
    for number in range(3 * MOST):
        builders.make_order(world.account, lines=({"variant": world.variant},))
        make_call(world.account, request_id=world.variant.sku)
        builders.make_listing(world.account, asin=f"B{number}")

    # One of them is for the pages that the reader may open.
    assert queries_of(client, world.variant.sku) - frame == 9
    shown: Any = found(client, world.variant.sku)
    assert len(shown["Orders"]) == len(shown["Diagnostic logs"]) == MOST


@pytest.mark.parametrize("part", ["902-315", "1390916", "3159896"])
def test_part_of_an_order_id_is_found(world: World, client: Client, part: str) -> None:
    builders.make_order(world.account, amazon_order_id=ORDER_ID)
    before = queries_of(client, "")

    # By its index alone, while somebody types.
    assert queries_of(client, part) - before == 10
    assert found(client, part)["Orders"] == [ORDER_ID]
    # Only a whole one leads there by itself.
    assert led_to(client, part) == ""


@pytest.mark.parametrize("more", [0, 1])
def test_more_than_is_shown_is_said(world: World, client: Client, more: int) -> None:
    for number in range(MOST + more):
        make_call(world.account, request_id="one-request")
        builders.make_order(world.account, lines=({"seller_sku": "ONE-SKU"},))
        builders.make_listing(
            world.account, seller_sku=f"A-{number}", asin="B00000AAAA"
        )

    for text in ("one-request", "ONE-SKU", "B00000AAAA"):
        page = client.get(ADDRESS, {"q": text}).content.decode()
        said = f"There are more results for “{text}” than are shown here."
        assert (said in page) == bool(more)


def test_nothing_is_said_to_be_nowhere_that_was_not_looked_for_everywhere(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_search, "NEWEST", 0)

    page = client.get(ADDRESS, {"q": "nowhere"}).content.decode()

    assert "Nothing was found for “nowhere” where it was looked for." in page
    assert "“nowhere” was looked for in the newest 10,000 order" in page
    assert "Nothing that you may see is called" not in page


def test_page_says_what_a_cut_search_leaves_out(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders_search, "COUNT_CAP", 2)
    for number in range(3):
        builders.make_order(
            world.account, amazon_order_id=f"902-000000{number}-1390916"
        )

    page = client.get(ADDRESS, {"q": "1390916"}).content.decode()

    assert "Very many orders hold “1390916”" in page


def test_while_somebody_types_only_indexes_are_asked_where_they_find_any(
    world: World, client: Client
) -> None:
    order = builders.make_order(world.account, amazon_order_id=ORDER_ID)
    typed = {"q": "902-31598"}

    typing = client.get(ADDRESS, typed, headers=FRAGMENT).content.decode()
    page = client.get(ADDRESS, typed).content.decode()

    said = "There may be more orders for “902-31598” than are shown here."
    assert said in typing
    assert f'href="{reverse("amazon-order-list")}?q=902-31598"' in typing
    assert said not in page
    for text in (typing, page):
        assert reverse("amazon-order-detail", args=[order.pk]) in text


def test_whole_id_leaves_no_more_to_be_found(world: World, client: Client) -> None:
    """Its own case of letters apart, the text is all of the SKU that orders hold."""
    builders.make_listing(world.account, seller_sku="WHOLE-1", variant=world.variant)
    builders.make_order(world.account, lines=({"seller_sku": "WHOLE-1"},))

    typing = client.get(ADDRESS, {"q": "whole-1"}, headers=FRAGMENT)
    part = client.get(ADDRESS, {"q": "whole"}, headers=FRAGMENT)

    assert typing.context["found"] == 2
    assert "There may be more" not in typing.content.decode()
    assert "2 results for “whole-1”." in typing.content.decode()
    assert "There may be more orders for “whole”" in part.content.decode()


def test_text_that_is_too_long_is_not_cut_but_refused(client: Client) -> None:
    page = client.get(ADDRESS, {"q": ORDER_ID + "x" * 120}).content.decode()

    assert "Nothing is shown, as the filter is not understood." in page


def test_the_looks_own_search_leads_to_ours(client: Client) -> None:
    response = client.get(reverse("admin:search"), {"s": "a&b"})

    assert response.headers["Location"] == f"{ADDRESS}?q=a%26b"
