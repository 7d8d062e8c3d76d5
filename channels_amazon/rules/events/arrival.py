"""When Amazon's events of orders count as missing; pure, rules layer.

The sweep asks it, which then runs more often, and the health check, which says why.
What counts is an order that the sweep or a report brought and that still has no event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Amazon's events come within seconds, and in a rush within minutes.
EVENT_COMES_WITHIN = timedelta(minutes=10)
# So long an order counts that has no event: where few orders come, a single event that
# was lost must not have the sweep hurry for weeks.
LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MissingEventLimits:
    """Which orders should have had an event by now; times are UTC.

    Those that changed at Amazon from `changed_from` to `changed_until`, and were stored
    here after `stored_after`.
    """

    changed_from: datetime
    changed_until: datetime
    stored_after: datetime


def lost_event_limits(
    now: datetime, *, working_since: datetime, last_event_at: datetime | None
) -> MissingEventLimits | None:
    """Return which orders show that single events were lost; None where none can.

    Amazon sends: an event of a change at `last_event_at` came. An order that changed
    before that, and of which none came, had one that somebody else took. What was sent
    before `working_since` may have gone to the installation's former database.
    """
    if last_event_at is None:
        return None
    oldest = now - LOOK_BACK
    return MissingEventLimits(
        changed_from=max(oldest, working_since + EVENT_COMES_WITHIN),
        changed_until=min(now - EVENT_COMES_WITHIN, last_event_at),
        stored_after=oldest,
    )


def missing_event_limits(
    now: datetime,
    *,
    authorized_at: datetime,
    subscribed_at: datetime,
    last_event_at: datetime | None,
) -> MissingEventLimits:
    """Return which orders of an account show at `now` that it gets no events.

    Amazon sends none without an authorisation and a subscription, and is given a while
    to begin. `last_event_at` is when an event was received last, None for not of late:
    an order that came before it says nothing of the time since.
    """
    oldest = now - LOOK_BACK
    return MissingEventLimits(
        changed_from=max(authorized_at, subscribed_at) + EVENT_COMES_WITHIN,
        changed_until=now - EVENT_COMES_WITHIN,
        stored_after=oldest if last_event_at is None else max(oldest, last_event_at),
    )
