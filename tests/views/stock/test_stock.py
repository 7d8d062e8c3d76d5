"""The stock pages: numbers, counts, filters, movements."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    StockLevel,
    StockMovement,
    Variant,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-stock-list"


@pytest.fixture
def world() -> World:
    """Give a store with a variant and its listing."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def count(client: Client, world: World, **over: Any) -> Any:
    """Return the answer to a count of seven units."""
    data = {"warehouse": world.warehouse.pk, "quantity": 7, "token": uuid.uuid4()}
    address = reverse("amazon-stock-set", args=[world.variant.pk])
    return client.post(address, data | over)


def shown(client: Client, **query: Any) -> list[str]:
    """Return the SKUs that the list shows for a query."""
    response = client.get(reverse(LIST), query)
    return [row["variant"].sku for row in response.context["rows"]]


def test_count_sets_level_and_published_quantity(world: World, client: Client) -> None:
    response = count(client, world)

    assert response.status_code == 302
    assert StockLevel.objects.get(variant=world.variant).on_hand == 7
    listing = world.variant.listings.get()
    assert (listing.desired_quantity, listing.push_due) == (7, True)


def test_count_sent_twice_counts_once(world: World, client: Client) -> None:
    token = uuid.uuid4()
    count(client, world, token=token)
    count(client, world, quantity=9)

    count(client, world, token=token)

    assert StockLevel.objects.get(variant=world.variant).on_hand == 9


@pytest.mark.parametrize("quantity", ["-1", "1.5", "many", "", "99999999999"])
def test_count_refuses_nonsense(world: World, client: Client, quantity: str) -> None:
    response = count(client, world, quantity=quantity)

    assert response.status_code == 422
    assert not StockMovement.objects.exists()


def test_count_refuses_warehouse_of_another_store(world: World, client: Client) -> None:
    elsewhere = builders.make_warehouse()

    assert count(client, world, warehouse=elsewhere.pk).status_code == 422


def test_list_says_why_nothing_is_published_and_nothing_held(
    world: World, client: Client
) -> None:
    Listing.objects.update(is_mfn=False, is_fba=True)

    text = client.get(reverse(LIST)).content.decode()

    assert "FBA only" in text
    assert '<span class="sl-none">–</span>' in text


def test_nothing_published_is_not_said_to_be_accepted(
    world: World, client: Client
) -> None:
    heartbeats.beat(Process.QUEUE)
    address = reverse("amazon-stock-list")
    text = client.get(address).content.decode()
    assert "No quantity has been sent to Amazon yet." in text
    assert "Every published quantity" not in text

    Listing.objects.update(acknowledged_quantity=3, acknowledged_at=timezone.now())
    assert "Every published quantity" in client.get(address).content.decode()


def test_quantities_of_a_revoked_account_wait_and_say_for_what(
    world: World, client: Client
) -> None:
    world.variant.listings.update(push_due=True, desired_quantity=3, is_mfn=True)
    pages = [
        reverse(LIST),
        reverse("amazon-stock-detail", args=[world.variant.pk]),
    ]
    assert "what waits is sent once one does" in client.get(pages[0]).text
    heartbeats.beat(Process.QUEUE)
    assert "1 quantity is being sent to Amazon." in client.get(pages[0]).text
    world.account.state = "needs_authorization"
    world.account.save()

    listed, detail = (client.get(page).text for page in pages)

    assert "1 quantity waits." in listed
    for text in (listed, detail):
        assert "sent once the account is authorised again." in text
        assert f"{reverse('amazon-connect')}?account={world.account.pk}" in text
        assert "Waits for the authorisation" in text
        assert "being sent" not in text.lower()
        assert "Every published quantity" not in text


def test_quantities_of_an_account_that_is_not_live_wait_and_say_so(
    world: World, client: Client
) -> None:
    Listing.objects.update(desired_quantity=3, push_due=True)
    AmazonAccount.objects.filter(pk=world.account.pk).update(live_at=None)

    listed = client.get(reverse("amazon-stock-list")).text
    detail = client.get(reverse("amazon-stock-detail", args=[world.variant.pk])).text

    for page in (listed, detail):
        assert "Not live yet" in page
        assert reverse("amazon-go-live", args=[world.account.pk]) in page
        assert "being sent" not in page.lower()


