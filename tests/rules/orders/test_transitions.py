"""The transition table row by row, and what counts as news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.models import Order
from channels_amazon.rules.orders import transitions as rules
from channels_amazon.rules.orders.transitions import AmazonFacts, Effect, Target, Units

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)

# A letter a row of the table: Keep, Reserve, reLease, Ship, "!" where a person must
# look. Columns: what Amazon says. Rows: our state.
COLUMNS = (
    "pending_availability pending unshipped partially_shipped shipped unfulfillable "
    "cancelled cancel_requested unknown"
).split()
MERCHANT_ROWS = """
new                   K  R  R  R  S  K! L  R! K!
pending_availability  K  R  R  R  S  K! L  R! K!
pending               K  R  R  R  S  K! L  R! K!
unshipped             K  R  R  R  S  K! L  R! K!
partially_shipped     K  R  R  R  S  K! L  R! K!
packed                K  R  R  R  S  K! L! R! K!
shipped               K  R  R  R  S  K! L! R! K!
unfulfillable         K  R  R  R  S  K! L  R! K!
cancelled             K  R  R  R  S  K! L  R! K!
unknown               K  R  R  R  S  K! L  R! K!
"""
EFFECTS = {
    "K": Effect.KEEP,
    "R": Effect.RESERVE,
    "L": Effect.RELEASE,
    "S": Effect.SHIP,
}
ROWS = [
    (ours, theirs, mark)
    for ours, *marks in map(str.split, MERCHANT_ROWS.strip().splitlines())
    for theirs, mark in zip(COLUMNS, marks, strict=True)
]
STATUSES = st.sampled_from([s for s in rules.THEIRS if s != rules.CANCEL_REQUESTED])


@pytest.mark.parametrize(("ours", "theirs", "mark"), ROWS)
def test_row_of_a_merchant_order(ours: str, theirs: str, mark: str) -> None:
    rule = rules.TRANSITIONS[ours, theirs, "merchant"]

    assert rule.units is EFFECTS[mark[0]]
    assert (rule.flag is not None) == mark.endswith("!")


@pytest.mark.parametrize(("ours", "theirs"), [row[:2] for row in ROWS])
def test_row_of_units_that_are_not_ours(ours: str, theirs: str) -> None:
    for who in ("amazon", "foreign"):
        rule = rules.TRANSITIONS[ours, theirs, who]
        assert rule.units is Effect.NONE
        assert rule.flag == ("unknown_status" if theirs == "unknown" else None)
    assert rules.TRANSITIONS[ours, theirs, ""].units is Effect.KEEP


@pytest.mark.parametrize(
    ("ours", "theirs", "units", "flag"),
    [
        ("packed", "cancelled", Effect.RELEASE, "cancelled_after_packing"),
        ("shipped", "cancelled", Effect.RELEASE, "cancelled_after_packing"),
        ("unshipped", "cancel_requested", Effect.RESERVE, "cancel_requested"),
        ("packed", "cancel_requested", Effect.RESERVE, "cancel_requested"),
        ("new", "unfulfillable", Effect.KEEP, "unfulfillable"),
        ("unshipped", "unknown", Effect.KEEP, "unknown_status"),
    ],
)
def test_flag_says_why_and_what_becomes_of_the_units(
    ours: str, theirs: str, units: Effect, flag: str
) -> None:
    rule = rules.TRANSITIONS[ours, theirs, "merchant"]

    assert (rule.units, rule.flag) == (units, flag)


def test_table_has_every_row_once_and_for_every_status_of_the_model() -> None:
    wanted = {*Order.Status.values, "cancel_requested"}
    assert {theirs for _ours, theirs, _who in rules.TRANSITIONS} == wanted
    assert {ours for ours, _theirs, _who in rules.TRANSITIONS} == {
        *Order.Status.values,
        "new",
        "packed",
    }
    assert {row[:2] for row in ROWS} == {row[:2] for row in rules.TRANSITIONS}
    assert {row[2] for row in rules.TRANSITIONS} >= set(Order.FulfilledBy.values)


def test_units_follow_from_what_amazon_says_alone() -> None:
    for (_ours, theirs, who), rule in rules.TRANSITIONS.items():
        assert rule.units is rules.TRANSITIONS["new", theirs, who].units


@given(st.sampled_from(rules.OURS), STATUSES, st.sampled_from(["merchant", "amazon"]))
def test_orders_of_another_channel_are_never_a_sale(
    ours: str, status: str, who: str
) -> None:
    facts = AmazonFacts(status, who, "NON_AMAZON", cancel_requested=True)

    assert rules.transition_of(ours, facts).units is Effect.NONE


@pytest.mark.parametrize(
    ("status", "who", "flag"),
    [
        ("pending", "merchant", "cancel_requested"),
        ("partially_shipped", "merchant", "cancel_requested"),
        ("pending_availability", "merchant", None),
        ("shipped", "merchant", None),
        ("cancelled", "merchant", None),
        ("unshipped", "amazon", None),
    ],
)
def test_buyers_wish_to_cancel_flags_open_orders_that_we_ship(
    status: str, who: str, flag: str | None
) -> None:
    facts = AmazonFacts(status, who, "AMAZON", cancel_requested=True)

    assert rules.transition_of(status, facts).flag == flag


@pytest.mark.parametrize(
    ("status", "is_packed", "state"),
    [
        ("", False, "new"),
        ("unshipped", False, "unshipped"),
        ("unshipped", True, "packed"),
        ("unknown", True, "packed"),
        ("shipped", True, "shipped"),
        ("cancelled", True, "cancelled"),
    ],
)
def test_state_of_knows_our_packages(status: str, is_packed: bool, state: str) -> None:
    assert rules.state_of(status, is_packed=is_packed) == state


@given(st.sampled_from(Effect), *[st.integers(0, 9)] * 4)
def test_target_is_never_negative_and_reconciles_once(
    effect: Effect, ordered: int, shipped: int, held: int, already: int
) -> None:
    first = rules.target_of(effect, Units(ordered, shipped, held, already))
    again = rules.target_of(effect, Units(ordered, shipped, first.held, first.shipped))

    assert min(first.held, first.shipped) >= 0
    assert again == first


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
        (Effect.KEEP, Units(3, 0, held=2, already_shipped=1), Target(3, 0)),
        (Effect.SHIP, Units(3, 3, held=3), Target(0, 3)),
        (Effect.RELEASE, Units(3, 1, held=2, already_shipped=1), Target(0, 1)),
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


def test_moves_back_goes_by_how_far_an_order_is() -> None:
    way = "pending_availability pending unshipped partially_shipped shipped".split()
    for place, status in enumerate([*way, "cancelled"]):
        assert not any(rules.moves_back(before, status) for before in way[:place])
        assert all(rules.moves_back(status, before) for before in way[:place])


def test_moves_back_is_never_true_of_an_unknown_status() -> None:
    assert rules.moves_back("shipped", "pending")
    assert not rules.moves_back("shipped", "unknown")
    assert not rules.moves_back("unknown", "pending")
