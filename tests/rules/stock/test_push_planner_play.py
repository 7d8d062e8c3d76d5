"""The push planner in play: never far from what was possible, and never unsafe.

What was possible is told by `bench.push_oracle`, which knows all changes in advance and
how long a feed takes. A planner knows neither: a feed that it submits for a few changes
cannot carry those to come. So changes that all come at once are compared with the
oracle, and those that keep coming with what patches alone would take.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.push_oracle import Change, PushLimits, makespan
from channels_amazon.rules.stock.push_feeds import LEAST_SAVED
from channels_amazon.rules.stock.push_state import FeedTime
from tests.rules.stock.push_simulation import (
    NEVER,
    PATCH,
    PushSimulation,
    Wish,
    recent,
)

# Seconds: a few tokens, and a few of the planner's shortest looks.
LOOKS = 2.0
SETTLED = settings(
    derandomize=True, max_examples=25, phases=(Phase.explicit, Phase.generate)
)


@dataclass(frozen=True)
class Load:
    """How many listings change within how many seconds, and how often each does."""

    seed: int
    count: int
    span: float
    feed_takes: float
    message_takes: float
    zeros: float
    times: int = 1

    @property
    def limits(self) -> PushLimits:
        """Return Amazon's limits."""
        return PushLimits(PATCH, self.feed_takes, self.message_takes)

    def wishes(self) -> list[Wish]:
        """Return the changes."""
        chance = random.Random(self.seed)  # noqa: S311 - not a secret
        return [
            Wish(
                chance.uniform(0, self.span),
                listing_id,
                0 if chance.random() < self.zeros else chance.randint(1, 99),
                is_by_person=chance.random() < 0.02,
            )
            for listing_id in range(self.count)
            for _ in range(chance.randint(1, self.times))
        ]


LOADS = st.builds(
    Load,
    seed=st.integers(0, 10_000),
    count=st.sampled_from([1, 6, 40, 300, 900, 2000]),
    span=st.just(0.0),
    feed_takes=st.sampled_from([5.0, 20.0, 60.0, 200.0, 900.0]),
    message_takes=st.sampled_from([0.0, 0.0, 0.01, 0.1]),
    zeros=st.sampled_from([0.0, 0.05, 0.5]),
)


def bound(wishes: list[Wish], limits: PushLimits) -> float:
    """Return the least time in which the wishes can be at Amazon."""
    return makespan([wish.change for wish in wishes], limits)


@pytest.mark.parametrize(
    ("feed_takes", "zeros"), [(60.0, 0.02), (300.0, 0.05), (1000.0, 0.2)]
)
def test_ten_thousand_changes_take_little_longer_than_the_best_mix(
    feed_takes: float, zeros: float
) -> None:
    load = Load(1, 10_000, 0.0, feed_takes, 0.0, zeros=zeros)
    wishes = load.wishes()

    result = PushSimulation(wishes, load.limits).run()

    least = bound(wishes, load.limits)
    assert least - 0.02 <= result.makespan <= 1.1 * least
    assert result.shown == recent(wishes)
    last_zero = max(at for at, wish in result.patched if wish.quantity == 0)
    first_other = min(at for at, wish in result.patched if wish.quantity > 0)
    assert last_zero <= first_other


@SETTLED
@given(LOADS)
def test_planner_is_near_the_oracle(load: Load) -> None:
    wishes = load.wishes()

    result = PushSimulation(wishes, load.limits).run()

    least = bound(wishes, load.limits)
    assert result.shown == recent(wishes)
    assert result.makespan >= least - 0.02
    assert result.makespan <= max(1.1 * least, least + LEAST_SAVED) + LOOKS


@SETTLED
@given(LOADS, st.sampled_from([3.0, 30.0, 120.0, 600.0]))
def test_feeds_never_delay_what_patches_would_bring(load: Load, span: float) -> None:
    wishes = [
        Wish(wish.at + span * n / load.count, wish.listing_id, wish.quantity)
        for n, wish in enumerate(load.wishes())
    ]

    result = PushSimulation(wishes, load.limits).run()

    assert result.shown == recent(wishes)
    assert result.makespan <= 1.05 * bound(wishes, PushLimits(PATCH)) + LOOKS


