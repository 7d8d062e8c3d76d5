"""What a running copy's database says, and what should be there, for whole tests."""

from __future__ import annotations

from typing import Any

from tests.whole.installation import Installation

Rows = list[tuple[Any, ...]]


def has_pulled(product: Installation) -> bool:
    """Tell whether every job has done its first pass."""
    waiting = product.rows(
        "SELECT COUNT(*) FROM channels_amazon_syncjob WHERE first_done_at IS NULL"
    )
    return int(waiting[0][0]) == 0


def order_ids(product: Installation) -> list[str]:
    """Return Amazon's id of every order row, one that is there twice twice."""
    rows = product.rows("SELECT amazon_order_id FROM channels_amazon_order")
    return [str(row[0]) for row in rows]


def beat_after(product: Installation, kind: str, moment: str) -> bool:
    """Tell whether the part (queue, consumer) has shown life since the moment."""
    beats = product.rows(
        "SELECT COUNT(*) FROM channels_amazon_heartbeat "  # noqa: S608
        f"WHERE kind = '{kind}' AND beat_at > '{moment}'"
    )
    return bool(beats[0][0])


def levels(product: Installation) -> Rows:
    """Return variant, warehouse, units on hand and reserved, as the levels say."""
    return product.rows(
        "SELECT variant_id, warehouse_id, on_hand, reserved "
        "FROM channels_amazon_stocklevel ORDER BY variant_id, warehouse_id"
    )


def ledger(product: Installation) -> Rows:
    """Return the same as `levels`, as the movements add up."""
    return product.rows(
        "SELECT variant_id, warehouse_id, SUM(on_hand_delta), SUM(reserved_delta) "
        "FROM channels_amazon_stockmovement "
        "GROUP BY variant_id, warehouse_id ORDER BY variant_id, warehouse_id"
    )


def reserved(product: Installation) -> Rows:
    """Return variant, warehouse and reserved units, where there are any."""
    return product.rows(
        "SELECT variant_id, warehouse_id, reserved FROM channels_amazon_stocklevel "
        "WHERE reserved <> 0 ORDER BY variant_id, warehouse_id"
    )


def reservations(product: Installation) -> Rows:
    """Return the same as `reserved`, as the reservations add up."""
    return product.rows(
        "SELECT variant_id, warehouse_id, SUM(quantity) "
        "FROM channels_amazon_reservation WHERE quantity > 0 "
        "GROUP BY variant_id, warehouse_id ORDER BY variant_id, warehouse_id"
    )


def held(product: Installation) -> Rows:
    """Return line and units of every reservation that holds some."""
    return product.rows(
        "SELECT line_id, quantity FROM channels_amazon_reservation "
        "WHERE quantity > 0 ORDER BY line_id"
    )


def owed(product: Installation) -> Rows:
    """Return line and open units of the merchant's matched lines, by the orders."""
    return product.rows(
        "SELECT l.id, l.quantity - l.quantity_shipped FROM channels_amazon_orderline l "
        "JOIN channels_amazon_order o ON o.id = l.order_id "
        "WHERE o.fulfilled_by = 'merchant' AND l.variant_id IS NOT NULL "
        "AND o.channel_name <> 'NON_AMAZON' "
        "AND o.status IN ('pending', 'unshipped', 'partially_shipped') "
        "AND l.quantity > l.quantity_shipped ORDER BY l.id"
    )


def on_hand(product: Installation) -> dict[int, int]:
    """Return the units on hand of each variant."""
    rows = product.rows(
        "SELECT variant_id, SUM(on_hand) FROM channels_amazon_stocklevel "
        "GROUP BY variant_id"
    )
    return {int(variant): int(units) for variant, units in rows}


def wrong_quantities(product: Installation, state: Any) -> Rows:
    """Return the listings whose quantity at Amazon is not the one we want there."""
    wanted = product.rows(
        "SELECT seller_sku, desired_quantity FROM channels_amazon_listing "
        "WHERE desired_quantity IS NOT NULL"
    )
    there = {listing["sku"]: listing["quantity"] for listing in state["listings"]}
    return [(sku, want, there.get(sku)) for sku, want in wanted if there[sku] != want]


def held_up(product: Installation) -> list[str]:
    """Return what stands still: lost leases, blocked jobs, what is set aside."""
    queries = {
        "lease past its time": "SELECT kind FROM channels_amazon_syncjob "  # noqa: S608
        f"WHERE lease_until < '{product.moment()}'",
        "blocked": "SELECT kind, blocked_code FROM channels_amazon_syncjob "
        "WHERE blocked_code <> ''",
        "set aside": "SELECT amazon_order_id, quarantine_code "
        "FROM channels_amazon_order WHERE quarantine_code <> ''",
        "quarantined": "SELECT amazon_order_id, code, message "
        "FROM channels_amazon_notification WHERE state = 'quarantined'",
        "package": "SELECT state, tracking_number, error_code "
        "FROM channels_amazon_shipment WHERE state <> 'verified'",
    }
    return [
        f"{title}: {row}"
        for title, query in queries.items()
        for row in product.rows(query)
    ]
