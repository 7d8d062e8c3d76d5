"""How dangerous a due quantity is, and what is sent first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.stock.push_state import (
    Danger,
    DueListing,
    DueListings,
    FeedTime,
    danger_of,
    is_fresh,
    urgency,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=1)
A_DAY = 1 / 86_400


@pytest.mark.parametrize(
    ("quantity", "shown", "velocity", "danger"),
    [
        (0, 5, 0.0, Danger.ZERO),
        (0, None, 0.0, Danger.ZERO),
        (3, 5, 0.0, Danger.LOW_COVER),
        (3, None, 0.0, Danger.LOW_COVER),
        (4, 5, 0.0, Danger.REST),
        # What sells within a day.
        (20, 50, 20 * A_DAY, Danger.LOW_COVER),
        (21, 50, 20 * A_DAY, Danger.REST),
        # What goes up endangers nothing, and a price no stock.
        (1, 0, 20 * A_DAY, Danger.RISE),
        (None, 5, 20 * A_DAY, Danger.REST),
    ],
)
def test_danger_is_what_can_be_oversold(
    quantity: int | None, shown: int | None, velocity: float, danger: Danger
) -> None:
    assert danger_of(quantity, shown, velocity) is danger


def test_zeros_then_persons_then_low_cover_then_the_oldest_then_rises() -> None:
    wanted = [
        DueListing(8, BEFORE, Danger.ZERO),
        DueListing(7, NOW, Danger.ZERO, is_by_person=True),
        DueListing(6, NOW, Danger.LOW_COVER, is_by_person=True),
        DueListing(5, BEFORE, is_by_person=True),
        DueListing(4, NOW, Danger.LOW_COVER),
        DueListing(3, BEFORE),
        DueListing(1, NOW),
        DueListing(2, NOW),
        DueListing(9, BEFORE, Danger.RISE),
    ]
    shuffled = random.Random(1).sample(wanted, len(wanted))  # noqa: S311 - no secret

    assert sorted(shuffled, key=urgency) == wanted


def test_due_listings_are_parted_by_the_feed_that_carries_them() -> None:
    waiting, low = DueListing(1, NOW), DueListing(2, NOW, Danger.LOW_COVER)
    carried = DueListing(3, NOW, feed_id="f")
    superseded = DueListing(4, NOW, feed_id="f", is_newer=True)

    due = DueListings.of([carried, waiting, superseded, low])

    assert due == DueListings([low, waiting], [superseded], [carried])
    assert due
    assert not DueListings.of([])


@pytest.mark.parametrize(
    ("one", "needs_reading", "may_be_sent_unread"),
    [
        (DueListing(1, NOW), True, True),
        (DueListing(1, NOW, is_fresh=True), False, True),
        (DueListing(1, NOW, knows_handling_time=False), True, False),
        # Prices are merged with what is there, so nothing is lost.
        (
            DueListing(
                1, NOW, has_quantity=False, has_prices=True, knows_handling_time=False
            ),
            False,
            True,
        ),
    ],
)
def test_quantity_is_not_sent_without_its_handling_time(
    *, one: DueListing, needs_reading: bool, may_be_sent_unread: bool
) -> None:
    assert one.needs_reading is needs_reading
    assert one.may_be_sent_unread is may_be_sent_unread
    assert one.may_go_by_feed is may_be_sent_unread


def test_time_of_a_feed_grows_with_its_messages() -> None:
    takes = FeedTime(timedelta(seconds=60), timedelta(milliseconds=20))

    assert takes.of(1000) == timedelta(seconds=80)


@pytest.mark.parametrize(
    ("seconds", "serves"), [(0, True), (60, True), (61, False), (-1, False)]
)
def test_reading_serves_for_a_minute(seconds: float, serves: bool) -> None:
    assert is_fresh(NOW - timedelta(seconds=seconds), NOW) is serves


def test_what_was_never_read_is_not_fresh() -> None:
    assert not is_fresh(None, NOW)
