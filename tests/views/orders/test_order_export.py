"""The file of orders: what the list shows, in its order, and nothing of a buyer."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import AuditEntry, Order
from channels_amazon.services.privacy.personal_data import store_personal_data
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST, EXPORT = "amazon-order-list", "amazon-order-export"


@pytest.fixture
def world() -> World:
    """Give a store with an order."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def text(client: Client, query: Any = None) -> str:
    """Return the file as text."""
    response = client.get(reverse(EXPORT), query)
    assert response["Content-Disposition"].endswith('.csv"')
    return b"".join(response).decode()


def rows(client: Client, query: Any = None) -> list[dict[str, str]]:
    """Return the file's rows."""
    return list(csv.DictReader(io.StringIO(text(client, query).lstrip("\ufeff"))))


def listed(client: Client, query: dict[str, Any]) -> list[str]:
    """Return the order ids of all pages of the list."""
    seen: list[str] = []
    while True:
        shown = client.get(reverse(LIST), query).context["slice"]
        seen += [order.amazon_order_id for order in shown.rows]
        if not shown.next:
            return seen
        query = query | {"after": shown.next}


def make_many(world: World) -> None:
    """Make orders of many kinds, some of one moment, some of none."""
    now = timezone.now()
    # A filter by a marketplace in which nobody sells would not be understood.
    builders.make_participation(world.account, marketplace_id="A2EUQ1WTGCTBG2")
    for n in range(9):
        builders.make_order(
            world.account,
            ordered_at=None if n in {3, 4} else now - timedelta(days=n // 2),
            ship_by=None if n == 5 else now + timedelta(days=n // 3 - 1),
            status=Order.Status.SHIPPED if n == 6 else Order.Status.UNSHIPPED,
            fulfilled_by="amazon" if n == 7 else "merchant",
            marketplace_id="A2EUQ1WTGCTBG2" if n == 8 else "ATVPDKIKX0DER",
            has_unmatched=n == 1,
            lines=({"seller_sku": f"MANY-{n}"}, {}),
        )


@pytest.mark.parametrize("size", [1, 2, 500])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"show": "ship"},
        {"show": "late"},
        {"show": "unmatched"},
        {"status": "shipped"},
        {"marketplace": "A2EUQ1WTGCTBG2"},
        {"q": "many-"},
        {"q": "MANY-3"},
        {"q": "nothing of it"},
        {"show": "ship", "q": "many"},
    ],
)
def test_file_holds_what_all_pages_of_the_list_hold_in_their_order(
    world: World,
    client: Client,
    query: dict[str, Any],
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("channels_amazon.views.orders.order_export.ROWS", size)
    monkeypatch.setattr("channels_amazon.views.orders.orders.ROWS", 2)
    make_many(world)

    assert [row["order_id"] for row in rows(client, query)] == listed(client, query)


def test_file_and_page_of_a_cut_search_say_so(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_many(world)
    query = {"q": "many-"}
    whole = rows(client, query)
    monkeypatch.setattr("channels_amazon.services.orders.search.COUNT_CAP", 4)

    *cut, note = rows(client, query)

    said = "only 4 of them were looked up"
    assert (len(whole), len(cut)) == (9, 4)
    assert said in note["order_id"]
    assert not any(note[name] for name in note if name != "order_id")
    assert said in client.get(reverse(LIST), query).content.decode()
    assert rows(client, {"q": "MANY-3"})[-1]["order_id"].count("-") == 2


@pytest.mark.parametrize(
    ("typed", "is_found"), [("nothing of it", False), ("many-", True)]
)
def test_file_and_page_say_that_only_the_newest_were_looked_through(
    world: World,
    client: Client,
    typed: str,
    is_found: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_many(world)
    monkeypatch.setattr("channels_amazon.services.orders.search.NEWEST", 5)
    query = {"q": typed}

    *found, note = rows(client, query)

    said = f"“{typed}” was looked for in the newest "
    assert bool(found) == is_found
    assert said in note["order_id"]
    assert said in client.get(reverse(LIST), query).content.decode()


def test_whole_order_id_that_is_not_there_has_no_note(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_many(world)
    monkeypatch.setattr("channels_amazon.services.orders.search.NEWEST", 5)

    assert rows(client, {"q": "902-9999999-9999999"}) == []


def test_reason_to_be_cut_is_said_before_the_newest(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_many(world)
    monkeypatch.setattr("channels_amazon.services.orders.search.COUNT_CAP", 4)
    monkeypatch.setattr("channels_amazon.services.orders.search.NEWEST", 3)

    note = rows(client, {"q": "902"})[-1]

    assert note["order_id"].startswith("Very many orders hold “902”")


def test_file_goes_on_from_no_page(world: World, client: Client) -> None:
    make_many(world)
    later = client.get(reverse(LIST)).content.decode()

    assert f'href="{reverse(EXPORT)}"' in later
    assert len(rows(client, {"q": ""})) == Order.objects.count()


def test_row_says_what_the_list_says(world: World, client: Client) -> None:
    Order.objects.all().delete()
    order = builders.make_order(
        world.account,
        ship_by=timezone.now() - timedelta(hours=1),
        has_shortage=True,
        total="12.50",
        lines=({"seller_sku": "A", "quantity": 2}, {"seller_sku": "", "asin": "B0"}),
    )

    (row,) = rows(client)

    assert row["order_id"] == order.amazon_order_id
    assert (row["account"], row["marketplace"]) == (world.account.seller_id, "US")
    assert (row["fulfilled_by"], row["status"]) == ("MFN", "To ship")
    assert row["needs"] == "late, backorder"
    assert (row["units"], row["lines"]) == ("3", "2 × A; 1 × B0")
    assert (row["total"], row["currency"]) == ("12.50", "USD")
    assert row["ship_by"].endswith("+00:00")


def test_order_that_amazon_ships_says_so(world: World, client: Client) -> None:
    Order.objects.update(fulfilled_by="amazon")

    (row,) = rows(client)

    assert (row["status"], row["needs"]) == ("Amazon ships", "")


def test_file_is_in_the_readers_language(world: World, client: Client) -> None:
    client.cookies["django_language"] = "zh-hans"

    (row,) = rows(client)

    assert row["status"] == "待发货"


def test_nothing_is_taken_for_a_formula(world: World, client: Client) -> None:
    Order.objects.all().delete()
    builders.make_order(
        world.account,
        amazon_order_id="=1+1",
        amazon_status="@SUM(A1)",
        status=Order.Status.UNKNOWN,
        currency="-X",
    )

    (row,) = rows(client)

    assert (row["order_id"], row["status"], row["currency"]) == (
        "'=1+1",
        # Amazon's own words stand in quotation marks, on pages too.
        "“@SUM(A1)”",
        "'-X",
    )


def test_sku_is_no_formula_where_semicolons_part_cells(
    world: World, client: Client
) -> None:
    builders.make_order(world.account, lines=({"seller_sku": "a;=1+1"},))

    file = io.StringIO(text(client), newline="")

    cells = [cell for row in csv.reader(file, delimiter=";") for cell in row]
    assert any(cell.startswith("'=1+1") for cell in cells)
    assert not any(cell.startswith("=") for cell in cells)


def test_nothing_of_a_buyer_is_in_the_file(world: World, client: Client) -> None:
    store_personal_data(
        world.order,
        {"buyerName": "CANARY Ann"},
        {"deliveryAddress": {"name": "CANARY Ann", "city": "CANARYville"}},
    )

    assert "CANARY" not in text(client)


def test_download_is_in_the_audit_log_of_the_store(
    world: World, client: Client
) -> None:
    other = builders.make_member(user=world.owner).store
    text(client)

    entry = AuditEntry.objects.get(code="access.exported")
    assert (entry.store_id, entry.reference) == (world.store.pk, "orders")
    assert entry.actor == world.owner.get_username()
    assert other.pk != entry.store_id


def test_download_of_everything_is_in_the_installations_audit_log() -> None:
    world = make_world()
    text(signed_in(builders.make_user(is_superuser=True)))

    assert AuditEntry.objects.get(code="access.exported").store_id is None
    assert world.order.amazon_order_id


@pytest.mark.parametrize("orders", [10, 60])
def test_file_is_read_by_parts_not_by_rows(
    world: World, client: Client, orders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels_amazon.views.orders.order_export.ROWS", 10)
    for _ in range(orders - 1):
        builders.make_order(world.account)

    with CaptureQueriesContext(connection) as asked:
        text(client)

    # A part costs the orders, their lines, and whether one has no time.
    assert len(asked) <= 14 + 3 * (orders // 10)


def test_filter_that_is_not_understood_saves_nothing_and_says_so(
    client: Client,
) -> None:
    before = AuditEntry.objects.count()

    for query in ({"q": "x" * 121}, {"account": "77'--"}, {"show": "lat"}):
        response = client.get(reverse(EXPORT), query)

        assert response.status_code == 400
        assert "Nothing is shown" in response.content.decode()
    assert AuditEntry.objects.count() == before
