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
from channels_amazon.spapi.apis.fba_inventory import (
    InventoryPage,
    InventoryQuery,
    InventorySummary,
)
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.spapi.operations import GET_INVENTORY_SUMMARIES
from channels_amazon.spapi.unreadable import UnreadableListing
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    without_marketplaces,
)
from channels_amazon.sync.runtime.page_trail import MOST_RESTARTS, Standstill
from channels_amazon.sync.runtime.site_reading import SiteReading
from channels_amazon.sync.runtime.unread_answer import check_next_page
from channels_amazon.sync.stock.fba_cursor import FbaStockCursor

EVERY = timedelta(hours=1)
# Amazon's 30 s, less up to 5 s that our next call may take.
TOKEN_LIFETIME = timedelta(seconds=25)
# Before the one that ends the pass: else it would stand still in every short run.
MAX_RESTARTS = MOST_RESTARTS - 1
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
    is_regular=True,
)
def reconcile(ctx: RunContext) -> Result:
    """Read the FBA units of every selected site; go on later when time is up."""
    sites = active_marketplaces(ctx)
    if not sites:
        return without_marketplaces(ctx)
    reading = SiteReading(ctx, GET_INVENTORY_SUMMARIES, sites)
    cursor = FbaStockCursor.read(ctx.cursor) if ctx.cursor else _begin(ctx)
    while left := _left(cursor, reading):
        if cursor.site not in left:
            cursor = FbaStockCursor(cursor.began, cursor.done, left[0])
        cursor = _go_on(ctx, cursor, reading)
        ctx.save_cursor(cursor.stored())
        if not _has_time(ctx, cursor) and _left(cursor, reading):
            return Result(next_due=ctx.now(), is_complete=False)
    empty_missing(ctx.account, _whole_pools(cursor, reading), cursor.began)
    ctx.save_cursor({})
    reading.stop_if_faulty()
    return Result()


def _begin(ctx: RunContext) -> FbaStockCursor:
    return FbaStockCursor(began=ctx.now())


def _left(cursor: FbaStockCursor, reading: SiteReading) -> list[str]:
    away = {*cursor.done, *reading.resting}
    return [site for site in reading.sites if site not in away]


def _whole_pools(cursor: FbaStockCursor, reading: SiteReading) -> set[str]:
    """Return the pools of which this pass has read every site that can be read."""
    read = {pool_of(site) for site in cursor.done}
    return read - {pool_of(site) for site in reading.faulty}


def _go_on(
    ctx: RunContext, cursor: FbaStockCursor, reading: SiteReading
) -> FbaStockCursor:
    """Read one page of the site; one that cannot be read is left for later."""
    try:
        cursor = _take_page(ctx, cursor)
    except Standstill as found:
        reading.note_standstill(found, cursor.site)
        return FbaStockCursor(cursor.began, cursor.done)
    except InvalidRequest as error:
        site = cursor.site
        reading.note_refusal(error, site, lambda: _ask_simply(ctx, site))
        return FbaStockCursor(cursor.began, cursor.done)
    if cursor.site in cursor.done:
        reading.note_read(cursor.site)
    return cursor


def _ask_simply(ctx: RunContext, site: str) -> None:
    """Ask for the site's units with nothing but what Amazon requires."""
    least = InventoryQuery(marketplace_id=site, details=False)
    fba_inventory.get_inventory_summaries(ctx.client, least)


def _restart(cursor: FbaStockCursor) -> FbaStockCursor:
    return replace(cursor, token="", trail=cursor.trail.restarted())


def _has_time(ctx: RunContext, cursor: FbaStockCursor) -> bool:
    if cursor.token and cursor.restarts >= MAX_RESTARTS:
        return ctx.now() < ctx.started_at + LONGEST_RUN
    return ctx.has_time()


def _take_page(ctx: RunContext, cursor: FbaStockCursor) -> FbaStockCursor:
    """Read and store one page; return where to go on."""
    asked_at = ctx.now()
    if cursor.token and cursor.token_at and asked_at - cursor.token_at > TOKEN_LIFETIME:
        return _restart(cursor)
    page = _page(ctx, cursor)
    if page is None:
        return _restart(cursor)
    bad = [row for row in page.summaries if isinstance(row, UnreadableListing)]
    good = [row for row in page.summaries if isinstance(row, InventorySummary)]
    for found in bad:
        record_unreadable(ctx.account, cursor.site, found)
    changed = upsert_fba_stock(
        ctx.account, cursor.site, good, pass_began=cursor.began, asked_at=asked_at
    )
    ctx.progress(
        rows=len(page.summaries),
        changed=changed,
        quarantined=len(bad),
        note=MARKETPLACES[cursor.site].country_code,
    )
    check_next_page(GET_INVENTORY_SUMMARIES, page.no_token)
    versions = [*map(_version, good), *(found.raw_redacted for found in bad)]
    trail = cursor.trail.follow(versions, page.next_token)
    if page.next_token:
        return replace(cursor, token=page.next_token, token_at=ctx.now(), trail=trail)
    done = (*cursor.done, cursor.site)
    return replace(cursor, done=done, token="", token_at=None)


def _version(row: InventorySummary) -> str:
    """Return what names the row, and when it changed last."""
    parts = (row.seller_sku, row.fn_sku, row.condition, row.last_updated_at, row.total)
    return "|".join(map(str, parts))


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
