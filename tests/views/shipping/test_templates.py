"""The pages of ship templates: form, preview, switch."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels_amazon.models import Order, ShipTemplate, StoreMember
from tests import builders
from tests.views.scene import World, make_member_client, make_world, signed_in
from tests.views.shipping.origin_scene import held, rename, stock

pytestmark = pytest.mark.django_db
ADD, EDIT = "amazon-ship-template-add", "amazon-ship-template-edit"
PREVIEW, SWITCH = "amazon-ship-template-preview", "amazon-ship-template-switch"


@pytest.fixture
def world() -> World:
    """Give a store with an order."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def data(world: World, *carriers: dict[str, str], **over: Any) -> dict[str, Any]:
    """Return what the form sends, with these rows of carriers."""
    fields: dict[str, Any] = {
        "store": world.store.pk,
        "name": "Standard",
        "account": "",
        "marketplace": "",
        "warehouse": "",
        "splits_by_parcel": "yes",
        "confirm_when": "on_tracking",
        "hours_before_deadline": "4",
        "carriers-TOTAL_FORMS": str(len(carriers) + 1),
        "carriers-INITIAL_FORMS": "0",
    }
    for place, row in enumerate(carriers):
        fields |= {f"carriers-{place}-{name}": value for name, value in row.items()}
    return fields | over


PAKET = {"store_carrier": "Paket", "carrier_code": "DHL"}


def test_template_is_made_and_leads_to_its_preview(
    world: World, client: Client
) -> None:
    response = client.post(
        reverse(ADD),
        data(
            world,
            PAKET,
            {"store_carrier": "", "carrier_code": ""},
            account=world.account.pk,
            warehouse=world.warehouse.pk,
        ),
    )

    template = ShipTemplate.objects.get()
    assert response["Location"] == reverse(PREVIEW, args=[template.pk])
    assert template.carriers.get().store_carrier == "Paket"
    assert (template.account, template.warehouse) == (world.account, world.warehouse)


@pytest.mark.parametrize(
    ("row", "over"),
    [
        ({"store_carrier": "Paket"}, {}),
        ({"carrier_code": "DHL"}, {}),
        ({"store_carrier": "Rad", "carrier_code": "Other"}, {}),
        ({"store_carrier": "Rad", "carrier_code": "Pigeon"}, {}),
        (PAKET, {"name": ""}),
        (PAKET, {"hours_before_deadline": "0"}),
        (PAKET, {"hours_before_deadline": "many"}),
        (PAKET, {"marketplace": "NOWHERE"}),
        (PAKET, {"account": "0"}),
        (PAKET, {"carriers-TOTAL_FORMS": "100000"}),
    ],
)
def test_bad_form_comes_back(
    world: World, client: Client, row: dict[str, str], over: dict[str, Any]
) -> None:
    response = client.post(reverse(ADD), data(world, row, **over))

    assert response.status_code == 422
    assert not ShipTemplate.objects.exists()


def test_two_rows_of_one_carrier_come_back_with_the_reason(
    world: World, client: Client
) -> None:
    again = {"store_carrier": "pa ket", "carrier_code": "UPS"}

    response = client.post(reverse(ADD), data(world, PAKET, again))

    assert response.status_code == 422
    assert "is there twice" in response.content.decode()


def test_button_brings_more_rows_and_keeps_what_was_entered(
    world: World, client: Client
) -> None:
    response = client.post(reverse(ADD), data(world, PAKET, more="1"))

    text = response.content.decode()
    assert response.status_code == 200
    assert 'value="Paket"' in text
    assert "carriers-4-store_carrier" in text
    assert not ShipTemplate.objects.exists()


def test_row_is_removed_and_template_switched_off(world: World, client: Client) -> None:
    template = builders.make_template(world.store, name="Standard")
    template.carriers.create(store_carrier="Paket", carrier_code="DHL")

    page = client.get(reverse(EDIT, args=[template.pk]))
    client.post(
        reverse(EDIT, args=[template.pk]), data(world, PAKET | {"DELETE": "on"})
    )

    assert 'value="Paket"' in page.content.decode()
    template.refresh_from_db()
    assert (template.carriers.count(), template.is_active) == (0, False)


