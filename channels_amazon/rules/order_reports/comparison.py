"""What a report of orders proves, and when one is due; pure, rules layer.

A report states times to the second, ours go further: times are compared by the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from channels_amazon.rules.orders.transitions import (
    AMAZON,
    MERCHANT,
    UNKNOWN,
    moves_back,
    rank_of,
)

# Amazon makes no report of a longer span.
LONGEST_SPAN = timedelta(days=30)
# How far back the daily reconciliation looks: a day that fails is made good twice.
DAILY_SPAN = timedelta(days=3)
# A mark that is older when a sweep begins is an outage: a sweep runs every 5 minutes.
OUTAGE_AFTER = timedelta(minutes=30)

_MINUTES_A_DAY = 24 * 60
# Prime to the minutes of a day, so that accounts spread over all of them.
_STEP = 617
_SHORTEST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=1)
_FIRST_POLL = timedelta(seconds=15)
# Nothing more happens to the stock of these.
_ENDED = frozenset({"shipped", "cancelled"})
# The report's one word for two of ours.
_SAME_WORD = frozenset({"pending", "pending_availability"})


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What is known of an order here: Amazon's times, our status."""

    status: str
    updated_at: datetime | None
    event_at: datetime | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """What a report says of an order, in our words."""

    status: str
    fulfilled_by: str
    updated_at: datetime


def is_complete_by_report(told: ReportedOrder) -> bool:
    """Tell whether a report says all that is needed of the order.

    What the merchant must ship needs its items' ids and its recipient; an order whose
    status or fulfiller is not understood needs another look.
    """
    if told.status == UNKNOWN:
        return False
    if told.status in _ENDED:
        return told.fulfilled_by in (AMAZON, MERCHANT)
    return told.fulfilled_by == AMAZON


def tells_more(told: ReportedOrder, known: KnownOrder) -> bool:
    """Tell whether the report says more than what is known of the order."""
    newest = newest_of(known)
    if newest is None:
        return True
    reported_at = to_second(told.updated_at)
    if reported_at != newest:
        return reported_at > newest
    if not known.is_complete and is_complete_by_report(told):
        return not moves_back(known.status, told.status)
    return _is_further(known.status, told.status)


def status_by_report(told: ReportedOrder, known: KnownOrder) -> str:
    """Return the order's status once a report that tells more is taken over.

    Like an event, a report alone never takes an order back: the full order decides.
    """
    if told.status == UNKNOWN and known.status != UNKNOWN:
        return known.status
    if {told.status, known.status} == _SAME_WORD:
        return known.status
    return known.status if moves_back(known.status, told.status) else told.status


def newest_of(known: KnownOrder) -> datetime | None:
    """Return the newest of Amazon's times that are known, to the second."""
    times = [time for time in (known.updated_at, known.event_at) if time is not None]
    return to_second(max(times)) if times else None


def to_second(time: datetime) -> datetime:
    """Return the time as a report states it."""
    return time.replace(microsecond=0)


def hours_of(times: Iterable[datetime]) -> dict[str, int]:
    """Return how many of the times lie in each hour, by its beginning as ISO text."""
    hours: dict[str, int] = {}
    for time in sorted(times):
        hour = time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hours[hour.isoformat()] = hours.get(hour.isoformat(), 0) + 1
    return hours


def daily_slot(account_id: int, now: datetime) -> datetime:
    """Return when the account's daily reconciliation was due last."""
    minutes = account_id * _STEP % _MINUTES_A_DAY
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    slot = midnight + timedelta(minutes=minutes)
    return slot if slot <= now else slot - timedelta(days=1)


def next_daily_slot(account_id: int, now: datetime) -> datetime:
    """Return when the account's next daily reconciliation is due."""
    return daily_slot(account_id, now) + timedelta(days=1)


def clipped(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Return the span, its older part cut off where Amazon would refuse it."""
    return max(starts_at, ends_at - LONGEST_SPAN), ends_at


def pages_left(pages: int, covered: timedelta, span: timedelta) -> float:
    """Return how many pages follow, if orders lie as densely as in those read.

    The pages hold orders of `covered`, a part of `span`.
    """
    if covered <= timedelta(0) or span <= covered:
        return float("inf") if covered <= timedelta(0) else 0.0
    return pages * ((span / covered) - 1)


def next_poll_at(
    requested_at: datetime, now: datetime, usual: timedelta | None
) -> datetime:
    """Return when to ask for a report: first when it is usually made, then more often.

    `usual` is how long Amazon has taken of late, None where that is not known. The
    pauses grow with the wait, so that a slow report costs few calls.
    """
    expected = requested_at + (usual if usual is not None else _FIRST_POLL)
    if expected > now:
        return expected
    late = now - expected
    return now + min(max(late / 2, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _is_further(current: str, new: str) -> bool:
    before, after = rank_of(current), rank_of(new)
    if before is None or after is None or {current, new} == _SAME_WORD:
        return False
    return after > before
