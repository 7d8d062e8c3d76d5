"""Counts durations in fixed bins, and reads percentiles from them; pure, rules layer.

The bins grow by a constant factor from a millisecond to a day, so that one list of
numbers holds any amount of durations with one and the same relative error, and lists
of hours add up to days and months.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, log2, sqrt

SHORTEST, LONGEST = 0.001, 86_400.0
# Four bins for each doubling.
PER_DOUBLING = 4
GROWTH = 2.0 ** (1 / PER_DOUBLING)
_STEPS = ceil(log2(LONGEST / SHORTEST) * PER_DOUBLING)
# The upper edge of each bin, itself included; one more bin holds what is longer.
EDGES: tuple[float, ...] = tuple(SHORTEST * GROWTH**step for step in range(_STEPS + 1))
BINS = len(EDGES) + 1
# How far a percentile may be from the true one, in parts of it.
ERROR = sqrt(GROWTH) - 1

# A count for each bin.
Bins = list[int]
# As an hour is stored: a count for each bin that is not empty, by its place as text
# (JSON knows no other keys). An hour fills some five of a hundred bins.
SparseBins = dict[str, int]


def empty() -> Bins:
    """Return bins without anything in them."""
    return [0] * BINS


def add(bins: Bins, seconds: float) -> None:
    """Count one duration, in place; one below zero counts as none at all."""
    bins[_place(seconds)] += 1


def add_sparse(bins: SparseBins, seconds: float) -> None:
    """Count one duration as `add` does, in place, in bins as they are stored."""
    place = str(_place(seconds))
    bins[place] = bins.get(place, 0) + 1


def merge(bins: Sequence[int], stored: Iterable[Mapping[str, int]]) -> Bins:
    """Return the sum of bins and of stored ones; places beyond the last are dropped."""
    total = [*bins]
    for part in stored:
        for place, number in part.items():
            if int(place) < BINS:
                total[int(place)] += number
    return total


def count(bins: Sequence[int]) -> int:
    """Return how many durations were counted."""
    return sum(bins)


def percentile(bins: Sequence[int], share: float) -> float | None:
    """Return the duration in seconds that `share` (0 to 1) of them do not exceed.

    Between SHORTEST and LONGEST it is within ERROR of the true one, by nearest rank;
    below and beyond it is that limit. None where nothing was counted.
    """
    rank = max(1, ceil(share * count(bins)))
    seen = 0
    for place, number in enumerate(bins):
        seen += number
        if seen >= rank:
            return _middle(place)
    return None


def columns(bins: Sequence[int], wide: int) -> list[int]:
    """Return the bins summed up `wide` at a time, the first and last ones alike."""
    return [sum(bins[place : place + wide]) for place in range(0, len(bins), wide)]


def _place(seconds: float) -> int:
    return bisect_left(EDGES, seconds)


def _middle(place: int) -> float:
    if place == 0:
        return SHORTEST
    if place >= len(EDGES):
        return LONGEST
    return EDGES[place] / sqrt(GROWTH)
