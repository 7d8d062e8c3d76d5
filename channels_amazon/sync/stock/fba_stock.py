"""Reconciles the units in Amazon's warehouses, site by site; sync layer.

A page's token lives 30 seconds at Amazon. A pass that is interrupted for longer reads
the site again from its start. After that has happened MAX_RESTARTS times, the run does
not hand over to other accounts before the site is read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import Permission, SyncJob
from channels_amazon.rules.mcf.pools import pool_of
from channels_amazon.services.jobs.queue import TASK_SECONDS
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.services.mcf.pools import (
    empty_missing,
    record_unreadable,
    upsert_fba_stock,
)
from channels_amazon.spapi.apis import fba_inventory
from channels_amazon.spapi.apis.fba_inventory import InventoryPage, InventoryQuery
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.spapi.unreadable import UnreadableListing
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    without_marketplaces,
)
from channels_amazon.sync.stock.fba_cursor import FbaStockCursor

EVERY = timedelta(hours=1)
# Amazon's 30 s, less up to 5 s that our next call may take.
TOKEN_LIFETIME = timedelta(seconds=25)
MAX_RESTARTS = 2
# A run that must not hand over goes on for so long. The queue kills its task after
# TASK_SECONDS; by then the drain had up to 8 s before it (runner.DRAIN_SECONDS), and
# its last call may take another 8 s (factory.CALL_SECONDS) before the page is stored.
LONGEST_RUN = timedelta(seconds=TASK_SECONDS - 25)


@reconciler(
    SyncJob.Kind.FBA_STOCK,
    needs_marketplaces=True,
    title=_("FBA stock"),
    interval=EVERY,
    permission=Permission.Name.FULFILLMENT_INVENTORY,
    first_pull=4,
)
def reconcile(ctx: RunContext) -> Result:
    """Read the FBA units of every selected site; go on later when time is up."""
    sites = active_marketplaces(ctx)
    if not sites:
        return without_marketplaces(ctx)
    cursor = _resume(ctx)
    while True:
        left = [site for site in sites if site not in cursor.done]
        if not left:
            break
        if cursor.site not in left:
            cursor = replace(cursor, site=left[0], token="")
        cursor = _take_page(ctx, cursor)
        ctx.save_cursor(cursor.stored())
        if not _has_time(ctx, cursor) and set(sites) - set(cursor.done):
            return Result(next_due=ctx.now(), is_complete=False)
    pools = {pool_of(site) for site in sites}
    empty_missing(ctx.account, pools, cursor.began)
    ctx.save_cursor({})
    return Result()


def _resume(ctx: RunContext) -> FbaStockCursor:
    if not ctx.cursor:
        return FbaStockCursor(began=ctx.now())
    cursor = FbaStockCursor.read(ctx.cursor)
    if not cursor.token or cursor.token_at is None:
        return cursor
    is_fresh = ctx.now() - cursor.token_at < TOKEN_LIFETIME
    return cursor if is_fresh else _restart(cursor)


def _restart(cursor: FbaStockCursor) -> FbaStockCursor:
    return replace(cursor, token="", restarts=cursor.restarts + 1)


def _has_time(ctx: RunContext, cursor: FbaStockCursor) -> bool:
    if cursor.token and cursor.restarts >= MAX_RESTARTS:
        return ctx.now() < ctx.started_at + LONGEST_RUN
    return ctx.has_time()


def _take_page(ctx: RunContext, cursor: FbaStockCursor) -> FbaStockCursor:
    """Read and store one page; return where to go on."""
    asked_at = ctx.now()
    page = _page(ctx, cursor)
    if page is None:
        return _restart(cursor)
    bad = [row for row in page.summaries if isinstance(row, UnreadableListing)]
    for found in bad:
        record_unreadable(ctx.account, cursor.site, found)
    changed = upsert_fba_stock(
        ctx.account,
        cursor.site,
        [row for row in page.summaries if not isinstance(row, UnreadableListing)],
        pass_began=cursor.began,
        asked_at=asked_at,
    )
    ctx.progress(
        rows=len(page.summaries),
        changed=changed,
        quarantined=len(bad),
        note=MARKETPLACES[cursor.site].country_code,
    )
    if page.next_token:
        return replace(cursor, token=page.next_token, token_at=ctx.now())
    done = (*cursor.done, cursor.site)
    return FbaStockCursor(began=cursor.began, done=done)


def _page(ctx: RunContext, cursor: FbaStockCursor) -> InventoryPage | None:
    """Return the page, None when its token has run out."""
    query = InventoryQuery(marketplace_id=cursor.site)
    try:
        return fba_inventory.get_inventory_summaries(
            ctx.client, query, cursor.token or None
        )
    except InvalidRequest:
        if cursor.token:
            return None
        raise
