"""Orders API v0, confirmShipment: telling Amazon that a package left; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels_amazon.spapi import operations
from channels_amazon.spapi.client import SpApiClient


@dataclass(frozen=True, slots=True)
class ShippedItem:
    """Units of one order line in the package."""

    order_item_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PackageDetail:
    """One package of an order.

    `package_number` is positive; the same number again edits that package.
    `carrier_name` goes with the carrier code Other. `ship_date` is aware.
    """

    marketplace_id: str
    package_number: int
    carrier_code: str
    tracking_number: str
    ship_date: datetime
    items: Sequence[ShippedItem]
    carrier_name: str = ""
    shipping_method: str = ""
    cod_collection_method: str = ""


def confirm_shipment(
    client: SpApiClient, order_id: str, package: PackageDetail
) -> None:
    """Confirm one package; Amazon shows it in the order a little later.

    Raises InvalidRequest when Amazon refuses the package, as it does for an order
    already shipped. Model: ordersV0.json.
    """
    body: dict[str, Any] = {
        "marketplaceId": package.marketplace_id,
        "packageDetail": _package(package),
    }
    if package.cod_collection_method:
        body["codCollectionMethod"] = package.cod_collection_method
    client.call(
        operations.CONFIRM_SHIPMENT,
        path={"orderId": order_id},
        body=body,
        marketplace_id=package.marketplace_id,
    )


def probe_confirm_shipment(
    client: SpApiClient, order_id: str, marketplace_id: str
) -> None:
    """Ask with a package number that Amazon never accepts, so that nothing changes.

    Raises AccessDenied without the role, InvalidRequest or NotFound with it.
    """
    body = {
        "marketplaceId": marketplace_id,
        "packageDetail": {
            "packageReferenceId": "probe",
            "carrierCode": "Other",
            "carrierName": "probe",
            "trackingNumber": "probe",
            "shipDate": "2000-01-01T00:00:00Z",
            "orderItems": [{"orderItemId": "0", "quantity": 1}],
        },
    }
    client.call(
        operations.CONFIRM_SHIPMENT,
        path={"orderId": order_id},
        body=body,
        marketplace_id=marketplace_id,
    )


def _package(detail: PackageDetail) -> dict[str, Any]:
    shipped = detail.ship_date.astimezone(UTC)
    package: dict[str, Any] = {
        # Amazon wants a string that holds a positive number, and refuses a JSON number.
        "packageReferenceId": str(detail.package_number),
        "carrierCode": detail.carrier_code,
        "trackingNumber": detail.tracking_number,
        # With milliseconds: cut to the second, a package packed at once would be dated
        # before its order, which Amazon refuses.
        "shipDate": shipped.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "orderItems": [
            {"orderItemId": item.order_item_id, "quantity": item.quantity}
            for item in detail.items
        ],
    }
    if detail.carrier_name:
        package["carrierName"] = detail.carrier_name
    if detail.shipping_method:
        package["shippingMethod"] = detail.shipping_method
    return package
