"""Any process of the worker and the consumer may be killed at any moment."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.whole.databases import empty_database
from tests.whole.installation import Installation, kill, wait_for

pytestmark = pytest.mark.chaos

HEALED_WITHIN = 30
ORDERS = 40


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Installation]:
    """Run a copy of the project on a database of its own."""
    with empty_database() as database_url:
        installation = Installation(tmp_path, database_url)
        try:
            installation.start()
            yield installation
        finally:
            installation.stop()


def test_kills_lose_nothing_and_double_nothing(product: Installation) -> None:
    # Repeatable by its seed; nothing secret comes from it.
    chance = random.Random(int(os.environ.get("CHAOS_SEED", "1")))  # noqa: S311
    product.connect("na")
    # In the middle of the first pull, each kind of process once.
    for part in ("worker", "cluster", "consume_notifications"):
        healed = _kill_and_heal(product, part, chance)
        assert healed < HEALED_WITHIN
    wait_for(lambda: _first_pull_done(product), 180, product.written)
    known = _orders_at_amazon(product)
    assert set(_order_ids(product)) >= known

    placed: list[str] = []
    for part in ("cluster", "consume_notifications", "worker", "cluster"):
        answer = product.control(
            "orders", n=ORDERS // 4, region="na", fulfilled_by="MERCHANT"
        )
        placed += answer["order_ids"]
        assert _kill_and_heal(product, part, chance) < HEALED_WITHIN
    wait_for(lambda: set(placed) <= _complete(product), 240, product.written)

    assert max(Counter(_order_ids(product)).values()) == 1
    assert _levels(product) == _ledger(product)
    assert _held(product) == _owed(product)
    wait_for(lambda: _differences(product) == [], 90, product.written)


def _kill_and_heal(product: Installation, part: str, chance: random.Random) -> float:
    """Kill a process of that part; return the seconds until it works again."""
    kind = "consumer" if part == "consume_notifications" else "queue"
    wait_for(lambda: _victims(product, part), 60, product.written)
    before = product.moment()
    kill(chance.choice(_victims(product, part)))
    return wait_for(lambda: _beat_after(product, kind, before), 60, product.written)


def _victims(product: Installation, part: str) -> list[int]:
    """Return the processes of a part: busy, idle, parent and child alike."""
    found = product.processes().items()
    if part == "cluster":
        return [pid for pid, line in found if "--cluster" in line]
    return [
        pid
        for pid, line in found
        if f"manage.py {part}" in line
        and "--cluster" not in line
        # The stand-in for systemd, which nothing stands in for.
        and "dev.keep" not in line
    ]


def _beat_after(product: Installation, kind: str, moment: str) -> bool:
    """Tell whether the part has beaten since a second after the kill."""
    beats = product.rows(
        "SELECT COUNT(*) FROM channels_amazon_heartbeat "  # noqa: S608
        f"WHERE kind = '{kind}' AND beat_at > '{moment}'"
    )
    return bool(beats[0][0])


def _first_pull_done(product: Installation) -> bool:
    waiting = product.rows(
        "SELECT COUNT(*) FROM channels_amazon_syncjob WHERE first_done_at IS NULL"
    )
    return int(waiting[0][0]) == 0


def _orders_at_amazon(product: Installation) -> set[str]:
    """Return the seller's orders of the last 29 days, by the local Amazon's dump."""
    since = (datetime.now(UTC) - timedelta(days=29)).isoformat()
    return {
        order["order_id"]
        for order in product.control("state")["orders"]
        if order["region"] == "na" and order["created_at"] > since
    }


def _order_ids(product: Installation) -> list[str]:
    rows = product.rows("SELECT amazon_order_id FROM channels_amazon_order")
    return [str(row[0]) for row in rows]


def _complete(product: Installation) -> set[str]:
    rows = product.rows(
        "SELECT amazon_order_id FROM channels_amazon_order "
        "WHERE completed_at IS NOT NULL AND stale_since IS NULL"
    )
    return {str(row[0]) for row in rows}


def _levels(product: Installation) -> list[tuple[Any, ...]]:
    return product.rows(
        "SELECT variant_id, warehouse_id, on_hand, reserved "
        "FROM channels_amazon_stocklevel ORDER BY variant_id, warehouse_id"
    )


def _ledger(product: Installation) -> list[tuple[Any, ...]]:
    return product.rows(
        "SELECT variant_id, warehouse_id, SUM(on_hand_delta), SUM(reserved_delta) "
        "FROM channels_amazon_stockmovement "
        "GROUP BY variant_id, warehouse_id ORDER BY variant_id, warehouse_id"
    )


def _held(product: Installation) -> list[tuple[Any, ...]]:
    return product.rows(
        "SELECT r.line_id, r.quantity FROM channels_amazon_reservation r "
        "WHERE r.quantity > 0 ORDER BY r.line_id"
    )


def _owed(product: Installation) -> list[tuple[Any, ...]]:
    """Return the open units of matched lines, by the orders alone."""
    return product.rows(
        "SELECT l.id, l.quantity - l.quantity_shipped FROM channels_amazon_orderline l "
        "JOIN channels_amazon_order o ON o.id = l.order_id "
        "WHERE o.fulfilled_by = 'merchant' AND l.variant_id IS NOT NULL "
        "AND o.channel_name <> 'NON_AMAZON' "
        "AND o.status IN ('pending', 'unshipped', 'partially_shipped') "
        "AND l.quantity > l.quantity_shipped ORDER BY l.id"
    )


def _differences(product: Installation) -> list[tuple[Any, ...]]:
    """Return the listings whose quantity at Amazon is not the one we want there."""
    wanted = product.rows(
        "SELECT seller_sku, desired_quantity FROM channels_amazon_listing "
        "WHERE desired_quantity IS NOT NULL"
    )
    there = {
        listing["sku"]: listing["quantity"]
        for listing in product.control("state?region=na")["listings"]
    }
    return [(sku, want, there.get(sku)) for sku, want in wanted if there[sku] != want]
