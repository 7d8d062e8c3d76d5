"""A package that is there already is known by carrier, number and units."""

from __future__ import annotations

from typing import Any

import pytest

from channels_amazon.models import Order, Shipment
from channels_amazon.services.shipping.selection import (
    PlannedOrder,
    SelectionOutcome,
    plan_orders,
    read_chosen,
    ship_orders,
)
from channels_amazon.services.shipping.shipments import ShipmentDraft
from tests.services.shipping.scene import draft, make_scene, ship

pytestmark = pytest.mark.django_db


def plan(order: Order, entered: ShipmentDraft) -> PlannedOrder:
    """Return what the draft would do for all that is left of the order."""
    chosen = read_chosen(Order.objects.filter(pk=order.pk))
    (planned,) = plan_orders(chosen, {order.pk: entered})
    return planned


def test_number_of_a_package_of_other_units_ships_the_rest() -> None:
    order, _variant, _warehouse = make_scene(3)
    ship(order, 1)

    planned = plan(order, draft(order))
    (done,) = ship_orders([planned], {planned.mark}, actor="ann")

    assert done.outcome is SelectionOutcome.SHIPPED
    packages = Shipment.objects.order_by("pk")
    assert [one.lines.get().quantity for one in packages] == [1, 2]


def test_same_package_again_is_known_and_leaves_the_rest_to_do() -> None:
    order, _variant, _warehouse = make_scene(2)
    ship(order, 1)

    planned = plan(order, draft(order))

    assert planned.outcome is SelectionOutcome.KNOWN
    assert not planned.is_done
    assert "1 unit more is in no package" in planned.reason


@pytest.mark.parametrize(
    ("over", "outcome"),
    [
        ({}, SelectionOutcome.KNOWN),
        ({"carrier_code": "DHL"}, SelectionOutcome.REFUSED),
        ({"tracking_number": "1Z2"}, SelectionOutcome.REFUSED),
    ],
)
def test_of_a_shipped_order_only_its_own_package_is_known(
    over: dict[str, Any], outcome: SelectionOutcome
) -> None:
    order, _variant, _warehouse = make_scene(2)
    ship(order, 2)

    planned = plan(order, draft(order, **over))

    assert planned.outcome is outcome
    assert planned.is_done is (outcome is SelectionOutcome.KNOWN)
