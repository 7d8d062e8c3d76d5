"""Four workers on one account's backlog: how much of Amazon's quota is used."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.farm import Farm
from bench.measure import Measure, at_least, at_most

# Enough orders that getOrder is what everything waits for, all too young for a search.
ORDERS = 900
RATE = 4.0
BURST = 30
SECONDS = 100.0


def run() -> list[Measure]:
    """Measure a steady quota, then one that is halved without a word."""
    with tempfile.TemporaryDirectory() as folder:
        with Farm(Path(folder), 1, workers=4) as farm:
            steady = _steady(farm)
            return steady + _halved(farm)


def _steady(farm: Farm) -> list[Measure]:
    farm.control("limits", operation="getOrder", rate=RATE, burst=BURST)
    farm.control("buckets", mark=True)
    farm.control(
        "orders", n=ORDERS, seller_id=farm.seller_ids[0], fulfilled_by="MERCHANT"
    )
    time.sleep(SECONDS)
    use = _use(farm)
    share = use["granted"] / use["offered"]
    refused = use["refused"] / max(1, use["granted"] + use["refused"])
    return [
        at_least("orders.backlog.bucket_used", share, "share", 0.98),
        at_most("orders.backlog.refused", refused, "share", 0.001),
    ]


def _halved(farm: Farm) -> list[Measure]:
    """Halve the rate under way; Amazon's header, as on a 429, does not tell."""
    farm.control(
        "limits", operation="getOrder", rate=RATE / 2, burst=BURST, header="none"
    )
    farm.control("buckets", mark=True)
    time.sleep(SECONDS)
    return [
        at_most("orders.backlog.refused_until_learnt", _use(farm)["refused"], "429s", 3)
    ]


def _use(farm: Farm) -> dict[str, float]:
    buckets = farm.control("state")["buckets"]["buckets"]
    found: dict[str, float] = next(
        row
        for row in buckets
        if row["operation"] == "getOrder" and row["seller_id"] == farm.seller_ids[0]
    )
    return found
