"""The ship form ships from where the units are held, and asks before it goes below."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from channels_amazon.models import (
    DiagnosticEntry,
    Order,
    Reservation,
    Shipment,
    Warehouse,
)
from tests import builders
from tests.ledger_proof import verify_levels
from tests.views.scene import SIDE_BAR, World, make_world, signed_in
from tests.views.shipping.origin_scene import (
    filled,
    held,
    levels,
    make_hamburg,
    on_hand,
    origin,
    rename,
    send,
    shown,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store whose first warehouse, the default one, is called Hamburg."""
    return make_hamburg()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


@pytest.fixture
def leipzig(world: World) -> Warehouse:
    """Give the store's other warehouse."""
    return rename(builders.make_warehouse(world.store), "Leipzig")


def test_units_leave_from_where_they_are_held(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    assert Reservation.objects.get().warehouse == leipzig

    response = send(client, order, filled(client, order))

    assert response.status_code == 302
    assert on_hand(world.variant, leipzig) == (0, 0)
    assert on_hand(world.variant, world.warehouse) == (0, 0)
    assert Shipment.objects.get().warehouse == leipzig


COUNTS = st.lists(st.integers(0, 4), min_size=3, max_size=3)


@settings(
    max_examples=25,
    # A shrunken example would take minutes: each one builds stores and signs in.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    counts=st.lists(COUNTS, min_size=2, max_size=2),
    earlier=st.lists(st.integers(1, 3), max_size=2),
    wanted=st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=3
    ),
)
def test_what_is_preselected_moves_no_other_warehouse_and_takes_none_below_zero(
    counts: list[list[int]], earlier: list[int], wanted: list[tuple[int, int]]
) -> None:
    world = make_world()
    places = [world.warehouse, *(builders.make_warehouse(world.store) for _ in "ab")]
    variants = [world.variant, builders.make_variant(world.store)]
    for variant, numbers in zip(variants, counts, strict=True):
        for place, units in zip(places, numbers, strict=True):
            stock(variant, place, units)
    for units in earlier:
        held(world, units)
    chosen = [variants[which] for which, _units in wanted]
    order = held(world, *(units for _which, units in wanted), variants=chosen)
    holds = {
        (row.variant_id, row.warehouse_id)
        for row in Reservation.objects.filter(line__order=order)
    }
    before = levels()
    client = signed_in(world.owner)

    response = send(client, order, filled(client, order))

    after = levels()
    changed = {place for place, units in after.items() if units != before.get(place)}
    assert changed <= holds
    assert not {
        place
        for place in changed
        if after[place][0] < 0 <= before.get(place, (0, 0))[0]
    }
    # It ships, or says which warehouse does not have the units and does nothing.
    assert (response.status_code == 302) == bool(changed)
    if not changed:
        assert response.context["form"].shortfalls
    assert verify_levels([variant.pk for variant in variants]) == []


def test_each_warehouse_says_what_is_there(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)

    text = shown(client, order).content.decode()

    assert "Leipzig: holds these 2</option>" in text
    assert "Hamburg: 0 available</option>" in text
    assert text.index("Leipzig: holds") < text.index("Hamburg: 0")


def test_holder_without_the_units_says_so(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, world.warehouse, 1)
    order = held(world, 2)

    text = shown(client, order).content.decode()

    assert "Hamburg: holds 2, 1 on hand</option>" in text


