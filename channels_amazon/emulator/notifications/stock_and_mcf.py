"""Notifications of FBA stock and of multi-channel fulfilment; emulator."""

from __future__ import annotations

from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedFbaStock, EmulatedListing
from ..model.mcf_orders import McfOrder, McfShipment
from ..model.places import PLACES
from ..model.state import World
from .publishing import publish

Json = dict[str, Any]

STOCK_CHANGE = "FBA_INVENTORY_AVAILABILITY_CHANGES"
OUTBOUND_CHANGE = "FULFILLMENT_ORDER_STATUS"
# The schema requires this part in every event, also where nothing was returned.
NO_RETURN = {"ReceivedDateTime": "", "ReturnedQuantity": 0, "SellerSKU": ""}


def publish_stock_change(world: World, stock: EmulatedFbaStock) -> int:
    """Publish that FBA units of a SKU changed, in every marketplace of the pool."""
    stock.updated_at = world.now()
    listing = world.listings.get((stock.seller_id, stock.sku))
    if listing is None:
        return 0
    return publish(
        world, stock.seller_id, STOCK_CHANGE, lambda: _stock_payload(listing, stock)
    )


def publish_mcf_change(
    world: World, order: McfOrder, shipment: McfShipment | None = None
) -> int:
    """Publish the status of an MCF order, or of one of its shipments."""
    return publish(
        world,
        order.seller_id,
        OUTBOUND_CHANGE,
        lambda: _outbound_payload(order, shipment),
    )


def _stock_payload(listing: EmulatedListing, stock: EmulatedFbaStock) -> Json:
    return {
        "SellerId": stock.seller_id,
        "FNSKU": listing.fnsku or "",
        "ASIN": listing.asin,
        "SKU": stock.sku,
        "FulfillmentInventoryByMarketplace": [
            _at_marketplace(listing, stock, marketplace_id)
            for marketplace_id in listing.offers
            if PLACES[marketplace_id].fba_pool == stock.pool
        ],
    }


def _outbound_payload(order: McfOrder, shipment: McfShipment | None) -> Json:
    content = {
        "SellerId": order.seller_id,
        "EventType": "Shipment" if shipment else "Order",
        "StatusUpdatedDateTime": iso(order.updated_at),
        "SellerFulfillmentOrderId": order.order_id,
        "FulfillmentOrderStatus": order.status,
        "FulfillmentShipment": _shipment(shipment),
        "FulfillmentReturnItem": NO_RETURN,
    }
    return {"FulfillmentOrderStatusNotification": content}


def _at_marketplace(
    listing: EmulatedListing, stock: EmulatedFbaStock, marketplace_id: str
) -> Json:
    return {
        "MarketplaceId": marketplace_id,
        "ItemName": listing.offers[marketplace_id].title,
        "FulfillmentInventory": {
            "InboundQuantityBreakdown": {
                "Working": stock.inbound_working,
                "Shipped": stock.inbound_shipped,
                "Receiving": stock.inbound_receiving,
            },
            "Fulfillable": stock.fulfillable,
            "Unfulfillable": stock.unfulfillable,
            "Researching": stock.researching,
            "ReservedQuantityBreakdown": {
                "WarehouseProcessing": stock.fc_processing,
                "WarehouseTransfer": stock.pending_transshipment,
                "PendingCustomerOrder": stock.pending_customer_orders,
            },
            "FutureSupplyBuyable": 0,
            "PendingCustomerOrderInTransit": 0,
        },
        "Stores": [],
    }


def _shipment(shipment: McfShipment | None) -> Json:
    """Return the part on a shipment; the schema wants it even where there is none."""
    packages = [
        {
            "PackageNumber": package.number,
            "CarrierCode": package.carrier,
            "TrackingNumber": package.tracking_number,
        }
        for package in (shipment.packages if shipment else [])
    ]
    return {
        "FulfillmentShipmentStatus": shipment.status if shipment else "",
        "AmazonShipmentId": shipment.shipment_id if shipment else "",
        "EstimatedArrivalDateTime": iso(shipment.arrives_at) if shipment else "",
        "FulfillmentShipmentPackages": packages,
        # The schema requires `info` without describing it; its example repeats a
        # package.
        "info": packages[0] if packages else {},
    }
