"""Which calls the fetch planner chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from channels_amazon.rules.fetch_planner import (
    GetEach,
    Quota,
    SearchPages,
    StaleOrder,
    plan,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FULL_GET, FULL_SEARCH = Quota(30, 0.5), Quota(20, 0.0056)


def stale(count: int, *, age: float) -> list[StaleOrder]:
    """Make stale orders that changed `age` seconds ago and a little earlier."""
    return [
        StaleOrder(f"{age}-{n}", NOW - timedelta(seconds=age + n)) for n in range(count)
    ]


def test_plan_for_few_orders_reads_each() -> None:
    orders = stale(30, age=600)

    assert plan(orders, NOW, FULL_GET, FULL_SEARCH) == GetEach(
        tuple(order.order_id for order in orders)
    )


def test_plan_for_a_flash_sale_searches_one_page() -> None:
    chosen = plan(stale(100, age=200), NOW, FULL_GET, FULL_SEARCH)

    assert chosen == SearchPages(NOW - timedelta(seconds=300), pages=1)


def test_plan_does_not_search_for_what_the_search_cannot_show() -> None:
    assert isinstance(plan(stale(60, age=5), NOW, FULL_GET, FULL_SEARCH), GetEach)


def test_plan_leaves_the_sweep_its_tokens() -> None:
    backlog = stale(250, age=600)

    assert isinstance(plan(backlog, NOW, Quota(0, 0.5), Quota(3.9, 0.0056)), GetEach)
    assert plan(backlog, NOW, Quota(0, 0.5), Quota(5, 0.0056)) == SearchPages(
        NOW - timedelta(seconds=850), pages=2
    )


def test_plan_keeps_the_order_of_urgency() -> None:
    late, soon = stale(1, age=9), stale(1, age=1)

    assert plan([*soon, *late], NOW, Quota(0, 0.5), FULL_SEARCH) == GetEach(
        (soon[0].order_id, late[0].order_id)
    )
