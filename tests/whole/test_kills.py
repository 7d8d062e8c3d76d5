"""Any process of the worker and the consumer may be killed during the first pull."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.whole import facts
from tests.whole.chaos_run import running
from tests.whole.installation import Installation, kill, wait_for
from tests.whole.victims import (
    CLUSTER_CHILD,
    CLUSTER_PARENT,
    CONSUMER,
    CONSUMER_GUARD,
    SUPERVISOR,
    WORKER_GUARD,
    victims,
)

pytestmark = pytest.mark.chaos

HEALED_WITHIN = 30
# One is killed of each of these, and what it stops must work again.
PARTS = {
    (WORKER_GUARD, SUPERVISOR): "queue",
    (CLUSTER_PARENT, CLUSTER_CHILD): "queue",
    (CONSUMER_GUARD, CONSUMER): "consumer",
}


def test_kills_during_the_first_pull_lose_nothing(tmp_path: Path) -> None:
    # Repeatable by its seed; nothing secret comes from it.
    chance = random.Random(int(os.environ.get("CHAOS_SEED", "1")))  # noqa: S311
    with running(tmp_path) as product:
        product.connect("na")
        for parts, kind in PARTS.items():
            assert _kill_and_heal(product, chance.choice(parts), kind) < HEALED_WITHIN
        wait_for(lambda: facts.has_pulled(product), 180, product.written)
        ours = facts.order_ids(product)
        assert set(ours) >= _orders_at_amazon(product)
        assert max(Counter(ours).values()) == 1
        assert facts.levels(product) == facts.ledger(product)
        assert facts.held(product) == facts.owed(product)


def _kill_and_heal(product: Installation, part: str, kind: str) -> float:
    """Kill a process of that part; return the seconds until it works again."""
    wait_for(lambda: part in victims(product), 60, product.written)
    moment = product.moment()
    kill(victims(product)[part][0])
    return wait_for(
        lambda: facts.beat_after(product, kind, moment), 60, product.written
    )


def _orders_at_amazon(product: Installation) -> set[str]:
    """Return the seller's orders of the last 29 days, by the local Amazon's dump."""
    since = (datetime.now(UTC) - timedelta(days=29)).isoformat()
    return {
        order["order_id"]
        for order in product.control("state")["orders"]
        if order["region"] == "na" and order["created_at"] > since
    }
