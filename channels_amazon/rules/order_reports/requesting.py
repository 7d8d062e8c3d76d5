"""When a report of orders is asked for, over which time, and polled; pure, rules layer.

There are four reasons, and each has its condition here: the first pull of a seller
with many orders, the daily proof, an outage, and a backlog. What a backlog gains by a
report depends on the tokens of all its calls: `rules/order_fetch/reports.py` weighs it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# Amazon makes no report of a longer span.
LONGEST_SPAN = timedelta(days=30)

# One page of a first pull tells little of how many follow.
LEAST_PAGES = 2
# How far back the daily proof looks: a day that fails is made good twice.
DAILY_SPAN = timedelta(days=3)
# A sweep that read nothing for so long was out of action. Its runs are 37.5 minutes
# apart at most (`cadence.longest_gap`), and the rest is for one that starts late or
# fails a few times; tests/sync/orders/test_missed_intervals.py compares them. What it
# waits for quota does not count, however long that is: a report would cost more of it.
OUTAGE_AFTER = timedelta(minutes=60)
# After a backlog's report was given up, pages and single calls bring the backlog.
BACKLOG_REST = timedelta(minutes=10)

# A report that is refused here because another one of its purpose is under way is
# wanted again so much later. Of a backlog the other one is only being requested, and
# createReport takes seconds; of the others it is made and read, which takes minutes.
BACKLOG_AGAIN_AFTER = timedelta(seconds=10)
OUTAGE_AGAIN_AFTER = timedelta(minutes=5)
DAILY_AGAIN_AFTER = timedelta(minutes=5)

# A report that Amazon could not make is asked for anew so much later, at most so often.
RETRY_AFTER = timedelta(minutes=2)
MOST_ATTEMPTS = 3

_MINUTES_A_DAY = 24 * 60
# Minutes between the slots of two accounts; prime to the minutes of a day, so that
# accounts spread over all of them.
_SLOT_STEP = 617
# createReport's answer is polled no sooner and no later than this.
_SHORTEST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=1)
# Between the two a pause is this share of the time by which the report is late. Where
# no notification tells that it is ready, a backlog waits that long for nothing at most;
# with half the time instead, backlogs took up to 1.3 times the least that is possible.
_PAUSE_SHARE = 1 / 8
# When Amazon's usual time is not known yet.
_FIRST_POLL = timedelta(seconds=15)


def first_pull_needs_report(
    pages: int, covered: timedelta | None, span: timedelta, tokens: float
) -> bool:
    """Tell whether a first pull has more pages to come than `tokens` for them.

    `pages` were read, with orders of `covered` (None for no orders), a part of `span`.
    """
    if tokens < 1:
        return True
    if pages < LEAST_PAGES or covered is None:
        return False
    return pages_left(pages, covered, span) > tokens


def pages_left(pages: int, covered: timedelta, span: timedelta) -> float:
    """Return how many pages follow, if orders lie as densely as in those read.

    The pages hold orders of `covered`, a part of `span`.
    """
    if covered <= timedelta(0) or span <= covered:
        return float("inf") if covered <= timedelta(0) else 0.0
    return pages * ((span / covered) - 1)


def is_daily_due(
    account_id: int,
    now: datetime,
    *,
    first_sweep_at: datetime,
    last_wanted_at: datetime | None,
) -> bool:
    """Tell whether the account's daily proof is to be asked for.

    `first_sweep_at` is when its first pull was done: a slot before that proves nothing.
    `last_wanted_at` is when the last daily proof was wanted.
    """
    slot = daily_slot(account_id, now)
    if slot < first_sweep_at:
        return False
    return last_wanted_at is None or last_wanted_at < slot


def daily_slot(account_id: int, now: datetime) -> datetime:
    """Return when the account's daily proof was due last."""
    minutes = account_id * _SLOT_STEP % _MINUTES_A_DAY
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    slot = midnight + timedelta(minutes=minutes)
    return slot if slot <= now else slot - timedelta(days=1)


def next_daily_slot(account_id: int, now: datetime) -> datetime:
    """Return when the account's next daily proof is due."""
    return daily_slot(account_id, now) + timedelta(days=1)


def is_outage(active_until: datetime, now: datetime) -> bool:
    """Tell whether a sweep that reads at `now` was out of action until then.

    `active_until` is up to when it read, or waited for quota.
    """
    return now - active_until > OUTAGE_AFTER


def clipped(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Return the span, its older part cut off where Amazon would refuse it."""
    return max(starts_at, ends_at - LONGEST_SPAN), ends_at


def next_poll_at(
    requested_at: datetime, now: datetime, usual: timedelta | None
) -> datetime:
    """Return when to poll a report: first when it is usually made, then more rarely.

    `usual` is how long Amazon has taken of late, None where that is not known. The
    pauses grow with the wait, so that a slow report costs few calls.
    """
    expected = requested_at + (usual if usual is not None else _FIRST_POLL)
    if expected > now:
        return expected
    late = now - expected
    return now + min(max(late * _PAUSE_SHARE, _SHORTEST_PAUSE), _LONGEST_PAUSE)
