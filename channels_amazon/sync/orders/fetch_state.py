"""Gathers what the fetch planner decides by: tokens, orders, reports; sync layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, TypedDict, cast

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.rules.order_fetch.backlog import least_gain
from channels_amazon.rules.order_fetch.state import (
    SEARCH_RESERVE,
    FetchState,
    Quota,
    StaleOrder,
)
from channels_amazon.services.amazon_client.quota_status import Quotas
from channels_amazon.services.orders import fetch_queue
from channels_amazon.spapi import operations
from channels_amazon.sync.orders import backlog_reports

# A search that was refused is not repeated before a token has grown back: one grows in
# 179 s.
SEARCH_PAUSE = timedelta(seconds=179)
# So late may the sweep be for a backlog that borrows its token.
SWEEP_DELAY = timedelta(minutes=2)


class StoredFetchCursor(TypedDict, total=False):
    """The cursor as the job's JSON column keeps it; times are ISO 8601 texts."""

    search_refused_at: str
    search_again_at: str
    refusals: int


@dataclass(frozen=True, slots=True)
class FetchCursor:
    """What the job's cursor keeps of the searches that brought nothing.

    `search_refused_at` is when Amazon last refused one. Of those in a row, `refusals`
    were of a page's token. `search_again_at` is when to search again where pages go
    round.
    """

    search_refused_at: datetime | None = None
    search_again_at: datetime | None = None
    refusals: int = 0

    @classmethod
    def read(cls, cursor: Mapping[str, Any]) -> Self:
        """Return the cursor that a job's column holds; {} is one without refusals."""
        stored = cast(StoredFetchCursor, cursor)
        return cls(
            search_refused_at=_moment(stored.get("search_refused_at")),
            search_again_at=_moment(stored.get("search_again_at")),
            refusals=stored.get("refusals", 0),
        )

    def stored(self) -> StoredFetchCursor:
        """Return the cursor as the job's column keeps it."""
        stored = StoredFetchCursor()
        if self.search_refused_at is not None:
            stored["search_refused_at"] = self.search_refused_at.isoformat()
        if self.search_again_at is not None:
            stored["search_again_at"] = self.search_again_at.isoformat()
        if self.refusals:
            stored["refusals"] = self.refusals
        return stored

    def may_search(self, now: datetime) -> bool:
        """Tell whether a refused search, if any, is long enough ago."""
        if self.search_again_at is not None and now < self.search_again_at:
            return False
        at = self.search_refused_at
        return at is None or now - at >= SEARCH_PAUSE


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def fetch_state(
    account: AmazonAccount,
    stale: Sequence[StaleOrder],
    cursor: FetchCursor,
    now: datetime,
) -> FetchState:
    """Return what to plan by for the stale orders of this account."""
    quotas = Quotas(account, now)
    get, search = quotas.of(operations.GET_ORDER), quotas.of(operations.SEARCH_ORDERS)
    if not cursor.may_search(now):
        search = Quota(0.0, search.rate, search.burst)
    # What else a page would hold, and when the sweep runs, matters only where a page
    # may be read at all. Finding it out looks at days of orders: too much for each
    # single order that comes.
    may_page = len(stale) - get.available >= least_gain(get.rate)
    return FetchState(
        stale=stale,
        get=get,
        search=search,
        fresh=fetch_queue.fresh_orders(account, stale) if may_page else (),
        reports=backlog_reports.reports_of(
            account, quotas.of(operations.CREATE_REPORT)
        ),
        search_reserve=_search_reserve(account, search, now)
        if may_page
        else SEARCH_RESERVE,
    )


def _search_reserve(account: AmazonAccount, search: Quota, now: datetime) -> float:
    """Return the tokens to leave to the sweep: none where another grows in time for it.

    A backlog may put the sweep off by SWEEP_DELAY, and not for ever: from then on the
    token is left alone until the sweep has run.
    """
    if search.rate <= 0:
        return SEARCH_RESERVE
    jobs = SyncJob.objects.filter(account=account, kind=SyncJob.Kind.ORDER_SWEEP)
    due_at = jobs.values_list("due_at", flat=True).first()
    grown_at = now + timedelta(seconds=1 / search.rate)
    is_free = due_at is not None and grown_at <= due_at + SWEEP_DELAY
    return 0.0 if is_free else SEARCH_RESERVE
