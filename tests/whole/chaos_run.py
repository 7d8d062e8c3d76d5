"""One chaos run: kills under load, then what was lost, doubled or left standing.

It needs nothing of pytest: `measure` is for the benchmarks.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import boto3

from channels_amazon.emulator.notifications.queue import AWS_REGION, QueueServer
from tests.whole import buyers, facts, shipper, verdict
from tests.whole.databases import new_database
from tests.whole.installation import Installation, kill, wait_for
from tests.whole.victims import PARTS, victims

RATE = 1.0
# Buyers hold back while more messages wait.
MOST_WAITING = 60
DUPLICATE_SHARE, REORDER_SHARE, DELAY = 0.05, 0.2, 0.1
# Orders stay pending for a moment, so that events of two statuses cross.
PENDING = 0.4
# So many kills at most before the product is waited for: it must also be at work.
LONGEST_SALVO = 10
HEALED_WITHIN = 120.0
PULLED_WITHIN = 240.0
# What is left is waited for while it goes on, and then no longer than so: a message
# that the local queue itself loses is made good by the next sweep, in five minutes.
PATIENCE = 360.0
SETTLED_WITHIN = 900.0


@dataclass
class Measures:
    """What a run was like; empty lists where nothing is wrong."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)
    clicks: Counter[str] = field(default_factory=Counter)
    packages: int = 0
    sends: int = 0
    duplicates: int = 0
    # Runs of jobs that a kill cut off: the kills struck work, not rest.
    cut_off: int = 0
    settled_seconds: float = 0.0
    faults: verdict.Faults = field(default_factory=verdict.Faults)

    def figures(self) -> dict[str, Any]:
        """Return the figures alone, as a benchmark keeps them."""
        return {
            "seed": self.seed,
            "kills": sum(self.kills.values()),
            "orders": sum(self.fates.values()),
            "packages": self.packages,
            "sends": self.sends,
            "duplicates_swallowed": self.duplicates,
            "runs_cut_off": self.cut_off,
            "recovery_p50_seconds": round(median(self.recoveries or [0.0]), 1),
            "recovery_max_seconds": round(max(self.recoveries, default=0.0), 1),
            "settled_seconds": round(self.settled_seconds, 1),
            **self.faults.counts(),
        }

    def told(self) -> str:
        """Return the run as lines for people."""
        lines = [f"{name}: {value}" for name, value in self.figures().items()]
        for title, counts in (
            ("kills", self.kills),
            ("orders", self.fates),
            ("clicks", self.clicks),
        ):
            each = ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
            lines.append(f"{title} by kind: {each}")
        return "\n".join([*lines, *self.faults.details()])


@contextmanager
def running(folder: Path) -> Iterator[Installation]:
    """Run a copy of the project on a database of its own."""
    with new_database() as database_url:
        product = Installation(folder, database_url, is_migrated=True)
        try:
            product.start()
            yield product
        finally:
            product.stop()


def measure(folder: Path, *, seed: int, kills: int) -> dict[str, Any]:
    """Make a whole run in an empty folder; return its figures.

    It is on the server that DATABASE_URL names, else on SQLite.
    """
    with running(folder) as product:
        return run_chaos(product, seed=seed, kills=kills).figures()


def run_chaos(product: Installation, *, seed: int, kills: int) -> Measures:
    """Connect a seller, kill so many processes under load, and judge what is left.

    The seed chooses parts, pauses and orders; who lives at a moment it cannot choose.
    """
    measures = Measures(seed)
    _connect(product)
    start = facts.on_hand(product)
    with _queue(product) as depth:
        operator, crowd = _people(product, seed, depth)
        operator.start()
        crowd.start()
        try:
            _storm(product, measures, kills)
        finally:
            crowd.finish()
            unshipped = operator.finish(PATIENCE)
        run = verdict.Run(crowd.placed, operator.parcels, unshipped, start)
        measures.settled_seconds = _settle(product, measures, run, depth)
    measures.fates, measures.clicks = crowd.fates, operator.clicks
    _count(product, measures)
    return measures


