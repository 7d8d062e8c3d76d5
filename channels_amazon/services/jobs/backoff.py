"""How long a job or an item rests after failures in a row; services layer."""

from __future__ import annotations

from datetime import timedelta

# A job: its next run is soon, since what hindered it (a network, Amazon) often passes.
FIRST_OF_JOB = timedelta(seconds=5)
LONGEST_OF_JOB = timedelta(minutes=15)
# While Amazon or the way to it fails, a job looks again this often: so long does the
# dearest operation need to grow a token, and nobody waits longer once that is over.
LONGEST_OF_OUTAGE = timedelta(minutes=3)
# Of an operation with few tokens the pauses grow up to the time in which one is
# restored, by this share: a lasting outage then costs no more than what grows back.
_SHARES_OF_RESTORE = 4
# A pass that gets no further: each try costs several calls of its quota, and of
# searchOrders five tokens grow in the longest rest.
FIRST_OF_PASS = timedelta(minutes=1)
# One item among many: its own data may be the cause, and each try costs quota.
FIRST_OF_ITEM = timedelta(seconds=10)
LONGEST_OF_ITEM = timedelta(hours=6)
LONGEST_UNANSWERED = timedelta(minutes=5)
# More would leave the range of a timedelta; both limits are reached long before.
_MOST_DOUBLINGS = 20


def job_backoff(attempts: int) -> timedelta:
    """Return how long a job rests after that many failures in a row, one or more."""
    return doubled(FIRST_OF_JOB, attempts - 1, LONGEST_OF_JOB)


def outage_backoff(attempts: int, restores_in: float | None) -> timedelta:
    """Return how long a job rests that Amazon did not serve so many times in a row.

    `restores_in` is in how many seconds the operation grows a token, None where it has
    plenty: a token that is there is never slept past for longer.
    """
    if restores_in is None:
        return min(job_backoff(attempts), LONGEST_OF_OUTAGE)
    share = min(max(attempts, 1), _SHARES_OF_RESTORE) / _SHARES_OF_RESTORE
    return timedelta(seconds=restores_in * share)


def pass_backoff(times: int) -> timedelta:
    """Return how long a pass rests that came to a standstill so many times, 1 or more.

    The job's own count does not serve: each slice of a pass that ends well clears it.
    """
    return doubled(FIRST_OF_PASS, times - 1, LONGEST_OF_JOB)


def unanswered_backoff(attempts: int) -> timedelta:
    """Return how long an item rests for which Amazon has no answer, unlike for others.

    Amazon did not judge it, so that it never rests as long as one that was refused.
    """
    return min(item_backoff(attempts), LONGEST_UNANSWERED)


def item_backoff(attempts: int) -> timedelta:
    """Return how long an item rests after that many failures of its own."""
    return doubled(FIRST_OF_ITEM, attempts, LONGEST_OF_ITEM)


def doubled(first: timedelta, doublings: int, longest: timedelta) -> timedelta:
    """Return `first`, doubled so many times (a negative number counts as none)."""
    factor = 1 << min(max(doublings, 0), _MOST_DOUBLINGS)
    return min(first * factor, longest)
