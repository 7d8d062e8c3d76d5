"""Pushes the quantities that Amazon should show, zeros first; sync layer.

What to call is the planner's decision (`rules/stock/push_planner.py`), by what
`push_inputs.py` gathers; `patching.py` and `feeds.py` make the calls. While the account
is behind (rules/installation/behind.py), no quantity is raised. Of an account that is
not live nothing is sent: what is due waits until somebody goes live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    ListingFeed,
    Permission,
    SyncJob,
)
from channels_amazon.rules.stock.push_calls import (
    Patch,
    PushCall,
    ReadThenPatch,
    SubmitFeed,
)
from channels_amazon.rules.stock.push_planner import plan
from channels_amazon.services.installation import catching_up
from channels_amazon.services.installation.catching_up import CatchUp
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.stock import push_state
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    has_marketplaces,
    without_marketplaces,
)
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from channels_amazon.sync.stock import feeds
from channels_amazon.sync.stock.patching import Patching
from channels_amazon.sync.stock.push_inputs import push_inputs

# What would raise a quantity is looked at again after as long as the account has been
# behind, within these: it is released as soon as the account was read.
HELD_FOR = timedelta(minutes=5)
LONGEST_HELD = timedelta(hours=6)


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a quantity to send, or a feed to go on.

    A listing that a feed carries waits for its end.
    """
    rows = _sent().filter(_may_go(now), has_marketplaces())
    under_way = ListingFeed.objects.filter(
        Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now),
        state__in=ListingFeed.OPEN,
    )
    accounts = AmazonAccount.objects.filter(
        Q(pk__in=rows.order_by().values("account_id"))
        | Q(pk__in=under_way.order_by().values("account_id"))
    )
    return accounts.order_by().values("pk")


@reconciler(
    SyncJob.Kind.STOCK_PUSH,
    needs_marketplaces=True,
    title=_("Stock push"),
    interval=HALF_A_DAY,
    # A quantity that is too high at Amazon oversells; an order's address can wait.
    head_start=timedelta(minutes=2),
    permission=Permission.Name.CATALOG_ITEMS,
    due_accounts=due_accounts,
)
def reconcile(ctx: RunContext) -> Result:
    """Send every quantity that is due, as far as quota and time go."""
    sites = active_marketplaces(ctx)
    if not sites:
        return without_marketplaces(ctx)
    outage = OutageDetector(ctx)
    late = catching_up.catch_up(ctx.account)
    hold_for = None if late is None else _hold_for(late, ctx.now())
    patching = Patching(ctx, _waiting(ctx), sites, outage, hold_for)
    feeds.advance(ctx)
    is_begun = False
    while True:
        planned = _plan(ctx, hold_for)
        if not planned.calls:
            outage.end()
            return Result(next_due=_next_due(ctx, planned.replan_at))
        for call in planned.calls:
            # The first call is made however long it took to plan it. A feed is not
            # planned anew in each run: it goes once it is planned.
            if is_begun and not planned.has_feed and not outage.has_time():
                outage.end()
                return Result(next_due=ctx.now(), is_complete=False)
            ctx.keep_lease()
            _make(call, patching)
            is_begun = True


@dataclass(frozen=True, slots=True)
class _Planned:
    """What to call now, in this order, and when to plan again without calls."""

    calls: Sequence[PushCall]
    replan_at: datetime | None

    @property
    def has_feed(self) -> bool:
        """Tell whether one of the calls submits a feed."""
        return any(isinstance(call, SubmitFeed) for call in self.calls)


def _plan(ctx: RunContext, hold_for: timedelta | None) -> _Planned:
    """Return the planner's calls; what is known to rise is held while that is so.

    A feed goes right after what has quota at once: the patches that wait for theirs go
    while Amazon works on the feed.
    """
    now = ctx.now()
    if hold_for is not None:
        push_state.hold_raised(_may_be_sent(ctx), now + hold_for)
    inputs = push_inputs(
        ctx.account,
        _may_be_sent(ctx),
        now,
        holds_rises=hold_for is not None,
    )
    if inputs is None:
        return _Planned((), None)
    chosen = plan(inputs.state, now)
    planned = _Planned(chosen.calls, chosen.replan_at)
    if not planned.has_feed:
        return planned
    submitted = [call for call in chosen.calls if isinstance(call, SubmitFeed)]
    patches = [call for call in chosen.calls if not isinstance(call, SubmitFeed)]
    calls = (*patches[: inputs.patches_at_once], *submitted)
    return replace(planned, calls=calls)


def _make(call: PushCall, patching: Patching) -> None:
    """Make one call of the plan."""
    match call:
        case Patch() | ReadThenPatch():
            patching.make(call)
        case SubmitFeed():
            ctx = patching.ctx
            feeds.submit(ctx, _may_be_sent(ctx), call.listing_ids, patching.sites)
        case _:
            assert_never(call)


def _sent() -> QuerySet[Listing]:
    rows: QuerySet[Listing] = Listing.objects.of_live_accounts().to_push()
    return rows


def _waiting(ctx: RunContext) -> QuerySet[Listing]:
    # Whether the account is live is asked each time: a pause ends a run.
    return _sent().filter(account=ctx.account)


def _may_be_sent(ctx: RunContext) -> QuerySet[Listing]:
    return _waiting(ctx).filter(_may_go(ctx.now()))


def _may_go(now: datetime) -> Q:
    return Q(push_after__isnull=True) | Q(push_after__lte=now)


def _next_due(ctx: RunContext, replan_at: datetime | None) -> datetime | None:
    """Return when to go on: with what was put off, the plan or a feed; None without."""
    put_off = _waiting(ctx).filter(push_after__gt=ctx.now())
    first: datetime | None = put_off.aggregate(first=Min("push_after"))["first"]
    times = (first, replan_at, feeds.next_due(ctx))
    return min((time for time in times if time is not None), default=None)


def _hold_for(late: CatchUp, now: datetime) -> timedelta:
    """Return for how long to hold what would rise while the account is behind."""
    return min(max(now - late.since, HELD_FOR), LONGEST_HELD)
