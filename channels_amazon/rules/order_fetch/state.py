"""What a fetch plan follows from: orders, tokens and reports; pure, rules layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Told on, since whoever makes a state needs quotas.
from channels_amazon.rules.quota import Quota as Quota

# Tokens of searchOrders that are left to the sweep, which needs one for each pass.
SEARCH_RESERVE = 1.0
# How long Amazon is expected to take for a report while none has been made yet.
USUAL_REPORT_TIME = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class StaleOrder:
    """An order to read again, and when Amazon changed it last, as far as is known.

    `changed_at` is None where it may not have changed at all: no page or report is
    sure to show it. `waits_since` is since when we know that it is to be read.
    `needs_address` is true of what we have to ship, `is_pending` of what nobody may
    ship yet. `attempts` counts reads that did not bring it: after the first of them no
    page is expected to show it.
    """

    order_id: str
    changed_at: datetime | None
    waits_since: datetime
    ship_by: datetime | None = None
    needs_address: bool = True
    is_pending: bool = False
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class FreshOrder:
    """An order that need not be read, but takes up a place on a page of a search.

    With `by_report` a report brought it. Reports state whole seconds, so its time does
    not tell whether a search states fractions.
    """

    changed_at: datetime
    needs_address: bool = True
    by_report: bool = False


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A report that was asked for and is not stored yet, with its window.

    `is_ready` says that Amazon has made it and it is being read.
    """

    start: datetime
    end: datetime
    requested_at: datetime
    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Reports:
    """What is known of reports: createReport's quota, and those not stored yet.

    What changed up to `covered_until` was in a report that is stored: an order that it
    lacked is not asked for again. `takes` is how long Amazon is expected to take. None
    is asked for before `rest_until`, for instance after one that failed.
    """

    create: Quota
    pending: tuple[PendingReport, ...] = ()
    covered_until: datetime | None = None
    takes: timedelta = USUAL_REPORT_TIME
    rest_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class FetchState:
    """All that a plan follows from; `fresh` are orders that a page would show too.

    `get` and `search` are the quotas of getOrder and searchOrders; `search_reserve` is
    how many tokens of the latter are left to the sweep. Without `reports` none is asked
    for.
    """

    stale: Sequence[StaleOrder]
    get: Quota
    search: Quota
    fresh: Sequence[FreshOrder] = ()
    reports: Reports | None = None
    search_reserve: float = SEARCH_RESERVE

    @property
    def search_budget(self) -> Quota:
        """Return what the fetch may use of searchOrders."""
        return self.search.minus(self.search_reserve)
