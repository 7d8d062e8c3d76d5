"""Whether forty-nine accounts notice a fiftieth that has no quota."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.farm import Farm
from bench.measure import Measure, at_most, percentile
from bench.order_load import ACCOUNTS, buy
from bench.order_stamps import Way

RATE = 5.0
SECONDS = 60.0
# What waits at the throttled account once it sold like the others for an hour.
BACKLOG = round(3600 * RATE / (ACCOUNTS - 1))


def run(database_url: str = "") -> list[Measure]:
    """Sell at forty-nine accounts, without and with a fiftieth that is throttled."""
    with tempfile.TemporaryDirectory() as folder:
        with Farm(Path(folder), ACCOUNTS, database_url) as farm:
            throttled, *others = farm.seller_ids
            free = buy(farm, others, RATE, SECONDS)
            _throttle(farm, throttled)
            beside = buy(farm, others, RATE, SECONDS)
    _print(free, beside)
    return [
        at_most("orders.throttled.pushed_p99_ratio", _ratio(beside, free, 0), "x", 1.1),
        at_most(
            "orders.throttled.complete_p99_ratio", _ratio(beside, free, 1), "x", 1.1
        ),
    ]


def _throttle(farm: Farm, seller_id: str) -> None:
    """Take the account's quota away and give it something to wait with."""
    farm.control("limits", operation="*", rate=1 / 3600, burst=1, seller_id=seller_id)
    farm.control("orders", n=BACKLOG, seller_id=seller_id, fulfilled_by="MERCHANT")
    # What is measured is the end of an hour without quota, not how it began.
    farm.wait(lambda: _told(farm, seller_id) >= BACKLOG)


def _told(farm: Farm, seller_id: str) -> int:
    """Return of how many of the account's orders the last event was taken in."""
    rows = farm.rows(
        "SELECT a.seller_id, COUNT(*) FROM channels_amazon_order o "
        "JOIN channels_amazon_amazonaccount a ON a.id = o.account_id "
        "WHERE o.status = 'unshipped' AND o.event_seen_at IS NOT NULL "
        "GROUP BY a.seller_id"
    )
    return int(dict(rows).get(seller_id, 0))


def _print(free: list[Way], beside: list[Way]) -> None:
    for title, ways in (("alone", free), ("beside the throttled one", beside)):
        print(f"{title}: pushed p99 {_slowest(ways, 0):.3f} s, ", end="")
        print(f"complete p99 {_slowest(ways, 1):.3f} s")


def _ratio(beside: list[Way], free: list[Way], figure: int) -> float:
    return _slowest(beside, figure) / _slowest(free, figure)


def _slowest(ways: list[Way], figure: int) -> float:
    never = float("inf")
    values = [(way.pushed, way.complete)[figure] for way in ways]
    return percentile([never if v is None else v for v in values], 0.99)
