"""Pushes the quantities that Amazon should show, zeros first; sync layer.

Each listing is read just before it is written: Amazon resets what a patch leaves out,
and the handling time may have been changed in Seller Central a minute ago. Nothing is
added to a listing that the merchant does not fulfil. While the account is behind
(rules/installation/behind.py), no quantity is raised. Of an account that is not live
nothing is sent: what is due waits until somebody goes live.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Case, F, Min, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import PUSH_HELD, Listing, Permission, SyncJob
from channels_amazon.services.catalog.listings import upsert_listings
from channels_amazon.services.installation import catching_up
from channels_amazon.services.installation.catching_up import CatchUp
from channels_amazon.services.jobs.backoff import item_backoff, unanswered_backoff
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.stock import push_state
from channels_amazon.services.stock.push_state import PushRefusal
from channels_amazon.spapi.apis.listings import (
    DEFAULT_DATA,
    ListingKey,
    ListingsItem,
    Submission,
    get_listings_item,
    merchant_element,
    patch_listings_item,
    quantity_patch,
)
from channels_amazon.spapi.errors import (
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.fields import JsonObject
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    has_marketplaces,
    without_marketplaces,
)
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from channels_amazon.wording import sentence

# Listings read at once. A small number, since a zero that comes meanwhile goes first.
BATCH = 20
# What Amazon refuses now it will refuse again soon: the first pause is as long as after
# four failures of another kind (160 s instead of 10 s).
REFUSED_AHEAD = 4
# What would raise a quantity is looked at again after as long as the account has been
# behind, within these: it is released as soon as the account was read.
HELD_FOR = timedelta(minutes=5)
LONGEST_HELD = timedelta(hours=6)
INCLUDED = (*DEFAULT_DATA, "attributes")


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a quantity to send now."""
    rows = _sent().filter(_may_go(now), has_marketplaces())
    return rows.order_by().values("account_id")


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
    while batch := _next_batch(ctx, hold_for):
        for pk in batch:
            if not outage.has_time():
                outage.end()
                return Result(next_due=ctx.now(), is_complete=False)
            ctx.keep_lease()
            _push(ctx, pk, sites, outage, hold_for)
    outage.end()
    return Result(next_due=_next_due(ctx))


def _sent() -> QuerySet[Listing]:
    rows: QuerySet[Listing] = Listing.objects.of_live_accounts().to_push()
    return rows


def _waiting(ctx: RunContext) -> QuerySet[Listing]:
    # Whether the account is live is asked each time: a pause ends a run.
    return _sent().filter(account=ctx.account)


def _may_be_sent(ctx: RunContext) -> QuerySet[Listing]:
    return _waiting(ctx).filter(_may_go(ctx.now()))


def _due(ctx: RunContext) -> QuerySet[Listing]:
    """Return what may be sent now: zeros, then decreases, then increases.

    A quantity too high at Amazon oversells; one too low only sells less. Among
    decreases the lowest goes first, since it sells out soonest. What was held before
    comes last: it has cost a look already.
    """
    urgency = Case(
        When(push_code=PUSH_HELD, desired_quantity__gt=0, then=Value(3)),
        When(desired_quantity=0, then=Value(0)),
        When(desired_quantity__gt=F("acknowledged_quantity"), then=Value(2)),
        default=Value(1),
    )
    return _may_be_sent(ctx).order_by(urgency, "desired_quantity", "pk")


def _may_go(now: datetime) -> Q:
    return Q(push_after__isnull=True) | Q(push_after__lte=now)


def _next_due(ctx: RunContext) -> datetime | None:
    """Return when the next quantity is due, None when none waits for its time."""
    first: datetime | None = _waiting(ctx).aggregate(first=Min("push_after"))["first"]
    return first


def _hold_for(late: CatchUp, now: datetime) -> timedelta:
    """Return for how long to hold what would rise while the account is behind."""
    return min(max(now - late.since, HELD_FOR), LONGEST_HELD)


