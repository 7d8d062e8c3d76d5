"""Runs the benchmarks: `make bench`, or `make bench ONLY=client`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import client, orders
from bench.measure import Measure, report

BENCHES: dict[str, Callable[[], list[Measure]]] = {
    "client": client.run,
    "orders": orders.run,
}


def main(chosen: list[str]) -> int:
    """Run the chosen benchmarks, all when none is named; return 2 for a wrong name."""
    unknown = set(chosen) - set(BENCHES)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}.", file=sys.stderr)
        print(f"There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    measures: list[Measure] = []
    for name in chosen or BENCHES:
        print(f"-- {name}", flush=True)
        measures += BENCHES[name]()
    report(measures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
