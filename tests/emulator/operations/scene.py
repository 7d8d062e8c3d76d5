"""Parcels confirmed at the local Amazon, and reports asked of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from channels_amazon.emulator.model.clock import iso
from channels_amazon.emulator.model.entities import EmulatedOrder
from channels_amazon.emulator.server import Emulator

from ..caller import US, Caller, Reply

BY_UPDATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
REPORTS = "/reports/2021-06-30/reports"


def ask(caller: Caller, *, days: float = 29, **over: Any) -> Reply:
    """Ask for a report of the last days, up to this very moment."""
    now = caller.emulator.state.now()
    body = {
        "reportType": BY_UPDATE,
        "marketplaceIds": [US],
        "dataStartTime": iso(now - timedelta(days=days)),
    }
    return caller.send("POST", REPORTS, body=body | over)


def made(caller: Caller, **over: Any) -> Any:
    """Let a report be made at once and return it as getReport shows it."""
    caller.emulator.control("reports", seconds=0)
    report_id = ask(caller, **over).json["reportId"]
    # One look starts it, the next finds its end.
    caller.emulator.flush()
    caller.emulator.flush()
    return caller.get(f"{REPORTS}/{report_id}").json


def place(emulator: Emulator, quantity: int = 2, **over: Any) -> EmulatedOrder:
    wish: dict[str, Any] = {"fulfilled_by": "MERCHANT", "quantity": quantity}
    (order_id,) = emulator.place_orders(1, **(wish | over))
    emulator.advance(60)
    return emulator.state.orders[order_id]


def body_for(order: EmulatedOrder, quantity: int, **over: object) -> dict[str, Any]:
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "UPS",
        "trackingNumber": "1Z0000000000000000",
        "shipDate": iso(order.created_at + timedelta(seconds=30)),
        "orderItems": [
            {"orderItemId": order.items[0].order_item_id, "quantity": quantity}
        ],
    }
    return {"marketplaceId": order.marketplace_id, "packageDetail": detail | over}


def confirm(caller: Caller, order: EmulatedOrder, body: dict[str, Any]) -> Reply:
    path = f"/orders/v0/orders/{order.order_id}/shipmentConfirmation"
    return caller.send("POST", path, body=body)


def packages(caller: Caller, order: EmulatedOrder) -> list[dict[str, Any]]:
    reply = caller.get(
        f"/orders/2026-01-01/orders/{order.order_id}", includedData="PACKAGES"
    )
    found: list[dict[str, Any]] = reply.json["order"].get("packages", [])
    return found