def _people(
    product: Installation, seed: int, depth: Callable[[], int]
) -> tuple[shipper.Operator, buyers.Buyers]:
    operator = shipper.Operator(product, seed)

    def wants_shipment(order_id: str, fate: str) -> None:
        operator.wish(order_id, in_parts=fate == buyers.SHIP_IN_PARTS)

    def is_behind() -> bool:
        return depth() > MOST_WAITING

    return operator, buyers.Buyers(product, seed, RATE, wants_shipment, is_behind)


def _connect(product: Installation) -> None:
    # The kills are what is measured, not the quota: a large seller's.
    product.control("limits", operation="*", rate=20, burst=40)
    product.connect("na")
    wait_for(lambda: facts.has_pulled(product), PULLED_WITHIN, product.written)
    product.control("behaviour", pending_seconds=PENDING)
    product.control(
        "notifications",
        duplicate_share=DUPLICATE_SHARE,
        reorder_share=REORDER_SHARE,
        delay=DELAY,
    )


def _storm(product: Installation, measures: Measures, kills: int) -> None:
    """Kill in salvos, and wait after each until the product works again."""
    # Repeatable; nothing secret comes from it.
    chance = random.Random(f"{measures.seed} kills")  # noqa: S311
    left = kills
    while left:
        salvo = min(left, chance.randint(1, LONGEST_SALVO))
        moment = product.moment()
        for _shot in range(salvo):
            time.sleep(chance.uniform(0.5, 2.0))
            moment = product.moment()
            measures.kills[_kill_one(product, chance)] += 1
        left -= salvo
        measures.recoveries.append(_heal(product, moment))


def _kill_one(product: Installation, chance: random.Random) -> str:
    """Kill a process of a part chosen by chance; return the part."""
    order = chance.sample(PARTS, len(PARTS))
    number = chance.random()
    while True:
        found = victims(product)
        # A part that an earlier shot has taken down may not be back yet.
        for part in order:
            if part in found:
                kill(found[part][int(number * len(found[part]))])
                return part
        time.sleep(0.1)


def _heal(product: Installation, moment: str) -> float:
    """Wait until task queue and consumer have worked since; return the seconds."""
    return wait_for(
        lambda: all(
            facts.beat_after(product, kind, moment) for kind in ("queue", "consumer")
        ),
        HEALED_WITHIN,
        product.written,
    )


def _settle(
    product: Installation,
    measures: Measures,
    run: verdict.Run,
    depth: Callable[[], int],
) -> float:
    """Wait until nothing is wrong, or nothing changes; return the seconds."""
    began = changed_at = time.monotonic()
    before: dict[str, int] = {}
    while True:
        faults = measures.faults = verdict.judge(product, run)
        waiting = depth()
        faults.standing += [f"{waiting} messages in the queue"] if waiting else []
        now = time.monotonic()
        counts = faults.counts() | {"waiting": waiting}
        if counts != before:
            before, changed_at = counts, now
        is_stuck = now - changed_at > PATIENCE or now - began > SETTLED_WITHIN
        if is_stuck or not faults.details():
            return now - began
        time.sleep(2)


@contextmanager
def _queue(product: Installation) -> Iterator[Callable[[], int]]:
    """Give what tells how many messages wait, with those a dead consumer took."""
    server = QueueServer(product.emulator_port + 1)
    client = boto3.client(
        "sqs",
        endpoint_url=server.endpoint,
        region_name=AWS_REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )

    def depth() -> int:
        answer = client.get_queue_attributes(
            QueueUrl=server.url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )
        return sum(map(int, answer["Attributes"].values()))

    try:
        yield depth
    finally:
        client.close()


def _count(product: Installation, measures: Measures) -> None:
    state = product.control("state?region=na")
    statuses = state["calls"].get("confirmShipment", {}).get("statuses", {})
    measures.sends = int(statuses.get("204", 0))
    measures.packages = _number(product, "COUNT(*) FROM channels_amazon_shipment")
    measures.duplicates = _number(
        product, "SUM(deliveries) - COUNT(*) FROM channels_amazon_notification"
    )
    measures.cut_off = _number(
        product, "COUNT(*) FROM channels_amazon_syncrun WHERE state = 'abandoned'"
    )


def _number(product: Installation, query: str) -> int:
    return int(product.rows(f"SELECT {query}")[0][0] or 0)
