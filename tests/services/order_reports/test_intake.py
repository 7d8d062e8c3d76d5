"""What a report says of orders: held at once, never twice, never taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from channels_amazon.models import (
    AmazonAccount,
    OrderLine,
    Shipment,
)
from channels_amazon.services.order_reports.intake import apply_reported
from channels_amazon.services.shipping.shipments import (
    ShipmentDraft,
    ShipmentError,
    create_shipment,
)
from tests.builders import make_order
from tests.ledger_proof import verify_levels
from tests.messages import START, report_order
from tests.services.order_reports.scene import (
    ID,
    bring,
    level,
    report,
    tell,
    the_order,
)

pytestmark = pytest.mark.django_db


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
