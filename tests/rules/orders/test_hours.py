"""Which hours of a day were read up to their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.orders.hours import (
    HOUR,
    READ_WITHIN,
    Tail,
    hours_until,
    is_unread,
    tail_of,
    unread_since,
)

NOW = datetime(2026, 11, 30, 10, 20, 30, 5, tzinfo=UTC)


def test_hours_end_with_that_of_now() -> None:
    hours = hours_until(NOW, 24)

    assert len(hours) == 24
    assert hours[-1] == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert {
        later - sooner for sooner, later in zip(hours, hours[1:], strict=False)
    } == {HOUR}


@pytest.mark.parametrize(
    ("ago", "is_stopped", "is_told", "tail"),
    [
        (timedelta(minutes=30), False, True, Tail.TOLD),
        (READ_WITHIN, False, True, Tail.TOLD),
        (READ_WITHIN, False, False, Tail.WAITING),
        (READ_WITHIN + timedelta(seconds=1), False, True, Tail.MISSED),
        (READ_WITHIN + timedelta(seconds=1), False, False, Tail.MISSED),
        # Nobody comes again to read the rest.
        (timedelta(minutes=5), True, True, Tail.MISSED),
    ],
)
def test_time_since_the_sweep_is_read_while_events_tell_and_another_comes(
    ago: timedelta, is_stopped: bool, is_told: bool, tail: Tail
) -> None:
    found = tail_of(NOW, NOW - ago, is_stopped=is_stopped, is_told=is_told)

    assert found == tail
    since = unread_since(NOW - ago, found)
    assert since == (None if tail == Tail.TOLD else NOW - ago)


def test_first_pull_leaves_every_hour_unread() -> None:
    tail = tail_of(NOW, None, is_stopped=False, is_told=True)
    since = unread_since(None, tail)

    assert all(is_unread(hour, since) for hour in hours_until(NOW, 24))


def test_hour_is_unread_where_a_part_of_it_is() -> None:
    since = NOW - 2 * HOUR

    unread = [hour.hour for hour in hours_until(NOW, 5) if is_unread(hour, since)]
    assert unread == [8, 9, 10]
    assert not is_unread(hours_until(NOW, 1)[0], None)
