"""The state of the emulated Amazon as JSON, for tools and tests; emulator."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .clock import iso
from .entities import (
    EmulatedFbaStock,
    EmulatedListing,
    EmulatedOrder,
    EmulatedPackage,
    EmulatedReport,
    Seller,
)
from .feeds import EmulatedFeed
from .mcf_orders import McfOrder
from .state import World

Json = dict[str, Any]


def dump(world: World, region: str = "") -> Json:
    """Return what Amazon knows, of one region or of all; no tokens or secrets."""
    with world.lock:
        sellers = {
            seller.seller_id: seller
            for seller in world.sellers.values()
            if region in ("", seller.region)
        }
        orders = [
            order for order in world.orders.values() if order.seller_id in sellers
        ]
        return {
            "world": world.name,
            "seed": world.seed,
            "now": iso(world.now()),
            "speed": world.clock.speed,
            "application": _application(world),
            "sellers": [_seller(world, seller) for seller in sellers.values()],
            "orders": [_order(order, sellers[order.seller_id]) for order in orders],
            "packages": [
                _package(package) | {"order_id": order.order_id}
                for order in orders
                for package in order.packages
            ],
            **_holdings(world, sellers),
            "calls": {
                operation: asdict(count) for operation, count in world.calls.items()
            },
            "buckets": bucket_counts(world),
            "destinations": [asdict(each) for each in world.destinations.values()],
            "subscriptions": [asdict(each) for each in world.subscriptions.values()],
            "faults": [asdict(rule) for rule in world.faults.rules],
            "switches": asdict(world.switches),
        }


def _holdings(world: World, sellers: dict[str, Seller]) -> Json:
    """Return what these sellers have at Amazon beside their orders."""
    return {
        "listings": [
            _listing(listing)
            for listing in world.listings.values()
            if listing.seller_id in sellers
        ],
        "fba": [
            _stock(stock) for stock in world.fba.values() if stock.seller_id in sellers
        ],
        "reports": [
            _report(report)
            for report in world.reports.values()
            if report.seller_id in sellers
        ],
        "feeds": [
            _feed(feed) for feed in world.feeds.values() if feed.seller_id in sellers
        ],
        "outbound": [
            _outbound(order)
            for order in world.mcf_orders.values()
            if order.seller_id in sellers
        ],
    }


def recent_requests(world: World, count: int = 200) -> Json:
    """Return the newest requests, oldest first, as they were answered."""
    with world.lock:
        newest = list(world.requests)[-count:]
        return {
            "requests": [asdict(record) | {"at": iso(record.at)} for record in newest]
        }


def bucket_counts(world: World) -> Json:
    """Return what each bucket in use gave and might have given since the mark."""
    marked_at = world.buckets.marked_at
    counts = [
        {
            "operation": key.operation,
            "seller_id": key.seller_id,
            "region": key.region,
            "rate": bucket.rate,
            "burst": bucket.burst,
            "tokens": round(bucket.tokens, 6),
            "granted": bucket.granted,
            "refused": bucket.refused,
            "offered": round(bucket.offered, 6),
        }
        for key, bucket in world.buckets.refilled(world.now())
    ]
    return {"marked_at": marked_at and iso(marked_at), "buckets": counts}


def _application(world: World) -> Json:
    application = world.application
    return {
        "application_id": application.application_id,
        "client_id": application.client_id,
        "name": application.name,
        "roles": sorted(application.roles),
        "redirect_uris": application.redirect_uris,
        "login_uri": application.login_uri,
        "draft": application.is_draft,
        "listed": application.is_listed,
        "secrets": len(application.secrets),
    }


def _seller(world: World, seller: Seller) -> Json:
    grants = [
        grant
        for grant in world.authorizations.values()
        if grant.seller_id == seller.seller_id
    ]
    return {
        "seller_id": seller.seller_id,
        "region": seller.region,
        "store_name": seller.store_name,
        "marketplace_ids": seller.marketplace_ids,
        "suspended": sorted(seller.suspended),
        "not_participating": sorted(seller.not_participating),
        "authorizations": len([grant for grant in grants if not grant.revoked]),
        "revoked": len([grant for grant in grants if grant.revoked]),
    }


def _order(order: EmulatedOrder, seller: Seller) -> Json:
    """Return an order without its buyer."""
    return {
        "order_id": order.order_id,
        "seller_id": order.seller_id,
        "region": seller.region,
        "marketplace_id": order.marketplace_id,
        "status": order.status,
        "fulfilled_by": order.fulfilled_by,
        "channel": order.channel_name,
        "replacement_of": order.replacement_of,
        "currency": order.currency,
        "created_at": iso(order.created_at),
        "updated_at": iso(order.updated_at),
        "items": [
            {
                "order_item_id": item.order_item_id,
                "sku": item.sku,
                "quantity": item.quantity,
                "shipped": item.shipped,
                "cancelled": item.cancelled,
                "unit_price": str(item.unit_price),
                "cancel_reason": item.cancel_reason,
                "cancelled_by": item.cancelled_by,
            }
            for item in order.items
        ],
        "packages": [_package(package) for package in order.packages],
    }


def _package(package: EmulatedPackage) -> Json:
    return {
        "package_reference_id": package.reference_id,
        "carrier": package.carrier,
        "shipping_service": package.shipping_service,
        "tracking_number": package.tracking_number,
        "status": package.status,
        "ship_time": iso(package.ship_time),
        "created_at": iso(package.created_at),
        "items": package.items,
    }


def _report(report: EmulatedReport) -> Json:
    return asdict(report) | {
        name: moment and iso(moment)
        for name, moment in (
            ("created_at", report.created_at),
            ("data_start", report.data_start),
            ("data_end", report.data_end),
            ("started_at", report.started_at),
            ("ended_at", report.ended_at),
        )
    }


def _feed(feed: EmulatedFeed) -> Json:
    return asdict(feed) | {
        name: moment and iso(moment)
        for name, moment in (
            ("created_at", feed.created_at),
            ("due_at", feed.due_at),
            ("started_at", feed.started_at),
            ("ended_at", feed.ended_at),
        )
    }


def _outbound(order: McfOrder) -> Json:
    """Return an MCF order without its address."""
    return {
        "order_id": order.order_id,
        "amazon_order_id": order.amazon_order_id,
        "seller_id": order.seller_id,
        "marketplace_id": order.marketplace_id,
        "status": order.status,
        "action": order.action,
        "speed": order.speed,
        "created_at": iso(order.created_at),
        "updated_at": iso(order.updated_at),
        "items": [
            {
                "item_id": item.item_id,
                "sku": item.sku,
                "quantity": item.quantity,
                "reserved": item.reserved,
                "shipped": item.shipped,
                "cancelled": item.cancelled,
                "unfulfillable": item.unfulfillable,
            }
            for item in order.items
        ],
        "packages": [
            {
                "number": package.number,
                "carrier": package.carrier,
                "tracking_number": package.tracking_number,
                "shipped_at": iso(package.shipped_at),
                "delivered_at": package.delivered_at and iso(package.delivered_at),
            }
            for shipment in order.shipments
            for package in shipment.packages
        ],
    }


def _listing(listing: EmulatedListing) -> Json:
    return {
        "seller_id": listing.seller_id,
        "sku": listing.sku,
        "asin": listing.asin,
        "quantity": listing.quantity,
        "handling_days": listing.handling_days,
        "is_fba": listing.is_fba,
        "updated_at": iso(listing.updated_at),
        "offers": {
            marketplace_id: {
                "price": None if offer.price is None else str(offer.price),
                "currency": offer.currency,
                "status": offer.status,
                "issues": len(offer.issues),
            }
            for marketplace_id, offer in listing.offers.items()
        },
    }


def _stock(stock: EmulatedFbaStock) -> Json:
    return asdict(stock) | {
        "updated_at": iso(stock.updated_at),
        "reserved": stock.reserved,
        "inbound": stock.inbound,
        "unfulfillable": stock.unfulfillable,
        "total": stock.total,
    }
