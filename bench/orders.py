"""How soon an order is reserved and complete, in the whole running product."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.measure import Measure, at_most, percentile
from tests.whole.installation import Installation, wait_for

# Each raises two events, and a fetch each: within getOrder's burst of 30, so that our
# own time is measured and not Amazon's quota.
ORDERS = 13


def run() -> list[Measure]:
    """Connect, place orders one by one, and read their stamps from the database."""
    with tempfile.TemporaryDirectory() as folder:
        product = Installation(Path(folder))
        try:
            product.start()
            return _measure(product)
        finally:
            product.stop()


def _measure(product: Installation) -> list[Measure]:
    product.connect("na")
    for _ in range(ORDERS):
        done = _complete(product)
        product.control("orders", n=1, region="na", fulfilled_by="MERCHANT")
        wait_for(lambda before=done: _complete(product) > before, 60, product.written)
    stamps = product.rows(
        "SELECT event_seen_at, reserved_at, completed_at FROM channels_amazon_order "
        "WHERE event_seen_at IS NOT NULL AND completed_at IS NOT NULL"
    )
    reserved = [_seconds(row[0], row[1]) for row in stamps if row[1]]
    complete = [_seconds(row[0], row[2]) for row in stamps]
    return [
        at_most("orders.event_to_reserved_p99", percentile(reserved, 0.99), "s", 3),
        at_most("orders.event_to_complete_p50", percentile(complete, 0.5), "s", 1),
        at_most("orders.event_to_complete_p99", percentile(complete, 0.99), "s", 5),
    ]


def _complete(product: Installation) -> int:
    counted = product.rows(
        "SELECT COUNT(*) FROM channels_amazon_order "
        "WHERE event_seen_at IS NOT NULL AND completed_at IS NOT NULL"
    )
    return int(counted[0][0])


def _seconds(early: Any, late: Any) -> float:
    return (_time(late) - _time(early)).total_seconds()


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
