"""Judges a chaos run by what Amazon, the buyers and the operator know of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from tests.whole import facts
from tests.whole.installation import Installation
from tests.whole.shipper import Parcel

Json = dict[str, Any]
_SHOWN = 12


@dataclass(frozen=True)
class Run:
    """What was done: orders placed, parcels made, and the stock before it all."""

    placed: Sequence[str]
    parcels: Sequence[Parcel]
    unshipped: Sequence[str]
    on_hand: dict[int, int]


@dataclass
class Faults:
    """What is wrong, a sentence each.

    `lost`: an order, a line or a package of the operator's that is not there, or does
    not say what Amazon says. `doubled`: an order or a line that is there twice, or with
    other units. `confirmed_twice`: a package that Amazon has under two numbers, units
    shipped beyond those ordered, a package that nobody made. `ledger`: stock that does
    not agree. `standing`: what is not done, blocked or set aside.
    """

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    confirmed_twice: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many faults there are of each kind."""
        names = {"ledger": "ledger_differences"}
        return {
            names.get(kind.name, kind.name): len(getattr(self, kind.name))
            for kind in fields(self)
        }

    def details(self) -> list[str]:
        """Return the first faults of each kind."""
        return [
            f"{kind.name}: {fault}"
            for kind in fields(self)
            for fault in getattr(self, kind.name)[:_SHOWN]
        ]


def judge(product: Installation, run: Run) -> Faults:
    """Compare the copy's rows with Amazon's truth and with what was done."""
    state = product.control("state?region=na")
    placed = set(run.placed)
    orders = {
        row["order_id"]: row for row in state["orders"] if row["order_id"] in placed
    }
    faults = Faults(lost=[f"{order_id} never shipped" for order_id in run.unshipped])
    _judge_orders(product, orders, faults)
    _judge_lines(product, orders, faults)
    _judge_packages(product, orders, run.parcels, faults)
    _judge_stock(product, orders, run.on_hand, faults)
    faults.standing += facts.held_up(product)
    faults.standing += [
        f"quantity at Amazon: {row}" for row in facts.wrong_quantities(product, state)
    ]
    return faults


def _judge_orders(
    product: Installation, orders: dict[str, Json], faults: Faults
) -> None:
    rows = product.rows(
        "SELECT amazon_order_id, status, completed_at IS NOT NULL, "
        "stale_since IS NOT NULL FROM channels_amazon_order"
    )
    times = Counter(row[0] for row in rows)
    faults.doubled += [f"{order_id} × {n}" for order_id, n in times.items() if n > 1]
    known = {row[0]: row[1:] for row in rows}
    for order_id, order in orders.items():
        status = order["status"].lower()
        wanted = (status, True, False)
        found = known.get(order_id)
        if found is None or (found[0], bool(found[1]), bool(found[2])) != wanted:
            faults.lost.append(f"{order_id} is {status} at Amazon, here {found}")


def _judge_lines(
    product: Installation, orders: dict[str, Json], faults: Faults
) -> None:
    rows = product.rows(
        "SELECT o.amazon_order_id, l.order_item_id, l.quantity_shipped "
        "FROM channels_amazon_orderline l "
        "JOIN channels_amazon_order o ON o.id = l.order_id"
    )
    ours = Counter((order_id, item, shipped) for order_id, item, shipped in rows)
    ours = Counter({key: n for key, n in ours.items() if key[0] in orders})
    theirs = Counter(
        (order["order_id"], item["order_item_id"], item["shipped"])
        for order in orders.values()
        for item in order["items"]
    )
    faults.lost += [f"line {key}" for key in (theirs - ours)]
    faults.doubled += [f"line {key}" for key in (ours - theirs)]


def _judge_packages(
    product: Installation,
    orders: dict[str, Json],
    parcels: Iterable[Parcel],
    faults: Faults,
) -> None:
    """Hold Amazon's packages against the operator's parcels, one for one."""
    wanted = Counter((p.order_id, p.tracking_number, p.units) for p in parcels)
    there = Counter(
        (order_id, package["tracking_number"], sum(package["items"].values()))
        for order_id, order in orders.items()
        for package in order["packages"]
    )
    rows = product.rows(
        "SELECT o.amazon_order_id, s.tracking_number, SUM(i.quantity) "
        "FROM channels_amazon_shipment s "
        "JOIN channels_amazon_order o ON o.id = s.order_id "
        "JOIN channels_amazon_shipmentline i ON i.shipment_id = s.id "
        "GROUP BY s.id, o.amazon_order_id, s.tracking_number"
    )
    ours = Counter(
        (order_id, tracking, int(units)) for order_id, tracking, units in rows
    )
    faults.lost += [f"package {key} at Amazon" for key in (wanted - there)]
    faults.lost += [f"package {key} here" for key in (wanted - ours)]
    faults.confirmed_twice += [f"{key} at Amazon" for key in (there - wanted)]
    faults.doubled += [f"package {key}" for key in (ours - wanted)]
    for order in orders.values():
        for item in order["items"]:
            item_id = item["order_item_id"]
            sent = sum(p["items"].get(item_id, 0) for p in order["packages"])
            if sent > item["quantity"]:
                faults.confirmed_twice.append(f"{order['order_id']} units {sent}")


def _judge_stock(
    product: Installation,
    orders: dict[str, Json],
    before: dict[int, int],
    faults: Faults,
) -> None:
    pairs = {
        "levels and ledger": (facts.levels(product), facts.ledger(product)),
        "reserved and held": (facts.reserved(product), facts.reservations(product)),
        "held and owed": (facts.held(product), facts.owed(product)),
        # What left, by Amazon's own count of the units shipped.
        "on hand and shipped": (
            sorted(facts.on_hand(product).items()),
            sorted(_left(product, orders, before).items()),
        ),
    }
    for title, (one, other) in pairs.items():
        apart = set(map(tuple, one)) ^ set(map(tuple, other))
        faults.ledger += [f"{title}: {row}" for row in sorted(apart)]


def _left(
    product: Installation, orders: dict[str, Json], before: dict[int, int]
) -> dict[int, int]:
    """Return the units on hand that should be left after what Amazon has shipped."""
    rows = product.rows(
        "SELECT order_item_id, variant_id FROM channels_amazon_orderline "
        "WHERE variant_id IS NOT NULL"
    )
    variants = dict(rows)
    left = dict(before)
    for order in orders.values():
        if order["fulfilled_by"] != "MERCHANT":
            continue
        for item in order["items"]:
            variant = variants.get(item["order_item_id"])
            if variant is not None and item["shipped"]:
                left[variant] = left.get(variant, 0) - item["shipped"]
    return left
