"""The transition table row by row, and what counts as news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.models import Order
from channels_amazon.rules import order_transitions as rules
from channels_amazon.rules.order_transitions import Effect, Target, Units

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

MERCHANT_ROWS = [
    ("pending_availability", Effect.KEEP),
    ("pending", Effect.RESERVE),
    ("unshipped", Effect.RESERVE),
    ("partially_shipped", Effect.RESERVE),
    ("shipped", Effect.SHIP),
    ("cancelled", Effect.RELEASE),
    ("unfulfillable", Effect.KEEP),
    ("unknown", Effect.KEEP),
]


@pytest.mark.parametrize(("status", "effect"), MERCHANT_ROWS)
def test_effect_of_merchant_order_follows_the_table(
    status: str, effect: Effect
) -> None:
    assert rules.effect_of(status, "merchant", "AMAZON") is effect
    assert rules.effect_of(status, "merchant", "NON_AMAZON") is Effect.NONE


@pytest.mark.parametrize("status", Order.Status.values)
def test_effect_of_amazons_own_shipping_never_touches_stock(status: str) -> None:
    assert rules.effect_of(status, "amazon") is Effect.NONE
    assert rules.effect_of(status, "") is Effect.KEEP


def test_table_has_a_row_for_every_status_of_the_model() -> None:
    assert {status for status, _who in rules.TRANSITIONS} == set(Order.Status.values)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PENDING", "pending"),
        ("PendingAvailability", "pending_availability"),
        ("PARTIALLY_SHIPPED", "partially_shipped"),
        ("PartiallyShipped", "partially_shipped"),
        ("Canceled", "cancelled"),
        ("CANCELLED", "cancelled"),
        ("InvoiceUnconfirmed", "pending"),
        ("Teleported", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_status_of_reads_every_spelling(word: str | None, status: str) -> None:
    assert rules.status_of(word) == status


@pytest.mark.parametrize(
    ("effect", "units", "target"),
    [
        (Effect.RESERVE, Units(3, 0), Target(3, 0)),
        (Effect.RESERVE, Units(3, 1, held=3), Target(2, 1)),
        (Effect.RESERVE, Units(3, 5), Target(0, 5)),
        (Effect.KEEP, Units(3, 0), Target(0, 0)),
        (Effect.KEEP, Units(3, 1, held=3), Target(2, 1)),
        (Effect.KEEP, Units(3, 0, held=2, settled=1), Target(3, 0)),
        (Effect.SHIP, Units(3, 3, held=3), Target(0, 3)),
        (Effect.RELEASE, Units(3, 1, held=2, settled=1), Target(0, 1)),
        (Effect.NONE, Units(3, 3), Target(0, 0)),
    ],
)
def test_target_of_holds_what_is_left(
    effect: Effect, units: Units, target: Target
) -> None:
    assert rules.target_of(effect, units) == target


def test_is_news_goes_by_time_then_by_progress() -> None:
    later = AT + timedelta(milliseconds=1)

    assert rules.is_news(later, "pending", AT, "unshipped")
    assert rules.is_news(AT, "unshipped", AT, "pending")
    assert not rules.is_news(AT, "pending", AT, "unshipped")
    assert not rules.is_news(AT, "unshipped", AT, "unshipped")
    assert not rules.is_news(AT, "shipped", later, "pending")
    assert rules.is_news(AT, "pending", None, "unknown")


def test_moves_back_is_never_true_of_an_unknown_status() -> None:
    assert rules.moves_back("shipped", "pending")
    assert not rules.moves_back("shipped", "unknown")
    assert not rules.moves_back("unknown", "pending")
