"""What Amazon may still show of a listing falls by what it sold."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import Listing, Order, SyncRule
from channels_amazon.services.stock import ledger
from channels_amazon.services.stock.drift import take_readings
from channels_amazon.services.stock.publication import refresh_desired
from channels_amazon.services.stock.push_state import mark_acknowledged
from channels_amazon.services.stock.reservations import reconcile_order
from channels_amazon.services.stock.shown import Sale, note_sales
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def listings() -> list[Listing]:
    """Give two listings of ten units, half of them each account's, both accepted."""
    store = builders.make_store()
    variant = builders.make_variant(store, sku="LAMP")
    warehouse = builders.make_warehouse(store)
    SyncRule.objects.create(
        store=store,
        kind=SyncRule.Kind.STOCK,
        terms={"mode": "split", "share": 50},
    )
    made = [
        builders.make_listing(
            builders.make_account(store),
            seller_sku="LAMP",
            variant=variant,
            is_mfn=True,
        )
        for _ in range(2)
    ]
    ledger.set_on_hand(variant, warehouse, 10, actor="", key="ten")
    for listing in made:
        accept(listing)
    return made


def accept(listing: Listing) -> None:
    """Have Amazon accept what the listing should publish a minute ago, and show it."""
    now = timezone.now()
    mark_acknowledged(Listing.objects.get(pk=listing.pk), now - timedelta(minutes=1))
    show(listing)


def show(listing: Listing) -> None:
    """Have Amazon show what it accepted."""
    now = timezone.now()
    row = Listing.objects.get(pk=listing.pk)
    row.observed_quantity, row.observed_at = row.acknowledged_quantity, now
    row.save(update_fields=["observed_quantity", "observed_at"])
    take_readings([row], None, now)


def sell(listing: Listing, units: int, at: datetime | None = None) -> Order:
    """Take in an order of so many units."""
    order = builders.make_order(
        listing.account,
        ordered_at=at or timezone.now(),
        lines=({"seller_sku": "LAMP", "quantity": units},),
    )
    reconcile_order(order)
    return order


def numbers(listings: list[Listing]) -> list[tuple[int | None, int | None]]:
    """Return what each listing should publish, and what Amazon may show of it."""
    return [
        (row.desired_quantity, row.may_show_quantity)
        for row in Listing.objects.filter(pk__in=[one.pk for one in listings]).order_by(
            "pk"
        )
    ]


def test_part_that_sold_down_rises_only_as_others_let_go(
    listings: list[Listing],
) -> None:
    sell(listings[0], 3)

    # Seven are left, and the second account can sell five of them still.
    assert numbers(listings) == [(2, 2), (3, 5)]
    accept(listings[1])
    assert numbers(listings) == [(3, 3), (3, 3)]


def test_sale_before_the_last_answer_was_taken_off_already(
    listings: list[Listing],
) -> None:
    sell(listings[0], 3, timezone.now() - timedelta(hours=1))

    assert numbers(listings)[0] == (3, 5)


def test_order_that_is_read_again_is_noted_once(listings: list[Listing]) -> None:
    order = sell(listings[0], 3)

    reconcile_order(order)

    assert numbers(listings)[0][1] == 2


def test_more_sold_than_shown_leaves_nothing(listings: list[Listing]) -> None:
    sell(listings[0], 8)

    assert numbers(listings)[0] == (0, 0)


def test_stores_without_a_rule_note_nothing(
    listings: list[Listing],
) -> None:
    SyncRule.objects.all().delete()

    sell(listings[0], 3)

    assert numbers(listings)[0] == (7, 7)


def test_store_without_a_rule_asks_one_query_more(
    listings: list[Listing], django_assert_num_queries: object
) -> None:
    SyncRule.objects.all().delete()
    store = listings[0].account.store_id
    sale = Sale(store, listings[0].account_id, "LAMP", 1, timezone.now())

    with django_assert_num_queries(1):  # type: ignore[operator]
        note_sales([sale] * 20)


def test_what_amazon_has_is_not_forgotten_by_a_lower_wish(
    listings: list[Listing],
) -> None:
    # As a listing of an earlier version is: accepted, and nothing else known.
    Listing.objects.update(may_show_quantity=None)
    SyncRule.objects.update(terms={"mode": "split", "share": 10})

    refresh_desired([listings[0].variant_id or 0])

    assert numbers(listings) == [(1, 5), (1, 5)]


def test_what_parts_leave_rises_once_the_parts_have_let_go(
    listings: list[Listing],
) -> None:
    first, second = listings
    SyncRule.objects.update(account=first.account)
    refresh_desired([first.variant_id or 0])
    assert numbers(listings) == [(5, 5), (5, 5)]
    SyncRule.objects.update(terms={"mode": "split", "share": 10})

    refresh_desired([first.variant_id or 0])

    # Nine are left for the second account, and the first can sell five of them still.
    assert numbers(listings) == [(1, 5), (5, 5)]
    assert Listing.objects.get(pk=first.pk).holds_rises
    assert Listing.objects.get(pk=second.pk).desired_why["part"] == 9
    accept(first)
    assert numbers(listings) == [(1, 1), (9, 9)]


def test_part_rises_once_what_is_left_has_fallen(listings: list[Listing]) -> None:
    first, second = listings
    SyncRule.objects.update(account=first.account)
    refresh_desired([first.variant_id or 0])
    SyncRule.objects.update(terms={"mode": "split", "share": 90})

    refresh_desired([first.variant_id or 0])

    assert numbers(listings) == [(5, 5), (1, 5)]
    accept(second)
    assert numbers(listings) == [(9, 9), (1, 1)]