def test_quantities_wait_while_the_installation_is_paused(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.variant.listings.update(push_due=True, desired_quantity=3, is_mfn=True)
    monkeypatch.setattr(guard, "state", lambda: guard.GuardState(Standing.COPY))

    text = client.get(reverse(LIST)).text

    assert "1 quantity waits." in text
    assert "what waits is sent once somebody says" in text
    assert "being sent" not in text.lower()


def test_working_account_sends_while_another_waits(
    world: World, client: Client
) -> None:
    heartbeats.beat(Process.QUEUE)
    world.variant.listings.update(push_due=True, is_mfn=True)
    revoked = builders.make_account(world.store, state="needs_authorization")
    for _ in range(2):
        variant = builders.make_variant(world.store)
        builders.make_listing(revoked, variant=variant, push_due=True, is_mfn=True)

    text = client.get(reverse(LIST)).text

    assert "1 quantity is being sent to Amazon." in text
    assert "2 quantities wait." in text


def test_search_finds_sku_barcode_asin_and_title(world: World, client: Client) -> None:
    variant = builders.make_variant(world.store, barcode="4006381333931")
    variant.product.title = "Blue teapot"
    variant.product.save()
    builders.make_listing(world.account, variant=variant, asin="B00TEA0001")

    for text in (variant.sku, "4006381333931", "b00tea0001", "teapot"):
        assert shown(client, q=text) == [variant.sku]


@pytest.mark.parametrize(
    ("show", "fields"),
    [
        ("waiting", {"push_due": True}),
        ("refused", {"push_due": True, "push_code": "INVALID"}),
    ],
)
def test_filter_shows_what_push_left(
    world: World, client: Client, show: str, fields: dict[str, Any]
) -> None:
    variant = builders.make_variant(world.store)
    builders.make_listing(world.account, variant=variant, **fields)

    assert shown(client, show=show) == [variant.sku]


def test_refusal_of_a_quantity_that_is_no_longer_due_is_over(
    world: World, client: Client
) -> None:
    left = {"push_due": False, "push_code": "INVALID", "push_error": "Too many."}
    world.variant.listings.update(**left)

    response = client.get(reverse(LIST), {"show": "refused"})
    assert (response.context["rows"], response.context["refused"]) == ([], 0)

    for address in (
        reverse(LIST),
        reverse("amazon-stock-detail", args=[world.variant.pk]),
    ):
        text = client.get(address).content.decode()
        assert "Not sent yet" in text
        assert "Too many." not in text


@pytest.mark.parametrize("show", ["waiting", "refused"])
def test_listing_of_a_disconnected_account_is_in_no_tab(
    world: World, client: Client, show: str
) -> None:
    gone = builders.make_account(world.store, region="eu", state="disconnected")
    variant = builders.make_variant(world.store)
    code = "INVALID" if show == "refused" else ""
    builders.make_listing(gone, variant=variant, push_due=True, push_code=code)

    assert shown(client, show=show) == []
    assert shown(client, show="unlisted") == [variant.sku]


def test_filter_shows_levels_below_zero_and_names_the_warehouse(
    world: World, client: Client
) -> None:
    variant = builders.make_variant(world.store)
    place = builders.make_warehouse(world.store, name="Hamburg")
    StockLevel.objects.create(variant=variant, warehouse=world.warehouse, on_hand=2)
    StockLevel.objects.create(variant=variant, warehouse=place, on_hand=-1)

    text = client.get(reverse(LIST), {"show": "below"}).content.decode()

    assert shown(client, show="below") == [variant.sku]
    assert "Hamburg: -1" in text


def test_filter_shows_variants_without_listing(world: World, client: Client) -> None:
    variant = builders.make_variant(world.store)

    assert shown(client, show="unlisted") == [variant.sku]


def test_filter_by_no_tab_shows_all(world: World, client: Client) -> None:
    assert shown(client, show="") == [world.variant.sku]
    assert shown(client, show="nonsense") == []


def test_filter_shows_variants_with_nothing_on_hand(
    world: World, client: Client
) -> None:
    variant = builders.make_variant(world.store)
    variant.levels.create(warehouse=world.warehouse, on_hand=3)

    assert shown(client, show="out") == [world.variant.sku]


def test_pages_go_on_after_the_last_sku(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.views.stock.stock.ROWS", 2)
    for sku in ("a~b", "b & c", "ü/1"):
        builders.make_variant(world.store, sku=sku)

    seen: list[str] = []
    after = ""
    while True:
        response = client.get(reverse(LIST), {"after": after})
        seen += [row["variant"].sku for row in response.context["rows"]]
        after = response.context["slice"].next
        if not after:
            break

    assert seen == list(Variant.objects.order_by("sku").values_list("sku", flat=True))


@pytest.mark.parametrize("rows", [1, 30])
def test_list_asks_same_number_of_queries(
    world: World,
    client: Client,
    rows: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for _ in range(rows):
        variant = builders.make_variant(world.store)
        builders.make_listing(world.account, variant=variant)
        variant.levels.create(warehouse=world.warehouse, on_hand=3)

    with django_assert_max_num_queries(20 + SIDE_BAR):
        assert client.get(reverse(LIST)).status_code == 200


def test_detail_explains_published_quantity(world: World, client: Client) -> None:
    count(client, world)

    response = client.get(reverse("amazon-stock-detail", args=[world.variant.pk]))

    text = response.content.decode()
    assert "7 can be sold: 7 on hand, less 0 reserved" in text
    assert "Why this number?" in text
