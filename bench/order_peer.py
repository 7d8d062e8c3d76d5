"""The same orders imported by us and by python-amazon-sp-api, side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

from bench.farm import ROOT, Farm
from bench.measure import Measure, at_most, percentile
from bench.order_stamps import moment

ORDERS = 1000
SECONDS = 100.0
# As the documentation of such loops has it; the sites of North America.
POLL_SECONDS = 60
SITES = ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8")
LONGEST = 600.0
CURSORS = ("asked", "answered")


@dataclass
class ImporterResult:
    """One importer's row of the table; `delays` are seconds from order to import."""

    name: str
    delays: list[float]
    calls: int
    refusals: int
    missed: int
    gave_up: list[str] = field(default_factory=list)


def run() -> list[Measure]:
    """Let three sellers sell the same, and each importer have one of them."""
    with tempfile.TemporaryDirectory() as folder:
        with Farm(Path(folder), 1) as farm:
            results = _measure(farm)
    _print(results)
    ours, *peers = results
    best = min(percentile(peer.delays or [LONGEST], 0.99) for peer in peers)
    return [
        at_most("orders.peer.missed", ours.missed, "orders", 0),
        at_most("orders.peer.refused_calls", ours.refusals, "calls", 1),
        at_most(
            "orders.peer.p99_ratio", percentile(ours.delays, 0.99) / best, "x", 1.0
        ),
    ]


def _measure(farm: Farm) -> list[ImporterResult]:
    peers = farm.control("sellers", n=len(CURSORS), listings=farm.listings)
    sellers = [*farm.seller_ids, *peers["seller_ids"]]
    until = time.time() + SECONDS + LONGEST
    loops = [
        _start(farm, seller, cursor, until)
        for seller, cursor in zip(peers["seller_ids"], CURSORS, strict=True)
    ]
    placed = _buy(farm, sellers)
    ours = placed[farm.seller_ids[0]]
    farm.wait(lambda: len(_complete(farm, ours)) == len(ours), LONGEST)
    results = [_ours(farm, ours)]
    for loop, cursor, seller in zip(loops, CURSORS, peers["seller_ids"], strict=True):
        out, error = loop.communicate(timeout=LONGEST + SECONDS)
        if loop.returncode:
            raise RuntimeError(error[-2000:])
        results.append(_theirs(cursor, placed[seller], json.loads(out)))
    return results


def _start(
    farm: Farm, seller_id: str, cursor: str, until: float
) -> subprocess.Popen[str]:
    granted = farm.control("self_authorize", seller_id=seller_id)
    given = {
        "endpoint": farm.settings["SPAPI_ENDPOINT_NA"],
        "token_url": farm.settings["LWA_TOKEN_URL"],
        "client_id": farm.settings["LWA_CLIENT_ID"],
        "client_secret": farm.settings["LWA_CLIENT_SECRET"],
        "refresh_token": granted["refresh_token"],
        "marketplace_ids": SITES,
        "since": time.time(),
        "every": POLL_SECONDS,
        "until": until,
        "wanted": ORDERS,
        "cursor": cursor,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bench.peer_loop", json.dumps(given)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _buy(farm: Farm, sellers: list[str]) -> dict[str, dict[str, float]]:
    """Place the same number of orders at each seller; return when, by id."""
    placed: dict[str, dict[str, float]] = {seller: {} for seller in sellers}
    began = time.monotonic()
    for number in range(ORDERS):
        time.sleep(max(0.0, began + number * SECONDS / ORDERS - time.monotonic()))
        for seller in sellers:
            # The peers' sellers have nobody who keeps their stock up.
            answer = farm.control(
                "orders",
                n=1,
                seller_id=seller,
                fulfilled_by="MERCHANT",
                ignore_stock=True,
            )
            placed[seller][answer["order_ids"][0]] = time.time()
    return placed


def _complete(farm: Farm, placed: dict[str, float]) -> dict[str, float]:
    """Return when each order was complete here, in seconds since the epoch."""
    rows = farm.rows(
        "SELECT amazon_order_id, completed_at FROM channels_amazon_order "
        "WHERE completed_at IS NOT NULL AND status = 'unshipped'"
    )
    found = {}
    for order_id, completed_at in rows:
        at = moment(completed_at)
        if order_id in placed and at is not None:
            found[order_id] = at.replace(tzinfo=UTC).timestamp()
    return found


def _ours(farm: Farm, placed: dict[str, float]) -> ImporterResult:
    complete = _complete(farm, placed)
    calls = farm.rows(
        "SELECT COUNT(*), SUM(CASE WHEN status = 429 THEN 1 ELSE 0 END) "
        "FROM channels_amazon_apicall WHERE operation IN "
        "('getOrder', 'searchOrders', 'createReport', 'getReport', 'getReportDocument')"
    )[0]
    return _result("Shoplink", placed, complete, int(calls[0]), int(calls[1] or 0))


def _theirs(
    cursor: str, placed: dict[str, float], said: dict[str, Any]
) -> ImporterResult:
    result = _result(
        f"python-amazon-sp-api, from when it {cursor}",
        placed,
        said["orders"],
        said["calls"],
        said["refused"],
    )
    result.gave_up = said["gave_up"]
    return result


def _result(
    name: str,
    placed: dict[str, float],
    seen: dict[str, float],
    calls: int,
    refusals: int,
) -> ImporterResult:
    delays = [seen[key] - at for key, at in placed.items() if key in seen]
    missed = sum(1 for key in placed if key not in seen)
    return ImporterResult(name, delays, calls, refusals, missed)


def _print(results: list[ImporterResult]) -> None:
    print(f"{'importer':<44} {'p50 s':>7} {'p99 s':>7} {'calls':>6} {'429s':>5} missed")
    for row in results:
        p50 = percentile(row.delays, 0.5) if row.delays else float("nan")
        p99 = percentile(row.delays, 0.99) if row.delays else float("nan")
        print(
            f"{row.name:<44} {p50:>7.1f} {p99:>7.1f} {row.calls:>6} "
            f"{row.refusals:>5} {row.missed:>6}"
        )
        for reason in row.gave_up:
            print(f"    gave up: {reason}")
