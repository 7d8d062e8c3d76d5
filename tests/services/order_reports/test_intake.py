"""What a report says of orders: held at once, never twice, never taken back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    Shipment,
    StockLevel,
)
from channels_amazon.services.order_reports.intake import apply_reported
from channels_amazon.services.shipping.shipments import (
    ShipmentDraft,
    ShipmentError,
    create_shipment,
)
from channels_amazon.services.stock.ledger import verify_levels
from tests.builders import make_account, make_order
from tests.messages import START, report_order
from tests.services.order_reports.scene import (
    ID,
    bring,
    level,
    make_stock,
    report,
    tell,
    the_order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account connected before START, with stock of SKU-1 and SKU-2."""
    account = make_account(created_at=START - timedelta(days=9))
    make_stock(account, "SKU-1", "SKU-2")
    return account


def test_report_holds_the_units_of_an_order_to_ship(account: AmazonAccount) -> None:
    assert report(account, 5, items=[("SKU-1", 2), ("SKU-1", 1), ("SKU-2", 4)])

    order = the_order()
    assert (level(), level("SKU-2")) == ((100, 3), (100, 4))
    assert (order.status, order.first_source) == ("unshipped", "report")
    assert (order.completed_at, bool(order.stale_since)) == (None, True)
    assert order.marketplace_id == "ATVPDKIKX0DER"


@pytest.mark.parametrize("source", [tell, bring])
def test_true_items_take_the_held_units_over(
    account: AmazonAccount, source: object
) -> None:
    report(account, 5, items=[("SKU-1", 2), ("SKU-1", 1)])

    source(account, 6, items=[("SKU-1", 2), ("SKU-1", 1)])  # type: ignore[operator]

    keys = list(the_order().lines.values_list("order_item_id", flat=True))
    assert level() == (100, 3)
    assert len(keys) == 2
    assert not any(key.startswith("report:") for key in keys)
    assert verify_levels() == []


def test_event_that_names_some_items_leaves_the_rest_held(
    account: AmazonAccount,
) -> None:
    report(account, 5, items=[("SKU-1", 2), ("SKU-1", 1), ("SKU-2", 1)])

    tell(account, 6, items=[("SKU-1", 2)])
    assert (level(), level("SKU-2")) == ((100, 3), (100, 1))
    bring(account, 6, items=[("SKU-1", 2), ("SKU-1", 1), ("SKU-2", 1)])

    assert (level(), level("SKU-2")) == ((100, 3), (100, 1))
    assert the_order().lines.count() == 3


def test_full_order_drops_what_the_report_had_too_much(account: AmazonAccount) -> None:
    report(account, 5, items=[("SKU-1", 2), ("SKU-2", 1)])

    bring(account, 6, items=[("SKU-1", 2)])

    assert (level(), level("SKU-2")) == ((100, 2), (100, 0))
    assert the_order().lines.count() == 1
    assert verify_levels() == []


def test_report_after_the_full_order_holds_what_it_has_more(
    account: AmazonAccount,
) -> None:
    bring(account, 1, items=[("SKU-1", 2)])

    report(account, 5, items=[("SKU-1", 2), ("SKU-2", 1)])

    assert (level(), level("SKU-2")) == ((100, 2), (100, 1))
    assert the_order().stale_since is not None


def test_report_of_fewer_units_releases_nothing_by_itself(
    account: AmazonAccount,
) -> None:
    bring(account, 1, items=[("SKU-1", 2)])

    report(account, 5, items=[("SKU-1", 1)])

    assert level() == (100, 2)
    bring(account, 5, items=[("SKU-1", 1)])
    assert level() == (100, 1)


@pytest.mark.parametrize(
    ("status", "held"), [("Shipped", (98, 0)), ("Cancelled", (100, 0))]
)
def test_ended_order_is_complete_by_the_report(
    account: AmazonAccount, status: str, held: tuple[int, int]
) -> None:
    tell(account, 1, items=[("SKU-1", 2)])
    assert level() == (100, 2)

    report(account, 5, status=status, items=[("SKU-1", 2)])

    order = the_order()
    assert level() == held
    assert order.completed_at is not None
    assert (order.stale_since, order.total) == (None, Decimal("25.00"))


def test_amazons_own_order_never_holds_local_stock(account: AmazonAccount) -> None:
    report(account, 5, fulfilled_by="AMAZON", items=[("SKU-1", 2)])

    order = the_order()
    assert level() == (100, 0)
    assert (order.stale_since, order.currency) == (None, "USD")
    assert order.completed_at is not None


def test_order_sold_elsewhere_is_no_sale(account: AmazonAccount) -> None:
    report(account, 5, sales_channel="Non-Amazon US", items=[("SKU-1", 2)])

    assert level() == (100, 0)


def test_total_stays_open_where_tax_is_stated(account: AmazonAccount) -> None:
    data = report_order(ID, fulfilled_by="AMAZON")
    (line,) = data.lines
    taxed = type(line)(
        **{name: getattr(line, name) for name in line.__slots__}
        | {"item_tax": Decimal("1.00")}
    )
    plain = report_order(ID, fulfilled_by="AMAZON", lines=(taxed,))

    apply_reported(account, [plain])

    assert the_order().total is None
    assert OrderLine.objects.get().unit_price == Decimal("12.50")


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


def test_pre_order_is_not_taken_for_pending(account: AmazonAccount) -> None:
    bring(account, 5.4, status="PENDING_AVAILABILITY", items=[("SKU-1", 2)])

    assert not report(account, 5, status="Pending", items=[("SKU-1", 2)])
    assert level() == (100, 0)


def test_unknown_status_is_kept_and_looked_after(account: AmazonAccount) -> None:
    report(account, 5, status="Teleported", items=[("SKU-1", 2)])

    order = the_order()
    assert (order.status, order.amazon_status) == ("unknown", "Teleported")
    assert order.stale_since is not None


def test_order_with_a_quarantined_row_is_not_complete(account: AmazonAccount) -> None:
    data = report_order(ID, fulfilled_by="AMAZON")

    apply_reported(account, [data], incomplete={data.order_id})

    assert the_order().completed_at is None
    assert the_order().stale_since is not None


def test_long_skus_have_keys_of_their_own(account: AmazonAccount) -> None:
    long = "S" * 79
    report(account, 5, items=[(long + "A", 1), (long + "B", 1), ("", 1)])

    assert the_order().lines.count() == 3


def test_cancelled_item_of_an_open_order_holds_nothing(account: AmazonAccount) -> None:
    report(account, 5, items=[("SKU-1", 2), ("SKU-2", 1, "Cancelled")])

    assert (level(), level("SKU-2")) == ((100, 2), (100, 0))


def test_shipped_item_of_an_open_order_leaves(account: AmazonAccount) -> None:
    items = [("SKU-1", 2), ("SKU-2", 1, "Shipped")]
    report(account, 5, status="PartiallyShipped", items=items)

    assert (level(), level("SKU-2")) == ((100, 2), (99, 0))


def test_package_waits_for_the_true_items(account: AmazonAccount) -> None:
    order = make_order(account)
    line = order.lines.get()
    OrderLine.objects.filter(pk=line.pk).update(order_item_id="report:SKU-1")
    draft = ShipmentDraft(
        carrier_code="UPS",
        tracking_number="1Z1",
        shipped_at=order.ordered_at or START,
        quantities={line.pk: 1},
    )

    with pytest.raises(ShipmentError, match="not named"):
        create_shipment(order, draft=draft, actor="somebody")
    assert not Shipment.objects.exists()


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
