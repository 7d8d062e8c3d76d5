"""Ten orders a second over fifty accounts: how soon is each held, pushed, complete."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.buying import Buyers
from bench.farm import Farm
from bench.measure import Measure, at_most, percentile
from bench.order_stamps import Way, ways

ACCOUNTS = 50
RATE = 10.0
SECONDS = 60.0
# What is still on its way so long after the last order counts as this late.
PATIENCE = 60.0


def run(database_url: str = "") -> list[Measure]:
    """Start the farm, buy, and read the stamps."""
    with tempfile.TemporaryDirectory() as folder:
        with Farm(Path(folder), ACCOUNTS, database_url) as farm:
            taken = buy(farm, farm.seller_ids)
    return measures("orders.load", taken)


def buy(
    farm: Farm,
    seller_ids: Sequence[str],
    rate: float = RATE,
    seconds: float = SECONDS,
    quantity: int | None = None,
) -> list[Way]:
    """Buy at these sellers and return every order's way once all are complete."""
    buyers = Buyers(farm.control, seller_ids, rate, seconds, quantity=quantity)
    buyers.start()
    order_ids = buyers.finish()
    try:
        farm.wait(lambda: _is_over(ways(farm, order_ids), order_ids), PATIENCE)
    except AssertionError:
        print(f"Not all of {len(order_ids)} orders were through in time.")
    found = ways(farm, order_ids)
    never = Way(0, None, None, None)
    return [found.get(order_id, never) for order_id in order_ids]


def measures(name: str, taken: Sequence[Way]) -> list[Measure]:
    """Return the figures of these ways; what never came counts as infinitely late."""
    never = float("inf")
    pushed = [never if way.pushed is None else way.pushed for way in taken]
    complete = [never if way.complete is None else way.complete for way in taken]
    reserved = [never if way.reserved is None else way.reserved for way in taken]
    return [
        at_most(f"{name}.reserved_p99", percentile(reserved, 0.99), "s", 3),
        at_most(f"{name}.pushed_p50", percentile(pushed, 0.5), "s", 3),
        at_most(f"{name}.pushed_p99", percentile(pushed, 0.99), "s", 3),
        at_most(f"{name}.complete_p50", percentile(complete, 0.5), "s", 1),
        at_most(f"{name}.complete_p99", percentile(complete, 0.99), "s", 5),
    ]


def _is_over(found: dict[str, Way], order_ids: Sequence[str]) -> bool:
    return all(
        order_id in found
        and found[order_id].pushed is not None
        and found[order_id].complete is not None
        for order_id in order_ids
    )
