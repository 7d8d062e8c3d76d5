"""When a feed pays, and what it carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels_amazon.rules.quota import Quota
from channels_amazon.rules.stock.push_feeds import (
    LONGEST_QUIET,
    LONGEST_WAIT,
    MOST_BYTES,
    MOST_MESSAGES,
    MOST_SUBMISSIONS,
    PAUSE_FOR_EACH,
    SUBMISSION_WINDOW,
    FeedPlan,
    plan_feeds,
)
from channels_amazon.rules.stock.push_state import (
    Danger,
    DueListing,
    DueListings,
    FeedTime,
    FeedUnderWay,
    PushState,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIVE_MINUTES = FeedTime(5 * MINUTE)


def waiting(count: int, **over: Any) -> list[DueListing]:
    """Make so many listings that are due for a minute."""
    fields: dict[str, Any] = {"due_since": NOW - MINUTE, **over}
    return [DueListing(listing_id, **fields) for listing_id in range(count)]


def feeds_for(found: list[DueListing], **over: Any) -> FeedPlan:
    """Return the feeds for these listings, with no token of a patch there."""
    fields: dict[str, Any] = {
        "patch": Quota(0, 5, 5),
        "get": Quota(10, 5, 10),
        "create_feed": Quota(15, 0.0083, 15),
        "feed_time": FIVE_MINUTES,
        **over,
    }
    made = PushState(due=DueListings.of(found), **fields)
    return plan_feeds(made.due.waiting, frozenset(), made, NOW)


def sizes(made: FeedPlan) -> list[int]:
    """Return how many listings each feed carries."""
    return [len(feed.listing_ids) for feed in made.feeds]


@pytest.mark.parametrize(
    ("count", "carried"),
    [
        # Five a second for five minutes are 1,500: a feed of fewer would end later.
        (1500, []),
        (1550, []),
        (1700, [200]),
        (10_000, [8500]),
    ],
)
def test_feed_carries_what_patches_would_bring_later(
    count: int, carried: list[int]
) -> None:
    assert sizes(feeds_for(waiting(count))) == carried


def test_feed_waits_for_the_one_before_it() -> None:
    # Amazon works on one feed of a seller after the other.
    before = FeedUnderWay("F-1", NOW - MINUTE, 9000)
    count = 2600

    assert sizes(feeds_for(waiting(count))) == [1100]
    # The first one ends in four minutes, so that a second would take nine.
    assert sizes(feeds_for(waiting(count), feeds=(before,))) == []
    assert sizes(feeds_for(waiting(3000), feeds=(before,))) == [300]


def test_feed_takes_longer_for_more_messages() -> None:
    takes = FeedTime(MINUTE, timedelta(milliseconds=100))

    # 60 s + 0.1 s * n = (3,000 - n) / 5
    assert sizes(feeds_for(waiting(3000), feed_time=takes)) == [1800]


def test_most_urgent_are_patched() -> None:
    urgent = [
        DueListing(10_000 + n, NOW - MINUTE, danger)
        for n, danger in enumerate([Danger.ZERO, Danger.LOW_COVER])
    ]
    newest = DueListing(20_000, NOW - MINUTE / 2)

    [feed] = feeds_for([*waiting(3000), *urgent, newest]).feeds

    assert newest.listing_id in feed.listing_ids
    assert not {one.listing_id for one in urgent} & set(feed.listing_ids)


@pytest.mark.parametrize(
    "over", [{"danger": Danger.ZERO}, {"knows_handling_time": False}]
)
def test_some_changes_go_by_no_feed(over: dict[str, Any]) -> None:
    assert feeds_for(waiting(10_000, **over)) == FeedPlan()


def test_feeds_keep_within_amazons_limits() -> None:
    many = waiting(MOST_MESSAGES + 10_000, message_bytes=100)
    large = waiting(10_000, message_bytes=MOST_BYTES // 3000)

    assert sizes(feeds_for(many)) == [MOST_MESSAGES, 8500]
    assert sizes(feeds_for(large)) == [3000, 3000, 2500]


def test_only_so_many_feeds_are_submitted_at_once() -> None:
    found = waiting(10_000, message_bytes=MOST_BYTES // 1000)

    assert sizes(feeds_for(found)) == [1000] * MOST_SUBMISSIONS
    scarce = feeds_for(found, create_feed=Quota(3.5, 0.0083, 15))
    assert sizes(scarce) == [1000, 1000]


@pytest.mark.parametrize(
    ("over", "possible_at"),
    [
        # One token stays for other feeds.
        (
            {"create_feed": Quota(1.5, 0.01, 15)},
            NOW + timedelta(seconds=50),
        ),
        (
            {"submitted": (NOW - 2 * MINUTE,) * MOST_SUBMISSIONS},
            NOW - 2 * MINUTE + SUBMISSION_WINDOW,
        ),
        (
            {"submitted": (NOW - MINUTE / 6, NOW - 4 * MINUTE)},
            NOW - MINUTE / 6 + 2 * PAUSE_FOR_EACH,
        ),
        # While tokens are few, each feed waits for one of its own.
        (
            {"create_feed": Quota(5, 0.01, 15), "submitted": (NOW - MINUTE,)},
            NOW - MINUTE + timedelta(seconds=100),
        ),
        ({"no_feed_until": NOW + MINUTE}, NOW + MINUTE),
    ],
)
def test_feed_that_is_not_possible_now_is_planned_for(
    over: dict[str, Any], possible_at: datetime
) -> None:
    made = feeds_for(waiting(10_000), **over)

    assert made.feeds == ()
    assert made.replan_at == possible_at


def test_changes_that_keep_coming_share_a_feed() -> None:
    few = timedelta(seconds=10)
    coming = waiting(10_000, due_since=NOW - few)
    coming[-1] = DueListing(10_000, NOW - timedelta(seconds=1))

    made = feeds_for(coming)

    assert made == FeedPlan(replan_at=NOW - timedelta(seconds=1) + LONGEST_QUIET)
    # None waits for ever.
    coming = waiting(10_000, due_since=NOW - LONGEST_WAIT)
    coming[-1] = DueListing(10_000, NOW)
    assert sizes(feeds_for(coming)) == [8500]


def test_patch_quota_that_is_gone_leaves_everything_to_feeds() -> None:
    assert sizes(feeds_for(waiting(10), patch=Quota(0, 0, 5))) == [10]


def test_feed_time_is_long_until_one_was_measured() -> None:
    assert sizes(feeds_for(waiting(4000), feed_time=FeedTime())) == []
    assert sizes(feeds_for(waiting(10_000), feed_time=FeedTime())) == [5500]
