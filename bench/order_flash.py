"""A flash sale at one account: how near to what Amazon's quota allows at all."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.farm import Farm
from bench.measure import Measure, at_most, percentile
from bench.oracle import AmazonLimits, Arrival, Supply, makespan
from bench.order_stamps import moment, ways

PATIENCE = 3600.0
# Amazon's default usage plans.
GET = Supply(30, ((0.0, 0.5),))
SEARCH = Supply(20, ((0.0, 0.0056),))


@dataclass(frozen=True)
class FlashSale:
    """So many orders in so many seconds, of which Amazon ships a share.

    With `with_pages` the sweep reads its pages while the events come.
    """

    name: str
    orders: int
    amazon_share: float
    seconds: float = 60.0
    with_pages: bool = False


SALES = (
    FlashSale("flash_2000", 2000, 0.0),
    FlashSale("flash_5000", 5000, 0.6),
    FlashSale("storm_200", 200, 0.0, seconds=5.0, with_pages=True),
)


def run(database_url: str = "") -> list[Measure]:
    """Hold each sale at an account of its own and compare with the oracle."""
    measures = []
    for sale in SALES:
        with tempfile.TemporaryDirectory() as folder:
            with Farm(Path(folder), 1, database_url) as farm:
                measures += _hold(farm, sale)
    return measures


def _hold(farm: Farm, sale: FlashSale) -> list[Measure]:
    placed = farm.control(
        "orders",
        n=sale.orders,
        seller_id=farm.seller_ids[0],
        over_seconds=sale.seconds,
        amazon_share=sale.amazon_share,
    )["order_ids"]
    if sale.with_pages:
        farm.sync(farm.seller_ids[0], "order_sweep")
    wanted = set(placed)
    took = farm.wait(lambda: _complete(farm, wanted) == len(wanted), PATIENCE)
    arrivals, began = _arrivals(farm, wanted)
    done = [
        (at - began).total_seconds() for at in _completed(farm, wanted).values() if at
    ]
    report_takes = _report_took(farm)
    possible = makespan(arrivals, AmazonLimits(GET, SEARCH, report_takes=report_takes))
    print(
        f"{sale.name}: complete after {max(done):.1f} s, possible {possible:.1f} s, "
        f"waited {took:.0f} s; calls {_calls(farm)}"
    )
    pushed = [way.pushed for way in ways(farm, wanted).values() if way.reserved]
    late = [float("inf") if at is None else at for at in pushed]
    name = f"orders.{sale.name}"
    return [
        at_most(f"{name}.makespan_ratio", max(done) / possible, "x", 1.1),
        at_most(f"{name}.pushed_p99", percentile(late, 0.99), "s", 3),
    ]


def _complete(farm: Farm, wanted: set[str]) -> int:
    return len(_completed(farm, wanted))


def _completed(farm: Farm, wanted: set[str]) -> dict[str, datetime | None]:
    """Return when each order that is as Amazon has it was complete."""
    rows = farm.rows(
        "SELECT amazon_order_id, completed_at FROM channels_amazon_order "
        "WHERE completed_at IS NOT NULL AND stale_since IS NULL "
        "AND status <> 'pending'"
    )
    return {key: moment(at) for key, at in rows if key in wanted}


def _arrivals(farm: Farm, wanted: set[str]) -> tuple[list[Arrival], datetime]:
    """Return when each order could be fetched as it is now, from the first on."""
    orders = [
        (_amazon_time(order["updated_at"]), order["fulfilled_by"] == "MERCHANT")
        for order in farm.control("state")["orders"]
        if order["order_id"] in wanted
    ]
    began = min(at for at, _needs in orders)
    return [Arrival((at - began).total_seconds(), needs) for at, needs in orders], began


def _amazon_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _report_took(farm: Farm) -> float | None:
    """Return how long Amazon took for the quickest report; None without one."""
    rows = farm.rows(
        "SELECT requested_at, ready_at FROM channels_amazon_orderreport "
        "WHERE ready_at IS NOT NULL AND purpose = 'backlog'"
    )
    times = [
        (ready - asked).total_seconds()
        for asked, ready in ((moment(a), moment(b)) for a, b in rows)
        if asked and ready
    ]
    return min(times, default=None)


def _calls(farm: Farm) -> dict[str, Any]:
    return dict(
        farm.rows(
            "SELECT operation, COUNT(*) FROM channels_amazon_apicall "
            "WHERE operation IN ('getOrder', 'searchOrders', 'createReport', "
            "'getReport', 'getReportDocument') GROUP BY operation"
        )
    )
