"""Which calls are planned for which state, and when it is planned again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.quota import Quota
from channels_amazon.rules.stock.push_calls import (
    Patch,
    PushPlan,
    ReadThenPatch,
    SubmitFeed,
)
from channels_amazon.rules.stock.push_planner import LONGEST_PAUSE, plan
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
PATCH, GET, CREATE = Quota(5, 5, 5), Quota(10, 5, 10), Quota(15, 0.0083, 15)
FEED = FeedUnderWay("f", NOW - MINUTE, 100)


def due(listing_id: int = 1, **over: Any) -> DueListing:
    """Make a listing that is due for a minute, freshly read."""
    fields: dict[str, Any] = {"due_since": NOW - MINUTE, "is_fresh": True, **over}
    return DueListing(listing_id, **fields)


def state(*listings: DueListing, **over: Any) -> PushState:
    """Make a state with full buckets, in which a feed takes two minutes."""
    fields: dict[str, Any] = {
        "patch": PATCH,
        "get": GET,
        "create_feed": CREATE,
        "feed_time": FeedTime(2 * MINUTE),
        **over,
    }
    return PushState(due=DueListings.of(listings), **fields)


def patched(made: PushPlan) -> list[int]:
    """Return the listings that are patched, in their order."""
    return [call.listing_id for call in made.calls if not isinstance(call, SubmitFeed)]


def feeds(made: PushPlan) -> list[SubmitFeed]:
    """Return the feeds that are submitted."""
    return [call for call in made.calls if isinstance(call, SubmitFeed)]


def test_nothing_is_due() -> None:
    assert plan(state(), NOW) == PushPlan((), None)


def test_what_is_fresh_is_patched_and_the_rest_is_read_before() -> None:
    made = plan(state(due(1), due(2, is_fresh=False)), NOW)

    assert made.calls == (Patch(1), ReadThenPatch(Patch(2)))


def test_quantity_and_price_go_in_one_call() -> None:
    both = due(1, has_prices=True)
    price = due(2, has_prices=True, has_quantity=False, is_fresh=False)

    assert plan(state(both, price), NOW).calls == (
        Patch(1, has_prices=True),
        Patch(2, has_quantity=False, has_prices=True),
    )


def test_tokens_go_to_the_most_urgent() -> None:
    low = due(1, danger=Danger.LOW_COVER)
    found = [due(4), low, due(3, is_by_person=True), due(2, danger=Danger.ZERO)]

    made = plan(state(*found, patch=Quota(2.5, 5, 5)), NOW)

    assert patched(made) == [2, 3]
    # The next token, half of which is there.
    assert made.replan_at == NOW + timedelta(seconds=0.101)


def test_without_a_token_to_read_only_a_known_handling_time_is_sent() -> None:
    unknown = due(1, is_fresh=False, knows_handling_time=False, danger=Danger.ZERO)
    known = due(2, is_fresh=False)

    made = plan(state(unknown, known, get=Quota(0.5, 0.5, 10)), NOW)

    assert made.calls == (Patch(2),)
    assert made.replan_at == NOW + timedelta(seconds=1.001)


def test_what_a_feed_carries_is_left_to_it_until_it_is_late() -> None:
    carried = due(1, feed_id="f")
    ends_at = FEED.submitted_at + 2 * MINUTE

    made = plan(state(carried, feeds=(FEED,)), NOW)

    assert made.calls == ()
    assert made.replan_at == min(ends_at, NOW + LONGEST_PAUSE)
    late = plan(state(carried, due(2), feeds=(FEED,)), ends_at)
    # What no feed brings goes first.
    assert late.calls == (Patch(2), Patch(1))


@pytest.mark.parametrize(
    ("over", "goes"),
    [
        ({}, False),
        ({"danger": Danger.ZERO}, True),
        ({"danger": Danger.LOW_COVER}, True),
        ({"is_by_person": True}, True),
        ({"danger": Danger.ZERO, "is_patched": True}, False),
    ],
)
def test_newer_wish_goes_now_only_where_waiting_is_worse(
    *, over: dict[str, Any], goes: bool
) -> None:
    one = due(1, feed_id="f", is_newer=True, **over)

    made = plan(state(one, feeds=(FEED,)), NOW)

    assert made.calls == ((Patch(1, repeats_after_feed=True),) if goes else ())
    assert made.replan_at is not None


@pytest.mark.parametrize("is_patched", [True, False])
def test_newer_wish_is_sent_for_good_after_the_feed(*, is_patched: bool) -> None:
    one = due(1, feed_id="f", is_newer=True, is_patched=is_patched)

    assert plan(state(one), NOW).calls == (Patch(1),)


def test_newer_wish_of_a_late_feed_waits_no_longer() -> None:
    one = due(1, feed_id="f", is_newer=True)
    late = FEED.submitted_at + 2 * MINUTE

    made = plan(state(one, feeds=(FEED,)), late)

    assert made.calls == (Patch(1, repeats_after_feed=True),)
    again = plan(state(replace(one, is_patched=True), feeds=(FEED,)), late)
    assert again.calls == ()
    assert again.replan_at == late + LONGEST_PAUSE


flags = st.booleans()


@st.composite
def states(draw: st.DrawFn) -> PushState:
    """Draw a state with a few listings, feeds and tokens."""
    found = [
        DueListing(
            listing_id,
            NOW - timedelta(seconds=draw(st.integers(0, 300))),
            draw(st.sampled_from(Danger)),
            is_by_person=draw(flags),
            is_fresh=draw(flags),
            knows_handling_time=draw(flags),
            feed_id=draw(st.sampled_from(["", "", "old", "new", "gone"])),
            is_newer=draw(flags),
            is_patched=draw(flags),
        )
        for listing_id in range(draw(st.integers(0, 30)))
    ]
    old = FeedUnderWay("old", NOW - 9 * MINUTE, 10)
    new = FeedUnderWay("new", NOW - timedelta(seconds=1), 10)
    tokens = st.sampled_from([0.0, 0.7, 1.0, 3.2, 5.0])
    return state(
        *found,
        patch=Quota(draw(tokens), draw(st.sampled_from([0.0, 0.1, 5.0])), 5),
        get=Quota(draw(tokens), draw(st.sampled_from([0.0, 5.0])), 10),
        create_feed=Quota(draw(tokens), 0.0083, 15),
        feeds=(old, new),
        submitted=tuple(
            NOW - timedelta(seconds=draw(st.integers(0, 400)))
            for _ in range(draw(st.integers(0, 6)))
        ),
        feed_time=FeedTime(timedelta(seconds=draw(st.sampled_from([5, 60])))),
    )


@given(states())
def test_plan_keeps_within_tokens_and_sends_nothing_twice(
    given_state: PushState,
) -> None:
    made = plan(given_state, NOW)

    ids = patched(made)
    reads = [call for call in made.calls if isinstance(call, ReadThenPatch)]
    assert len(ids) <= given_state.patch.available
    assert len(reads) <= given_state.get.available
    assert len(feeds(made)) <= given_state.create_feed.available
    ids += [one for feed in feeds(made) for one in feed.listing_ids]
    assert len(set(ids)) == len(ids)


@given(states())
def test_zeros_go_before_all_else_and_never_by_feed(given_state: PushState) -> None:
    made = plan(given_state, NOW)
    parts = given_state.due
    known = {
        one.listing_id: one
        for one in [*parts.waiting, *parts.superseded, *parts.carried]
    }

    waiting = [known[one] for one in patched(made) if not known[one].feed_id]
    dangers = [one.danger is not Danger.ZERO for one in waiting]
    assert dangers == sorted(dangers)
    for feed in feeds(made):
        for one in feed.listing_ids:
            assert known[one].may_go_by_feed
            assert not known[one].feed_id


@given(states())
def test_plan_comes_back_while_anything_is_due(given_state: PushState) -> None:
    made = plan(given_state, NOW)

    if given_state.due:
        assert made.replan_at is not None
        assert NOW < made.replan_at <= NOW + LONGEST_PAUSE
    else:
        assert made == PushPlan((), None)


@given(states())
def test_feed_on_time_is_not_overtaken_by_its_own_number(
    given_state: PushState,
) -> None:
    made = plan(given_state, NOW)

    on_time = {
        one.listing_id for one in given_state.due.carried if one.feed_id == "new"
    }
    assert not on_time & set(patched(made))
