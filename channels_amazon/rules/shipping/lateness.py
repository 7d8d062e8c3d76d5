"""How pressing an order to ship is, by its latest ship time; pure, rules layer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

# What is due so soon is at risk even where nothing is known to hinder it.
DUE_SOON = timedelta(hours=24)


class Urgency(StrEnum):
    """The four parts of the board, the most pressing first."""

    OVERDUE = "overdue"
    TODAY = "today"
    RISK = "risk"
    ON_TRACK = "on_track"


def end_of_day(now: datetime) -> datetime:
    """Return when the day of `now` ends, in UTC, as Amazon's latest ship times are."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1)


def at_risk_before(now: datetime) -> datetime:
    """Return the time before which an order that is not due today is at risk."""
    return max(end_of_day(now), now + DUE_SOON)


def urgency_of(
    ship_by: datetime | None, now: datetime, *, is_troubled: bool
) -> Urgency:
    """Return the part of the board that an order to ship stands in.

    One is troubled whose parcel is there but did not get to Amazon.
    """
    if ship_by is not None and ship_by < now:
        return Urgency.OVERDUE
    if ship_by is not None and ship_by < end_of_day(now):
        return Urgency.TODAY
    is_soon = ship_by is not None and ship_by < at_risk_before(now)
    return Urgency.RISK if is_soon or is_troubled else Urgency.ON_TRACK
