"""What a person changed is marked, so that it is sent ahead of the crowd."""

from __future__ import annotations

import pytest

from channels_amazon.models import Listing, StockMovement
from channels_amazon.services.jobs.coalescing import FollowUps
from channels_amazon.services.stock import ledger, publication
from channels_amazon.services.stock.ledger import Movement
from tests.builders import make_account, make_listing, make_variant, make_warehouse

pytestmark = pytest.mark.django_db

Reason = StockMovement.Reason


def listings(count: int) -> list[Listing]:
    account = make_account()
    make_warehouse(account.store)
    variants = [make_variant(account.store) for _ in range(count)]
    return [make_listing(account, variant=variant) for variant in variants]


def move(rows: list[Listing], *, actor: str, reason: Reason = Reason.COUNT) -> None:
    """Move units of the listings' variants, all in one change."""
    warehouse = rows[0].account.store.warehouses.get()
    movements = [
        Movement(
            row.variant_id or 0, warehouse.pk, reason, f"k{row.pk}", 9, actor=actor
        )
        for row in rows
    ]
    with FollowUps() as follow_ups:
        ledger.apply_movements(movements, follow_ups)


def marked() -> int:
    return Listing.objects.filter(push_due=True, push_by_person=True).count()


def test_count_by_a_person_is_marked() -> None:
    rows = listings(2)

    move(rows[:1], actor="ann")

    assert [Listing.objects.get(pk=row.pk).push_by_person for row in rows] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("actor", "reason"), [("", Reason.COUNT), ("ann", Reason.IMPORT)]
)
def test_what_no_person_waits_for_is_not_marked(actor: str, reason: Reason) -> None:
    move(listings(1), actor=actor, reason=reason)

    assert Listing.objects.get().push_due
    assert marked() == 0


@pytest.mark.parametrize("over", [0, 1])
def test_so_many_at_once_are_a_crowd_themselves(over: int) -> None:
    number = publication.MOST_BY_PERSON + over

    move(listings(number), actor="ann")

    assert Listing.objects.filter(push_due=True).count() == number
    assert marked() == (0 if over else number)
