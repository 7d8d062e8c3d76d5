"""Durations in bins: nothing is lost, and percentiles keep their stated error."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.orders import latency

durations = st.floats(min_value=latency.SHORTEST, max_value=latency.LONGEST)
shares = st.floats(min_value=0.001, max_value=1)


def counted(seconds: list[float]) -> list[int]:
    """Return the bins of these durations."""
    bins = latency.empty()
    for one in seconds:
        latency.add(bins, one)
    return bins


def sparse(seconds: list[float]) -> latency.SparseBins:
    """Return the bins of these durations as they are stored."""
    bins: latency.SparseBins = {}
    for one in seconds:
        latency.add_sparse(bins, one)
    return bins


def test_bins_reach_from_a_millisecond_to_a_day() -> None:
    assert latency.EDGES[0] == latency.SHORTEST
    assert latency.EDGES[-2] < latency.LONGEST <= latency.EDGES[-1]
    assert latency.ERROR < 0.1


@given(st.lists(durations, min_size=1), shares)
def test_percentile_is_within_its_error(seconds: list[float], share: float) -> None:
    true = sorted(seconds)[max(1, ceil(share * len(seconds))) - 1]

    found = latency.percentile(counted(seconds), share)

    assert found is not None
    assert abs(found - true) <= latency.ERROR * true * 1.000001


@given(st.lists(st.lists(st.floats(min_value=-5, max_value=1e7))))
def test_merged_parts_are_the_whole(parts: list[list[float]]) -> None:
    together = counted([one for part in parts for one in part])

    assert latency.merge(latency.empty(), map(sparse, parts)) == together
    assert latency.count(together) == sum(map(len, parts))


@given(st.lists(durations, min_size=1), shares, shares)
def test_percentiles_rise(seconds: list[float], one: float, other: float) -> None:
    bins = counted(seconds)

    low = latency.percentile(bins, min(one, other))
    high = latency.percentile(bins, max(one, other))

    assert low is not None
    assert high is not None
    assert low <= high


@given(st.lists(durations), st.integers(min_value=1, max_value=9))
def test_columns_lose_nothing(seconds: list[float], wide: int) -> None:
    assert sum(latency.columns(counted(seconds), wide)) == len(seconds)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-3.0, latency.SHORTEST), (0.0, latency.SHORTEST), (1e9, latency.LONGEST)],
)
def test_what_is_beyond_the_bins_is_their_limit(seconds: float, shown: float) -> None:
    assert latency.percentile(counted([seconds]), 0.5) == shown


def test_nothing_has_no_percentile() -> None:
    assert latency.percentile(latency.empty(), 0.99) is None


def test_merge_drops_places_beyond_the_last_bin() -> None:
    stored = [{"0": 1, "1": 2}, {str(latency.BINS): 5}]

    assert latency.count(latency.merge(latency.empty(), stored)) == 3
