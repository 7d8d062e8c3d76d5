"""Pages of a list hold every row once, in one order, whatever their times are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from channels_amazon.models import ApiCall, DiagnosticEntry, Order, StoreOrder, SyncRun
from channels_amazon.views.pagination import by_time
from tests.builders import make_account, make_order

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def make_orders() -> None:
    """Make orders of which some have one time, and some have none."""
    account = make_account()
    orders = [make_order(account) for _ in range(9)]
    times: list[datetime | None] = [None, None, None, NOW, NOW, NOW]
    times += [NOW - timedelta(days=1), NOW + timedelta(days=1), NOW]
    for order, at in zip(orders, times, strict=True):
        Order.objects.filter(pk=order.pk).update(ordered_at=at)


def paged(size: int, *, falling: bool) -> list[int]:
    """Return the keys of all orders, page by page."""
    cursor, found = "", []
    for _page in range(20):
        part = by_time(Order.objects.all(), "ordered_at", cursor, size, falling=falling)
        found += [row.pk for row in part.rows]
        cursor = part.next
        if not cursor:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("falling", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 50])
def test_pages_hold_each_row_once_and_those_without_a_time_first(
    size: int, falling: bool
) -> None:
    make_orders()
    rows = Order.objects.values_list("pk", "ordered_at")
    timeless = sorted((pk for pk, at in rows if at is None), reverse=falling)
    timed = sorted(((at, pk) for pk, at in rows if at), reverse=falling)

    assert paged(size, falling=falling) == timeless + [pk for _at, pk in timed]


def plan_of(rows: QuerySet[Any]) -> str:
    """Return how PostgreSQL would read the rows if each scan of a table were dear."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    return rows.explain()


def of_orders() -> dict[str, QuerySet[Any]]:
    """Return lists of orders, by the index that is made for each."""
    orders, now = Order.objects, NOW
    newest = ("-ordered_at", "-pk")
    return {
        "order_ship_by": orders.late(now).order_by("ship_by", "pk"),
        "order_status": orders.filter(status="cancelled").order_by(*newest),
        "order_cancel": orders.asking_to_cancel().order_by(*newest),
        "order_quarantine": orders.exclude(quarantine_code="").order_by(*newest),
    }


def of_logs() -> dict[str, QuerySet[Any]]:
    """Return lists of log rows, by the index that is made for each."""
    calls = ApiCall.objects.order_by("-started_at", "-pk")
    entries = DiagnosticEntry.objects.order_by("-at", "-pk")
    runs = SyncRun.objects.order_by("-started_at", "-pk")
    placed = StoreOrder.objects.order_by("-placed_at", "-pk")
    return {
        "call_newest": calls,
        "call_account_newest": calls.filter(account=1),
        "call_op_newest": calls.filter(operation="getOrder"),
        "call_failed": calls.filter(status=429, operation="getOrder"),
        "entry_newest": entries,
        "entry_account_newest": entries.filter(account=1),
        "entry_store_newest": entries.filter(store=1),
        "entry_problems": entries.filter(level="error"),
        "store_order_newest": placed,
        "store_order_state": placed.filter(state="done"),
        "run_newest": runs,
        "run_kind": runs.filter(kind="listings"),
        "run_not_done": runs.filter(state="failed"),
    }


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="its plans are what is read"
)
@pytest.mark.parametrize("index", [*of_orders(), *of_logs()])
def test_list_is_read_in_its_order_by_an_index(index: str) -> None:
    """Which of two that serve is taken depends on what the tables hold."""
    rows = {**of_orders(), **of_logs()}[index]
    plan = plan_of(rows[:51])
    assert "Index" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