def test_choice_below_zero_is_asked_about_and_nothing_is_done(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    before = levels()
    data = filled(client, order) | {origin(order): str(world.warehouse.pk)}

    response = send(client, order, data)

    text = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was shipped" in text
    sku = world.variant.sku
    assert f"Ship from Hamburg all the same: it will show -2 of {sku}." in text
    assert (levels(), Shipment.objects.count()) == (before, 0)
    # What was typed is there still.
    assert 'value="1Z5R89390357567127"' in text
    assert f'<option value="{world.warehouse.pk}" selected' in text.replace("\n", " ")


def test_ticked_choice_below_zero_moves_the_hold_on_purpose(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    data = filled(client, order) | {origin(order): str(world.warehouse.pk)}
    asked = send(client, order, data).context["form"].asked

    response = send(client, order, data | {"below_zero": asked})

    assert response.status_code == 302
    assert on_hand(world.variant, world.warehouse) == (-2, 0)
    assert on_hand(world.variant, leipzig) == (2, 0)
    entry = DiagnosticEntry.objects.get(code="shipments.below_zero")
    assert (entry.reference, entry.actor) == (
        order.amazon_order_id,
        world.owner.get_username(),
    )
    assert verify_levels() == []


@pytest.mark.parametrize("tick", ["", "on", "1-", "0-0 x-y", "9" * 400])
def test_tick_holds_for_what_it_named_only(
    world: World, client: Client, leipzig: Warehouse, tick: str
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    data = filled(client, order) | {origin(order): str(world.warehouse.pk)}

    response = send(client, order, data | {"below_zero": tick})

    assert response.status_code == 422
    assert not Shipment.objects.exists()


def test_tick_holds_for_the_units_it_named_and_for_no_more(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, world.warehouse, 1)
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    data = filled(client, order) | {origin(order): str(world.warehouse.pk)}
    seen = send(client, order, data).context["form"].asked
    stock(world.variant, world.warehouse, 0)

    response = send(client, order, data | {"below_zero": seen})

    assert response.status_code == 422
    assert "it will show -2" in response.content.decode()
    assert not Shipment.objects.exists()
    seen_anew = response.context["form"].asked
    # Meanwhile somebody counted a unit: less bad than what was agreed to.
    stock(world.variant, world.warehouse, 1)
    assert send(client, order, data | {"below_zero": seen_anew}).status_code == 302
    assert on_hand(world.variant, world.warehouse) == (-1, 0)


def test_units_promised_to_other_orders_are_asked_about(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, world.warehouse, 2)
    held(world, 2)
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    data = filled(client, order) | {origin(order): str(world.warehouse.pk)}

    response = send(client, order, data)

    assert response.status_code == 422
    said = "will be missing there for other orders"
    assert said in response.content.decode()
    agreed = data | {"below_zero": response.context["form"].asked}
    assert send(client, order, agreed).status_code == 302
    assert on_hand(world.variant, world.warehouse) == (0, 2)


def test_choice_that_has_the_units_asks_nothing(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    stock(world.variant, world.warehouse, 5)
    data = filled(client, order) | {origin(order): str(world.warehouse.pk)}

    assert send(client, order, data).status_code == 302

    assert on_hand(world.variant, world.warehouse) == (3, 0)
    assert on_hand(world.variant, leipzig) == (2, 0)


def test_lines_of_one_package_leave_from_two_warehouses(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    other = builders.make_variant(world.store)
    stock(world.variant, leipzig, 1)
    stock(other, world.warehouse, 1)
    order = held(world, 1, 1, variants=[world.variant, other])

    assert send(client, order, filled(client, order)).status_code == 302

    assert on_hand(world.variant, leipzig) == (0, 0)
    assert on_hand(other, world.warehouse) == (0, 0)
    assert Shipment.objects.get().warehouse is None


def test_two_lines_of_one_variant_are_counted_together(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 1, 1)
    stock(world.variant, world.warehouse, 1)
    here = str(world.warehouse.pk)
    data = filled(client, order) | {f"from_{one.pk}": here for one in order.lines.all()}

    response = send(client, order, data)

    assert "it will show -1 of" in response.content.decode()


@pytest.mark.parametrize("value", ["", "0", "x", "-1"])
def test_warehouse_that_is_none_of_the_stores_is_refused(
    world: World, client: Client, leipzig: Warehouse, value: str
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)

    response = send(client, order, filled(client, order) | {origin(order): value})

    # An empty one means: from where they are held.
    assert response.status_code == (422 if value else 302)
    assert on_hand(world.variant, world.warehouse) == (0, 0)


def test_line_that_holds_nothing_asks_for_no_warehouse(
    world: World, client: Client
) -> None:
    order = builders.make_order(world.account, lines=({"seller_sku": "UNKNOWN"},))
    data = filled(client, order)

    assert not [name for name in data if name.startswith("from_")]
    Order.objects.update(ordered_at=timezone.now() - timedelta(days=1))
    assert send(client, order, data).status_code == 302
    assert levels() == {}


def test_units_that_left_with_a_refused_package_leave_no_second_time(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    send(client, order, filled(client, order))
    Shipment.objects.update(state=Shipment.State.REFUSED)
    data = filled(client, order, tracking_number="1Z5R89390357567128")

    assert not [name for name in data if name.startswith("from_")]
    assert send(client, order, data).status_code == 302
    assert on_hand(world.variant, leipzig) == (0, 0)


def test_variant_that_nobody_counted_is_not_asked_about(
    world: World, client: Client
) -> None:
    order = held(world, 1)

    text = shown(client, order).content.decode()
    response = send(client, order, filled(client, order))

    assert "Hamburg: holds this unit</option>" in text
    assert response.status_code == 302


def test_form_costs_the_same_for_many_lines_and_warehouses(
    world: World, client: Client, django_assert_max_num_queries: Any
) -> None:
    variants = [builders.make_variant(world.store) for _ in range(8)]
    for variant in variants:
        builders.make_warehouse(world.store)
        stock(variant, world.warehouse, 1)
    order = held(world, *[1] * 8, variants=variants)
    url = reverse("amazon-order-detail", args=[order.pk])

    with django_assert_max_num_queries(24 + SIDE_BAR):
        assert client.get(url).status_code == 200


def test_form_sent_twice_ships_once(
    world: World, client: Client, leipzig: Warehouse
) -> None:
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    data = filled(client, order)

    assert [send(client, order, data).status_code for _ in range(2)] == [302, 302]
    assert Shipment.objects.count() == 1