@pytest.mark.parametrize(("feed_takes", "fails"), [(NEVER, 0), (290.0, 9)])
def test_feed_that_brings_nothing_costs_little_time(
    feed_takes: float, fails: int
) -> None:
    wishes = Load(1, 3000, 0.0, feed_takes, 0.0, zeros=0.05).wishes()
    measured = FeedTime(timedelta(seconds=300))

    result = PushSimulation(
        wishes, PushLimits(PATCH, feed_takes), measured=measured, fails=fails
    ).run()

    assert result.feeds
    assert result.makespan <= 1.05 * bound(wishes, PushLimits(PATCH)) + LOOKS


@pytest.mark.parametrize("truth", [0.3, 0.8, 1.3, 3.0])
def test_feed_that_takes_another_time_than_expected(truth: float) -> None:
    wishes = Load(1, 5000, 0.0, 300.0 * truth, 0.0, zeros=0.0).wishes()
    limits = PushLimits(PATCH, 300.0 * truth)

    result = PushSimulation(
        wishes, limits, measured=FeedTime(timedelta(seconds=300))
    ).run()

    # A feed that is sooner there than expected could have carried more.
    assert result.makespan <= 1.1 * max(300.0, bound(wishes, limits)) + LOOKS
    assert result.shown == recent(wishes)


@SETTLED
@given(
    st.builds(
        Load,
        seed=st.integers(0, 10_000),
        count=st.sampled_from([50, 400]),
        span=st.sampled_from([20.0, 200.0]),
        feed_takes=st.sampled_from([20.0, 60.0]),
        message_takes=st.just(0.0),
        zeros=st.sampled_from([0.02, 0.2]),
        times=st.just(4),
    ),
    st.booleans(),
    st.sampled_from([0, 1]),
)
def test_newer_wish_outlives_every_feed(load: Load, fresh: bool, fails: int) -> None:
    wishes = load.wishes()

    result = PushSimulation(wishes, load.limits, fresh=fresh, fails=fails).run()

    assert result.shown == recent(wishes)
    # Whatever else is due, each zero that still holds is sent as soon as it can be.
    zeros = [wish for wish in wishes if wish.quantity == 0]
    alone = makespan([Change(wish.at, by_feed=False) for wish in zeros], load.limits)
    last = {wish.listing_id: wish for wish in sorted(wishes, key=lambda one: one.at)}
    for wish in last.values():
        sent = [at for at, one in result.patched if one is wish]
        if wish.quantity == 0:
            assert min(sent) <= max(alone, wish.at) + LOOKS


def test_zero_of_a_listing_in_a_feed_goes_at_once_and_again_after_it() -> None:
    chance = random.Random(1)  # noqa: S311 - not a secret
    load = Load(1, 2000, 0.0, 60.0, 0.0, zeros=0.0)
    # The most of them are in the feed, which ends at 63 s.
    zeros = [Wish(chance.uniform(5, 55), one, 0) for one in range(1000, 1040)]

    result = PushSimulation([*load.wishes(), *zeros], load.limits).run()

    sent = [[at for at, one in result.patched if one is wish] for wish in zeros]
    assert all(
        times[0] <= wish.at + LOOKS for times, wish in zip(sent, zeros, strict=True)
    )
    again = [times[1] for times in sent if len(times) > 1]
    assert len(again) > len(zeros) / 2
    assert 60.0 < min(again) <= max(again) <= 63.0 + len(again) / 5 + LOOKS
    assert {result.shown[wish.listing_id] for wish in zeros} == {0}


def test_bound_counts_burst_rate_and_feed() -> None:
    at_once = [Change(0.0)] * 105
    zeros = [Change(0.0, by_feed=False)] * 105

    assert makespan([], PushLimits(PATCH)) == 0.0
    assert makespan(at_once[:5], PushLimits(PATCH)) == 0.0
    assert makespan(at_once, PushLimits(PATCH)) == pytest.approx(20.0, abs=0.02)
    assert makespan(at_once, PushLimits(PATCH, 8.0)) == pytest.approx(8.0, abs=0.02)
    assert makespan(zeros, PushLimits(PATCH, 8.0)) == pytest.approx(20.0, abs=0.02)
    # 8 s + 0.1 s for each of 30 in the feed, while the others are patched.
    assert makespan(at_once, PushLimits(PATCH, 8.0, 0.1)) == pytest.approx(
        12.0, abs=0.1
    )
