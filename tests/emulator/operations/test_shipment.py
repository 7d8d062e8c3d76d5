"""ConfirmShipment: what is taken, what is refused, what shows afterwards."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.operations.scene import body_for, confirm, packages, place

from ..caller import CA, sign_in


def test_confirmed_package_shows_shortly_after(emulator: Emulator) -> None:
    order, caller = place(emulator), sign_in(emulator)
    emulator.state.switches.package_seconds = 60
    reply = confirm(caller, order, body_for(order, 2))
    assert (reply.status, reply.text) == (204, "")
    assert packages(caller, order) == []
    emulator.advance(61)
    assert packages(caller, order)[0]["trackingNumber"] == "1Z0000000000000000"
    assert order.status == "SHIPPED"


def test_part_of_an_order_may_go_first(emulator: Emulator) -> None:
    order, caller = place(emulator, 3), sign_in(emulator)
    confirm(caller, order, body_for(order, 1))
    emulator.advance(1)
    assert (order.status, order.items[0].shipped) == ("PARTIALLY_SHIPPED", 1)
    confirm(caller, order, body_for(order, 2, packageReferenceId="2"))
    emulator.advance(1)
    assert (order.status, order.items[0].shipped) == ("SHIPPED", 3)


def test_same_reference_edits_the_package(emulator: Emulator) -> None:
    order, caller = place(emulator, 3), sign_in(emulator)
    confirm(caller, order, body_for(order, 3))
    emulator.advance(1)
    confirm(caller, order, body_for(order, 3, trackingNumber="NEW"))
    emulator.advance(1)
    shown = packages(caller, order)
    assert [row["trackingNumber"] for row in shown] == ["NEW"]
    assert order.items[0].shipped == 3


def test_shipped_order_takes_no_further_package(emulator: Emulator) -> None:
    order, caller = place(emulator), sign_in(emulator)
    confirm(caller, order, body_for(order, 2))
    emulator.advance(1)
    reply = confirm(caller, order, body_for(order, 1, packageReferenceId="2"))
    assert reply.status == 400
    assert "already fulfilled" in reply.error["message"]
    assert reply.error["details"] == "errorMetric=PackageToUpdateNotFound"


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"packageReferenceId": 1}, "Invalid type"),
        ({"packageReferenceId": "box"}, "must be a positive numeric value"),
        ({"packageReferenceId": "0"}, "must be a positive numeric value"),
        ({"packageReferenceId": None}, "packageReferenceId"),
        ({"carrierCode": ""}, "carrierCode"),
        ({"carrierCode": "Other"}, "carrierName"),
        ({"trackingNumber": None}, "trackingNumber"),
        ({"shipDate": "02/21/2022"}, "shipDate"),
        ({"shipDate": "2001-01-01T00:00:00Z"}, "before the order"),
        ({"shipDate": "2999-01-01T00:00:00Z"}, "future"),
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [{"orderItemId": "1", "quantity": 1}]}, "not part"),
        ({"orderItems": [{"orderItemId": "1", "quantity": "1"}]}, "Invalid type"),
    ],
)
def test_bad_field_is_refused(
    emulator: Emulator, over: dict[str, object], said: str
) -> None:
    order = place(emulator)
    reply = confirm(sign_in(emulator), order, body_for(order, 1, **over))
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert said in reply.error["message"]
    assert order.packages == []


def test_more_than_was_ordered_is_refused(emulator: Emulator) -> None:
    order = place(emulator)
    assert confirm(sign_in(emulator), order, body_for(order, 3)).status == 400


def test_another_marketplace_is_refused(emulator: Emulator) -> None:
    order = place(emulator, marketplace_id="ATVPDKIKX0DER")
    body = body_for(order, 1) | {"marketplaceId": CA}
    assert confirm(sign_in(emulator), order, body).status == 400


def test_amazons_own_order_is_refused(emulator: Emulator) -> None:
    order = place(emulator, fulfilled_by="AMAZON")
    assert confirm(sign_in(emulator), order, body_for(order, 1)).status == 400


def test_pending_and_cancelled_orders_are_refused(emulator: Emulator) -> None:
    pending = place(emulator, status="PENDING")
    cancelled = place(emulator)
    emulator.control("cancel", order_id=cancelled.order_id, kind="merchant")
    caller = sign_in(emulator)
    assert confirm(caller, pending, body_for(pending, 1)).status == 400
    assert confirm(caller, cancelled, body_for(cancelled, 1)).status == 400


def test_probe_with_a_made_up_order_tells_the_role(emulator: Emulator) -> None:
    path = "/orders/v0/orders/000-0000000-0000000/shipmentConfirmation"
    body = {
        "marketplaceId": CA,
        "packageDetail": {"packageReferenceId": "probe", "orderItems": []},
    }
    assert sign_in(emulator).send("POST", path, body=body).status == 400
    emulator.control(
        "roles",
        remove=["Direct-to-Consumer Shipping", "Inventory and Order Tracking"],
    )
    assert sign_in(emulator).send("POST", path, body=body).status == 403
