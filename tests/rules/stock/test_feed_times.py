"""How long feeds take is told by those that ended, whatever their sizes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.stock.feed_times import (
    LONGEST_POLL,
    SHORTEST_POLL,
    feed_time,
    next_poll_at,
)
from channels_amazon.rules.stock.push_state import FeedTime

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_without_any_feed_it_is_the_usual_time() -> None:
    assert feed_time([]) == FeedTime()


def test_one_feed_tells_for_all_sizes() -> None:
    assert feed_time([(1000, seconds(90))]) == FeedTime(seconds(90))


def test_line_through_different_sizes() -> None:
    found = feed_time([(1000, seconds(110)), (5000, seconds(150))])

    assert found.fixed.total_seconds() == pytest.approx(100)
    assert found.of(9000).total_seconds() == pytest.approx(190)


def test_larger_feeds_that_were_faster_tell_nothing_of_the_size() -> None:
    found = feed_time([(1000, seconds(200)), (5000, seconds(100))])

    assert found == FeedTime(seconds(150))


@given(
    st.lists(
        st.tuples(st.integers(1, 25_000), st.floats(0, 1e5).map(seconds)),
        min_size=1,
        max_size=5,
    )
)
def test_no_feed_is_thought_to_take_less_than_nothing(
    ended: list[tuple[int, timedelta]],
) -> None:
    found = feed_time(ended)

    assert found.fixed >= timedelta(0)
    assert found.per_message >= timedelta(0)


@pytest.mark.parametrize(
    ("passed", "pause"),
    [(0, SHORTEST_POLL), (320, seconds(10)), (86_400, LONGEST_POLL)],
)
def test_poll_comes_sooner_than_it_matters(passed: float, pause: timedelta) -> None:
    now = NOW + seconds(passed)

    assert next_poll_at(NOW, now, None) == now + pause


def test_measured_feed_is_not_asked_for_before_it_can_be_there() -> None:
    assert next_poll_at(NOW, NOW, seconds(400)) == NOW + seconds(300)
    late = NOW + seconds(640)
    assert next_poll_at(NOW, late, seconds(400)) == late + seconds(20)
