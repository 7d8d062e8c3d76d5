"""How pressing an order to ship is, by its latest ship time; pure, rules layer.

Amazon counts an order as late that is confirmed after its latest ship time (`ship_by`).
Two times before it matter, each for a purpose of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from channels_amazon.rules import local_times

# What is due so soon is at risk on the board, "due soon" among the orders, and a
# warning of the health check, even where nothing is known to hold it up: a warehouse
# works through a day's orders.
DUE_SOON = timedelta(hours=24)
# A shipment that waits for its template's time goes at once when so little is left:
# Amazon may have moved the deadline since, and a call can fail for some minutes.
LAST_CALL = timedelta(hours=1)
# Amazon shows an accepted package within seconds; after this a person has to look.
NOT_SHOWN_AFTER = timedelta(hours=1)


class Urgency(StrEnum):
    """The four parts of the board, the most pressing first."""

    OVERDUE = "overdue"
    TODAY = "today"
    RISK = "risk"
    ON_TRACK = "on_track"


def end_of_day(now: datetime, zone: tzinfo) -> datetime:
    """Return when the day of `now` ends where the clocks are those of `zone`."""
    return local_times.end_of_day(now.astimezone(zone).date(), zone)


def urgency_of(
    ship_by: datetime | None, now: datetime, zone: tzinfo, *, is_troubled: bool
) -> Urgency:
    """Return the part of the board that an order to ship stands in.

    "Today" ends by the clocks of `zone`, the reader's. One is troubled that something
    hinders: nothing proves that it leaves in time. The database answers the same by
    `services/shipping/late_shipments.py`.
    """
    if ship_by is not None and ship_by < now:
        return Urgency.OVERDUE
    if ship_by is not None and ship_by < end_of_day(now, zone):
        return Urgency.TODAY
    is_soon = ship_by is not None and ship_by < now + DUE_SOON
    return Urgency.RISK if is_soon or is_troubled else Urgency.ON_TRACK
