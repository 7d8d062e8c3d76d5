"""How long a job or an item rests after failures in a row; services layer."""

from __future__ import annotations

from datetime import timedelta

# A job: its next run is soon, since what hindered it (a network, Amazon) often passes.
FIRST_OF_JOB = timedelta(seconds=5)
LONGEST_OF_JOB = timedelta(minutes=15)
# One item among many: its own data may be the cause, and each try costs quota.
FIRST_OF_ITEM = timedelta(seconds=10)
LONGEST_OF_ITEM = timedelta(hours=6)
# More would leave the range of a timedelta; both limits are reached long before.
_MOST_DOUBLINGS = 20


def doubled(first: timedelta, doublings: int, longest: timedelta) -> timedelta:
    """Return `first`, doubled so many times (a negative number counts as none)."""
    factor = 1 << min(max(doublings, 0), _MOST_DOUBLINGS)
    return min(first * factor, longest)
