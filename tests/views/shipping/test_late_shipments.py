"""The late-shipment board: its sentence, its parts, its filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, Shipment
from channels_amazon.views import local_time
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_refused, make_world, signed_in

pytestmark = pytest.mark.django_db
PAGE = "amazon-shipment-board"
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    """Give a store whose one order is due in two days."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, **query: Any) -> list[str]:
    """Return the order ids that the board shows for a query."""
    response = client.get(reverse(PAGE), query)
    return [row.order.amazon_order_id for row in response.context["rows"]]


def due_in(world: World, hours: float, **over: Any) -> str:
    """Make an order to ship that is due then; return its id."""
    ship_by = timezone.now() + timedelta(hours=hours)
    order = builders.make_order(world.account, ship_by=ship_by, **over)
    return str(order.amazon_order_id)


def test_orders_stand_by_their_latest_ship_time(world: World, client: Client) -> None:
    later, late = due_in(world, 90), due_in(world, -2)

    assert shown(client) == [late, world.order.amazon_order_id, later]
    assert shown(client, show="overdue") == [late]
    assert shown(client, show="on_track") == [world.order.amazon_order_id, later]


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (-1, "1 order is past its latest ship time"),
        (0.0005, "1 order must leave today"),
        (90, "Every order to ship is on track"),
    ],
)
def test_sentence_says_what_to_do(
    world: World,
    client: Client,
    hours: float,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noon = timezone.now().replace(hour=12)
    monkeypatch.setattr(
        "channels_amazon.views.shipping.late_shipments.timezone.now",
        lambda: noon,
    )
    Order.objects.update(ship_by=noon + timedelta(hours=hours))

    assert words in client.get(reverse(PAGE)).content.decode()


def test_refused_package_is_at_risk_and_says_so(world: World, client: Client) -> None:
    make_refused(world.order)

    response = client.get(reverse(PAGE), {"show": "risk"})

    text = response.content.decode()
    assert world.order.amazon_order_id in text
    assert "Amazon refused a package." in text
    assert "at risk: see what hinders it" in text


def test_unmatched_order_is_told_apart_and_leads_to_matching(
    world: World, client: Client
) -> None:
    Order.objects.update(ship_by=timezone.now() + 90 * HOUR)
    number = due_in(world, 90, has_unmatched=True)

    text = client.get(reverse(PAGE), {"account": world.account.pk}).content.decode()

    assert shown(client, show="risk") == [number]
    assert shown(client, show="on_track") == [world.order.amazon_order_id]
    assert "Every order to ship is on track" not in text
    assert "1 order of this board has a SKU that no variant owns" in text
    answer = text[text.index('id="sl-answer"') :]
    (link,) = re.findall(r'href="([^"]+)">Orders that need a match', answer)
    page = client.get(unescape(link))
    assert [row.amazon_order_id for row in page.context["slice"].rows] == [number]


def test_no_order_to_ship_is_said(world: World, client: Client) -> None:
    Order.objects.update(status=Order.Status.SHIPPED)

    text = client.get(reverse(PAGE)).content.decode()

    assert "No order waits to be shipped." in text


def test_filters_stay_in_the_address(world: World, client: Client) -> None:
    other = builders.make_account(world.store, region="eu")
    german = builders.make_order(other).amazon_order_id

    assert shown(client, account=other.pk) == [german]
    assert shown(client, marketplace="A1PA6795UKMFR9") == [german]
    assert shown(client, q=german) == [german]
    response = client.get(reverse(PAGE), {"account": other.pk})
    assert f"account={other.pk}&amp;show=overdue" in response.content.decode()


LINE = {"seller_sku": "Mon-27-Bläck/x", "asin": "B0CHX1W1XY"}


@pytest.mark.parametrize(
    "typed",
    ["1390916", "902-315", "mon-27", "MON-27-BLÄCK", "b0chx1", " 1W1XY. "],
)
def test_part_of_what_people_hold_finds_the_order(
    world: World, client: Client, typed: str
) -> None:
    order = builders.make_order(
        world.account, amazon_order_id="902-3159896-1390916", lines=(LINE,)
    )
    # One that holds the same, and is not to ship.
    builders.make_order(
        world.account, status=Order.Status.SHIPPED, lines=({"seller_sku": typed},)
    )
    builders.make_order(amazon_order_id="902-3159896-2390916", lines=(LINE,))

    assert shown(client, q=typed) == [order.amazon_order_id]
    assert shown(client, q=typed, show="overdue") == []


def test_cut_search_is_said(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.services.orders.search.COUNT_CAP", 2)
    for _ in range(5):
        due_in(world, 90, lines=({"seller_sku": "MANY-1"},))

    text = client.get(reverse(PAGE), {"q": "many"}).content.decode()
    short = client.get(reverse(PAGE), {"q": "ma"}).content.decode()

    assert "Very many orders hold “many”: only 2 of them were looked up" in text
    assert "Write at least 3 characters to find a part" in short


@pytest.mark.parametrize("orders", [1, 40])
def test_board_asks_same_number_of_queries(
    world: World,
    client: Client,
    orders: int,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for _ in range(orders):
        order = builders.make_order(world.account, lines=({}, {}))
        builders.make_parcel(order)
        make_refused(order)

    with django_assert_max_num_queries(18 + SIDE_BAR):
        assert client.get(reverse(PAGE)).status_code == 200


def test_fragment_brings_rows_and_sentence(world: World, client: Client) -> None:
    response = client.get(reverse(PAGE), headers={"HX-Request": "true"})

    text = response.content.decode()
    assert world.order.amazon_order_id in text
    assert "hx-swap-oob" in text
    assert "<html" not in text


def test_planned_confirmation_is_on_track(world: World, client: Client) -> None:
    Shipment.objects.create(
        order=world.order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z",
        shipped_at=timezone.now(),
        next_attempt_at=timezone.now() + HOUR,
    )

    text = client.get(reverse(PAGE), {"show": "on_track"}).content.decode()

    assert "To be confirmed at" in text


@pytest.mark.parametrize(
    ("zone", "hours", "ends"),
    [
        # At 12:00 UTC it is 20:00 there, and 04:00 here.
        ("Asia/Shanghai", [3], "2026-12-01 00:00 UTC+8"),
        ("America/Los_Angeles", [3, 5, 19], "2026-12-01 00:00 UTC-8"),
    ],
)
def test_today_is_the_readers(
    world: World,
    client: Client,
    zone: str,
    hours: list[int],
    ends: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    monkeypatch.setattr(
        "channels_amazon.views.shipping.late_shipments.timezone.now", lambda: noon
    )
    client.cookies[local_time.COOKIE] = zone
    due = {
        hour: builders.make_order(world.account, ship_by=noon + hour * HOUR)
        for hour in (3, 5, 19, 21)
    }

    assert shown(client, show="today") == [due[hour].amazon_order_id for hour in hours]
    assert f"Due today: before {ends}" in client.get(reverse(PAGE)).content.decode()