def _next_batch(ctx: RunContext, hold_for: timedelta | None) -> list[int]:
    """Return the keys of the next listings to send; what is known to rise is held."""
    if hold_for is not None:
        push_state.hold_raised(_may_be_sent(ctx), ctx.now() + hold_for)
    return list(_due(ctx).values_list("pk", flat=True)[:BATCH])


def _push(
    ctx: RunContext,
    pk: int,
    sites: list[str],
    outage: OutageDetector,
    hold_for: timedelta | None,
) -> None:
    """Send one quantity; a listing that Amazon refuses is quarantined.

    One that would rise is held for `hold_for`, where that is not None.
    """
    # The batch may be seconds old: reload the row to send the present quantity.
    listing = _waiting(ctx).filter(pk=pk).first()
    if listing is None:
        return
    site = _site(listing, sites)
    key = ListingKey(ctx.account.seller_id, listing.seller_sku, (site,))
    try:
        item = _read(ctx, listing, key)
        # Amazon may have said that the merchant does not fulfil the SKU any more.
        fresh = _waiting(ctx).filter(pk=pk).first()
        if fresh is None:
            return
        listing = fresh
        if hold_for is not None and _would_raise(listing, item):
            outage.answered()
            push_state.hold_push(listing, ctx.now() + hold_for)
            return
        submission = patch_listings_item(ctx.client, key, [_patch(listing, item)])
    except (InvalidRequest, NotFound, UnexpectedResponse) as error:
        outage.answered()
        refusal = PushRefusal(error.amazon_code or error.code, error.message)
        _quarantine(ctx, listing, refusal)
        return
    except ServiceUnavailable as error:
        until = ctx.now() + unanswered_backoff(listing.push_attempts)
        push_state.postpone_push(listing, until)
        outage.failed(error, partial(push_state.restore_push, listing, until))
        return
    outage.answered()
    if submission.is_accepted:
        push_state.mark_acknowledged(listing, ctx.now())
        ctx.progress(rows=1, changed=1)
    else:
        _quarantine(ctx, listing, _refusal(submission))


def _read(ctx: RunContext, listing: Listing, key: ListingKey) -> ListingsItem | None:
    """Read and store the listing; None without quota if we know its handling time."""
    try:
        item = get_listings_item(ctx.client, key, INCLUDED)
    except Throttled:
        if listing.handling_days is None:
            raise
        return None
    upsert_listings(ctx.account, key.marketplace_ids[0], [item])
    return item


def _would_raise(listing: Listing, item: ListingsItem | None) -> bool:
    """Tell whether the quantity is above what Amazon has now, or may be."""
    if item is None or listing.observed_quantity is None:
        return bool(listing.desired_quantity)
    return (listing.desired_quantity or 0) > listing.observed_quantity


def _patch(listing: Listing, item: ListingsItem | None) -> JsonObject:
    return quantity_patch(
        listing.desired_quantity or 0,
        listing.handling_days,
        element=merchant_element(item) if item else None,
        beside_fba=listing.is_fba,
    )


def _site(listing: Listing, sites: list[str]) -> str:
    """Return a marketplace where the SKU is offered; its quantity counts for all."""
    offered = set(listing.offers.values_list("marketplace_id", flat=True))
    selected = [site for site in sites if site in offered]
    return next(iter([*selected, *sorted(offered), *sites]))


def _quarantine(ctx: RunContext, listing: Listing, refusal: PushRefusal) -> None:
    """Keep Amazon's reason with the listing, and try again more and more rarely."""
    until = ctx.now() + item_backoff(listing.push_attempts + REFUSED_AHEAD)
    push_state.quarantine_push(listing, refusal, until=until, run=ctx.run)
    ctx.progress(rows=1, quarantined=1)


def _refusal(submission: Submission) -> PushRefusal:
    issues = sorted(submission.issues, key=lambda issue: issue.severity != "ERROR")
    if not issues:
        answer = sentence("Amazon answered %(status)s.", status=submission.status)
        return PushRefusal(submission.status, answer)
    return PushRefusal(issues[0].code, issues[0].message)
