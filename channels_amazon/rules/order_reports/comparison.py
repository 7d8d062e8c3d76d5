"""What a report of orders says beyond what is known here; pure, rules layer.

A report states times to the second, ours go further: times are compared by the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from channels_amazon.rules.orders.statuses import Fulfiller, OrderStatus
from channels_amazon.rules.orders.transitions import moves_back, rank_of

# How many orders by the beginning of an hour, as ISO text: what JSON can keep.
HourCounts = dict[str, int]

# Nothing more happens to the stock of these.
_ENDED = frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED})
# The report's one word for two of ours.
_SAME_WORD = frozenset({OrderStatus.PENDING, OrderStatus.PENDING_AVAILABILITY})


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """What is known of an order here: Amazon's times, our status."""

    status: str
    updated_at: datetime | None
    event_at: datetime | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """What a report says of an order, in our words; `updated_at` is Amazon's, UTC."""

    status: OrderStatus
    fulfilled_by: Fulfiller
    updated_at: datetime


def is_complete_by_report(reported: ReportedOrder) -> bool:
    """Tell whether a report says all that is needed of the order.

    What the merchant must ship needs its items' ids and its recipient; an order whose
    status or fulfiller is not understood needs another look.
    """
    if reported.status == OrderStatus.UNKNOWN:
        return False
    if reported.status in _ENDED:
        return reported.fulfilled_by != Fulfiller.UNKNOWN
    return reported.fulfilled_by == Fulfiller.AMAZON


def says_more(reported: ReportedOrder, known: StoredOrder) -> bool:
    """Tell whether the report says more than what is known of the order."""
    newest = newest_of(known)
    if newest is None:
        return True
    reported_at = to_second(reported.updated_at)
    if reported_at != newest:
        return reported_at > newest
    if not known.is_complete and is_complete_by_report(reported):
        return not moves_back(known.status, reported.status)
    return _is_further(known.status, reported.status)


def status_by_report(reported: ReportedOrder, known: StoredOrder) -> str:
    """Return the order's status once a report that tells more is taken over.

    Like an event, a report alone never takes an order back: the full order decides.
    """
    if reported.status == OrderStatus.UNKNOWN and known.status != OrderStatus.UNKNOWN:
        return known.status
    if {reported.status, known.status} == _SAME_WORD:
        return known.status
    return (
        known.status if moves_back(known.status, reported.status) else reported.status
    )


def newest_of(known: StoredOrder) -> datetime | None:
    """Return the newest of Amazon's times that are known, to the second."""
    times = [time for time in (known.updated_at, known.event_at) if time is not None]
    return to_second(max(times)) if times else None


def to_second(time: datetime) -> datetime:
    """Return the time as a report states it."""
    return time.replace(microsecond=0)


def is_to_second(time: datetime) -> bool:
    """Tell whether the time has no fraction, as those that a report states."""
    return time.microsecond == 0


def hours_of(times: Iterable[datetime]) -> HourCounts:
    """Return how many of the times lie in each hour, by its beginning as ISO text."""
    hours: HourCounts = {}
    for time in sorted(times):
        hour = time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        hours[hour.isoformat()] = hours.get(hour.isoformat(), 0) + 1
    return hours


def _is_further(current: str, new: str) -> bool:
    before, after = rank_of(current), rank_of(new)
    if before is None or after is None or {current, new} == _SAME_WORD:
        return False
    return after > before