def test_preview_names_what_a_warehouse_of_its_own_would_do(
    world: World, client: Client
) -> None:
    leipzig = rename(world.warehouse, "Leipzig")
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    hamburg = builders.make_warehouse(world.store, name="Hamburg")
    template = builders.make_template(world.store, warehouse=hamburg)

    text = client.get(reverse(PREVIEW, args=[template.pk])).content.decode()

    assert f"Hamburg would show -2 of {world.variant.sku}." in text
    assert "held in Leipzig; they would leave from Hamburg" in text
    assert order.amazon_order_id in text


def test_template_is_switched_on_from_its_preview(world: World, client: Client) -> None:
    template = builders.make_template(world.store, is_active=False)
    switch = reverse(SWITCH, args=[template.pk])

    early = client.post(switch, {"on": "1"}, follow=True)
    assert "Look at the preview first" in early.content.decode()
    client.post(switch, {"on": "1"})
    template.refresh_from_db()
    # The refusal led to the preview, which was seen then.
    assert template.is_active

    client.post(switch)
    template.refresh_from_db()
    assert not template.is_active


def test_viewers_look_is_not_what_lets_a_template_on(world: World) -> None:
    template = builders.make_template(world.store, is_active=False)
    viewer = make_member_client(world.store, StoreMember.Role.VIEWER)

    response = viewer.get(reverse(PREVIEW, args=[template.pk]))

    assert response.status_code == 200
    template.refresh_from_db()
    assert template.previewed_at is None


def test_preview_shows_counts_and_reasons(world: World, client: Client) -> None:
    template = builders.make_template(world.store, is_active=False)
    builders.make_parcel(world.order, carrier="Pigeon")
    good = builders.make_order(world.account)
    builders.make_parcel(good)
    waits = builders.make_order(world.account)

    text = client.get(reverse(PREVIEW, args=[template.pk])).content.decode()

    assert (
        "Of the last 3 orders it would have shipped 1 (packages: 1), and held 1 for a "
        "person. 1 order waits for its parcel."
    ) in text
    assert waits.amazon_order_id in text
    assert "No rule says what “Pigeon” is called at Amazon." in text
    assert f"{reverse(EDIT, args=[template.pk])}?carrier=Pigeon" in text


def test_preview_is_honest_without_data(world: World, client: Client) -> None:
    template = builders.make_template(world.store, is_active=False)
    page = reverse(PREVIEW, args=[template.pk])

    to_ship = client.get(page).content.decode()
    assert "of 1 order to ship, this says what a parcel told of it now" in to_ship
    assert "Each parcel told of it would become a package." in to_ship
    assert world.order.amazon_order_id in to_ship
    Order.objects.update(status=Order.Status.SHIPPED)
    assert "nothing to judge by" in client.get(page).content.decode()
    world.order.delete()
    assert "no order yet" in client.get(page).content.decode()


def test_link_begins_a_row(world: World, client: Client) -> None:
    template = builders.make_template(world.store)

    response = client.get(
        reverse(EDIT, args=[template.pk]), {"carrier": "Taube <1>", "method": "Air"}
    )

    assert 'value="Taube &lt;1&gt;"' in response.content.decode()


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({}, "as soon as the tracking number is there"),
        ({"confirm_when": "before_deadline"}, "4 hours before the latest ship time"),
        ({"splits_by_parcel": False}, "All parcels of an order are one package"),
        ({"marketplace_id": "ATVPDKIKX0DER"}, "every account in"),
    ],
)
def test_list_says_each_template_as_sentences(
    world: World, client: Client, over: dict[str, Any], words: str
) -> None:
    builders.make_template(world.store, **over)

    response = client.get(reverse("amazon-ship-template-list"))

    assert words in response.content.decode()
