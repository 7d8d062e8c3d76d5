"""Ten thousand quantities change at once: how near to what Amazon's quota allows."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import push_oracle
from bench.farm import Farm
from bench.measure import Measure, at_least, at_most
from bench.oracle import Supply
from bench.order_stamps import moment
from bench.push_oracle import Change, PushLimits
from bench.stock_rows import AT_FIRST

LISTINGS, ZEROS = 10_000, 100
MARKETPLACE = "ATVPDKIKX0DER"
PATIENCE = 3600.0
# Amazon's default usage plan.
PATCH = Supply(5, ((0.0, 5.0),))
# Seconds: how long a feed waits, and how long few messages take; 5,000 take twice that
# (the local Amazon's MESSAGES_FOR_DOUBLE).
QUEUED, PROCESSED = 30.0, 60.0
FIXED, EACH = QUEUED + PROCESSED, PROCESSED / 5_000


def run(database_url: str = "") -> list[Measure]:
    """Change them, wait until Amazon has accepted each, compare with the oracle."""
    with tempfile.TemporaryDirectory() as folder:
        with Farm(Path(folder), 1, database_url) as farm:
            _fill(farm)
            account = str(farm.account_ids[0])
            farm.start(
                "change", "-m", "bench.stock_rows", "change", account, str(ZEROS)
            )
            farm.wait(lambda: _is_begun(farm), 60.0)
            farm.wait(lambda: _is_done(farm), PATIENCE)
            return _measures(farm)


def _fill(farm: Farm) -> None:
    times = [[size, FIXED + size * EACH] for size in (2_000, 6_000)]
    farm.control("feeds", queue_seconds=0, seconds=1)
    farm.control("behaviour", accept_seconds=0)
    arguments = ["fill", str(farm.account_ids[0]), str(LISTINGS), MARKETPLACE]
    filling = farm.start(
        "fill", "-m", "bench.stock_rows", *arguments, json.dumps(times)
    )
    farm.wait(lambda: filling.poll() is not None, 600.0)
    if filling.returncode:
        raise RuntimeError(farm.written())
    farm.control("feeds", queue_seconds=QUEUED, seconds=PROCESSED)
    farm.forget_quota()


def _is_begun(farm: Farm) -> bool:
    wanted = [quantity for quantity, _wanted, _done in _rows(farm)]
    return AT_FIRST not in wanted


def _is_done(farm: Farm) -> bool:
    rows = farm.rows(
        "SELECT COUNT(*) FROM channels_amazon_listing "
        "WHERE seller_sku LIKE 'BULK-%' AND push_due"
    )
    return not rows[0][0]


def _rows(farm: Farm) -> list[tuple[int, Any, Any]]:
    """Return what each listing is to show, since when, and when that was accepted."""
    return farm.rows(
        "SELECT desired_quantity, desired_at, acknowledged_at "
        "FROM channels_amazon_listing WHERE seller_sku LIKE 'BULK-%'"
    )


def _measures(farm: Farm) -> list[Measure]:
    rows = _rows(farm)
    began = min(_at(wanted) for _quantity, wanted, _done in rows)
    zeros = [_at(done) for quantity, _wanted, done in rows if quantity == 0]
    others = [_at(done) for quantity, _wanted, done in rows if quantity]
    took = (max(zeros + others) - began).total_seconds()
    changes = [Change(0.0, by_feed=quantity > 0) for quantity, _wanted, _done in rows]
    limits = PushLimits(PATCH, feed_takes=FIXED, message_takes=EACH)
    possible = push_oracle.makespan(changes, limits)
    before_zeros = sum(at < max(zeros) for at in others)
    zeros_took = (max(zeros) - began).total_seconds()
    by_feed = _by_feed(farm)
    print(
        f"{LISTINGS} quantities after {took:.1f} s, possible {possible:.1f} s; "
        f"{by_feed} by feeds; zeros after {zeros_took:.1f} s; calls {_calls(farm)}"
    )
    refused, made = _answers(farm)
    return [
        at_most("stock.push.makespan_ratio", took / possible, "x", 1.1),
        at_most("stock.push.before_zeros", before_zeros, "listings", 0),
        at_least("stock.push.by_feed", by_feed, "listings", 1),
        at_least("stock.push.by_patch", LISTINGS - by_feed, "listings", 1),
        at_most("stock.push.refused", refused / max(1, made), "share", 0.001),
    ]


def _at(value: Any) -> datetime:
    found = moment(value)
    if found is None:
        raise AssertionError("A quantity was never accepted.")
    return found


def _by_feed(farm: Farm) -> int:
    """Return how many quantities feeds brought; those of yesterday do not count."""
    rows = farm.rows("SELECT accepted FROM channels_amazon_listingfeed ORDER BY id")
    return sum(int(accepted) for (accepted,) in rows[2:])


def _calls(farm: Farm) -> dict[str, int]:
    return dict(
        farm.rows(
            "SELECT operation, COUNT(*) FROM channels_amazon_apicall "
            "WHERE operation LIKE '%istingsItem' OR operation LIKE '%Feed%' "
            "GROUP BY operation"
        )
    )


def _answers(farm: Farm) -> tuple[int, int]:
    """Return how many calls Amazon refused for want of quota, of how many."""
    rows = dict(
        farm.rows(
            "SELECT CASE WHEN status = 429 THEN 1 ELSE 0 END, COUNT(*) "
            "FROM channels_amazon_apicall GROUP BY 1"
        )
    )
    return int(rows.get(1, 0)), sum(map(int, rows.values()))
