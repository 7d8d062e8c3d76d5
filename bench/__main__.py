"""Runs the benchmarks: `make bench`, or `make bench ONLY=client`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from bench import (
    client,
    idle,
    order_backlog,
    order_flash,
    order_load,
    order_peer,
    order_throttled,
    pages,
    start,
    stock_push,
)
from bench.measure import Measure, report
from dev import keys

ORDERS = (order_load, order_flash, order_backlog, order_throttled, order_peer)


def _orders() -> list[Measure]:
    return [measure for bench in ORDERS for measure in bench.run()]


BENCHES: dict[str, Callable[[], list[Measure]]] = {
    "client": client.run,
    "orders": _orders,
    "idle": idle.run,
    "pages": pages.run,
    "start": start.run,
    "stock": stock_push.run,
    # Each of the orders' by itself.
    **{
        bench.__name__.removeprefix("bench.").replace("_", "."): bench.run
        for bench in ORDERS
    },
}
ALL = ("client", "orders", "idle")


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, all when none is named; return 2 for a wrong name."""
    unknown = set(chosen) - set(BENCHES)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}.", file=sys.stderr)
        print(f"There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    # The product's processes inherit them.
    os.environ.update(keys.throwaway())
    measures: list[Measure] = []
    for name in chosen or ALL:
        print(f"-- {name}", flush=True)
        measures += BENCHES[name]()
    report(measures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
