"""Which steps an order's way has, and how long each took by its stamps; rules layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LatencyStep(StrEnum):
    """One step of an order's way, between two of its stamps; as it is stored."""

    EVENT = "event"
    RESERVE = "reserve"
    COMPLETE = "complete"
    ARRIVED = "arrived"
    # The stored word is older than this name, and stays.
    WEBHOOK_SENT = "told"
    WHOLE = "whole"


# These count for the hour in which the event was seen, the others for the hour in
# which the order was complete.
BY_EVENT = frozenset({LatencyStep.EVENT, LatencyStep.RESERVE})


@dataclass(frozen=True, slots=True)
class Stamps:
    """The five stamps of one order, UTC, None for what has not happened."""

    changed: datetime | None
    seen: datetime | None
    reserved: datetime | None
    completed: datetime | None
    webhook_sent: datetime | None


def durations(
    stamps: Stamps, webhooks_since: datetime | None
) -> dict[LatencyStep, tuple[datetime, float]]:
    """Return the seconds that each finished step took, with the moment it counts for.

    `webhooks_since` is when the store first wanted to be told of orders. An order that
    was complete before its event came was brought by a sweep or a report: it was late
    before anybody here could know of it, and none of its steps is measured.
    """
    seen, completed = stamps.seen, stamps.completed
    if seen is None or (completed is not None and completed < seen):
        return {}
    found: dict[LatencyStep, tuple[datetime, float]] = {}
    if stamps.changed is not None:
        found[LatencyStep.EVENT] = seen, _seconds(stamps.changed, seen)
    if stamps.reserved is not None and stamps.reserved >= seen:
        found[LatencyStep.RESERVE] = seen, _seconds(seen, stamps.reserved)
    if completed is None:
        return found
    found[LatencyStep.COMPLETE] = completed, _seconds(seen, completed)
    if stamps.changed is not None:
        found[LatencyStep.ARRIVED] = completed, _seconds(stamps.changed, completed)
    last = completed
    if (
        stamps.webhook_sent is not None
        and webhooks_since
        and completed >= webhooks_since
    ):
        found[LatencyStep.WEBHOOK_SENT] = (
            completed,
            _seconds(completed, stamps.webhook_sent),
        )
        last = stamps.webhook_sent
    if stamps.changed is not None:
        found[LatencyStep.WHOLE] = completed, _seconds(stamps.changed, last)
    return found


def _seconds(start: datetime, end: datetime) -> float:
    # Amazon's clock may be ahead of ours: an order cannot arrive before it was made.
    return max(0.0, (end - start).total_seconds())
