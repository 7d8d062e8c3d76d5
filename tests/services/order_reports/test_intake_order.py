"""A report between other messages: whatever comes first, twice or late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels_amazon.models import AmazonAccount, Order, StockLevel
from tests.builders import make_account
from tests.ledger_proof import verify_levels
from tests.messages import START
from tests.services.order_reports.scene import (
    bring,
    level,
    make_stock,
    report,
    tell,
    the_order,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", ["Pending", "Unshipped", "Shipped"])
def test_older_report_changes_nothing(account: AmazonAccount, status: str) -> None:
    bring(account, 9, status="CANCELLED", items=[("SKU-1", 2)])

    assert not report(account, 5, status=status, items=[("SKU-1", 2)])

    order = the_order()
    assert (order.status, level()) == ("cancelled", (100, 0))
    assert order.reported_at is not None


def test_newer_report_that_leads_back_asks_for_the_full_order(
    account: AmazonAccount,
) -> None:
    bring(account, 1, status="SHIPPED", items=[("SKU-1", 2, 2)])

    report(account, 5, status="Unshipped", items=[("SKU-1", 2)])

    order = the_order()
    assert (order.status, level()) == ("shipped", (98, 0))
    assert order.stale_since is not None


def test_late_event_after_the_report_is_no_news(account: AmazonAccount) -> None:
    report(account, 5, status="Cancelled", items=[("SKU-1", 2)])

    tell(account, 1, status="Unshipped", items=[("SKU-1", 2)])

    assert (the_order().status, level()) == ("cancelled", (100, 0))


def test_same_second_is_known(account: AmazonAccount) -> None:
    bring(account, 5.4, items=[("SKU-1", 2)])

    assert not report(account, 5, items=[("SKU-1", 2)])
    assert the_order().stale_since is None


@pytest.mark.parametrize("fraction", [0.001, 0.438, 0.999])
def test_event_of_the_reports_second_is_no_news(
    account: AmazonAccount, fraction: float
) -> None:
    report(account, 20, fulfilled_by="AMAZON")
    assert the_order().stale_since is None

    tell(account, seconds=20 + fraction, fulfilled_by="AFN")

    assert the_order().stale_since is None


def test_event_of_a_later_second_is_news(account: AmazonAccount) -> None:
    report(account, 20, fulfilled_by="AMAZON")

    tell(account, seconds=21.0, fulfilled_by="AFN")

    assert the_order().stale_since is not None


def test_event_of_the_reports_second_that_is_further_is_news(
    account: AmazonAccount,
) -> None:
    report(account, 20, fulfilled_by="AMAZON")

    tell(account, seconds=20.5, fulfilled_by="AFN", status="Shipped")

    assert the_order().stale_since is not None


# One order's life: status, and the units of two items of SKU-1 and one of SKU-2.
STEPS = ("Pending", "Unshipped")
ENDS = ("Shipped", "Canceled")
WORDS = {"Pending": "PENDING", "Unshipped": "UNSHIPPED", "Shipped": "SHIPPED"}


def test_units_a_report_shipped_as_one_line_leave_once() -> None:
    account = make_account(created_at=START - timedelta(days=9))
    (first, *_rest) = make_stock(account, "SKU-1", "SKU-2")
    items = [("SKU-1", 1), ("SKU-1", 1)]
    report(account, 20.4, status="Shipped", items=items)
    tell(account, 20.4, status="Shipped", items=[("SKU-1", 1, 1)] * 2)
    assert StockLevel.objects.get(variant=first).on_hand == 98
    assert verify_levels() == []


class AnyOrderOfMessages(TestCase):
    """Whatever comes first, twice or late: the same stock."""

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        told=st.lists(
            st.tuples(st.sampled_from(["event", "full", "report"]), st.integers(0, 2)),
            min_size=1,
            max_size=8,
        ),
        end=st.sampled_from(ENDS),
        units=st.tuples(*[st.integers(1, 5)] * 3),
    )
    def test_stock_follows_the_furthest_told(
        self, told: list[tuple[str, int]], end: str, units: tuple[int, int, int]
    ) -> None:
        Order.objects.all().delete()
        account = make_account(created_at=START - timedelta(days=9))
        first, _second = make_stock(account, "SKU-1", "SKU-2")
        items = list(zip(("SKU-1", "SKU-1", "SKU-2"), units, strict=True))
        life = (*STEPS, end)
        furthest = 0
        for source, step in told:
            self._tell(account, source, life[step], step, items)
            furthest = max(furthest, step)
            row = StockLevel.objects.get(variant=first)
            held = units[0] + units[1]
            expected = {
                "Shipped": (100 - held, 0),
                "Canceled": (100, 0),
            }.get(life[furthest], (100, held))
            assert (row.on_hand, row.reserved) == expected
        assert verify_levels() == []

    def _tell(
        self,
        account: AmazonAccount,
        source: str,
        status: str,
        step: int,
        items: list[tuple[str, int]],
    ) -> None:
        at = step * 10 + 0.4
        if source == "report":
            word = "Cancelled" if status == "Canceled" else status
            report(account, at, status=word, items=items)
        elif source == "event":
            tell(account, at, status=status, items=self._shipped(status, items))
        else:
            word = WORDS.get(status, "CANCELLED")
            bring(account, at, status=word, items=self._shipped(status, items))

    def _shipped(self, status: str, items: list[tuple[str, int]]) -> list[object]:
        if status != "Shipped":
            return list(items)
        return [(sku, units, units) for sku, units in items]
