"""Reconciles the units in Amazon's warehouses, site by site; sync layer.

A page's token lives 30 seconds. A pass that is interrupted for longer reads the site
again from its start; after that has happened twice it does not hand over any more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import SyncJob
from channels_amazon.services.mcf.pools import (
    empty_missing,
    pool_of,
    set_aside,
    upsert_fba_stock,
)
from channels_amazon.spapi.apis import fba_inventory
from channels_amazon.spapi.apis.fba_inventory import InventoryPage, InventoryQuery
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.spapi.unreadable import UnreadableListing
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.sync.runtime.marketplaces import active_sites, without_sites
from channels_amazon.sync.runtime.registry import reconciler

EVERY = timedelta(minutes=15)
# Amazon's 30 s, less the time that our call takes.
TOKEN_LIVES = timedelta(seconds=25)
PATIENCE = 2
# How long a run that must not hand over may go on; the queue ends it at 60 s.
LONGEST = timedelta(seconds=35)


@dataclass(frozen=True)
class FbaStockCursor:
    """Where the pass stands, as kept in the job's cursor; times are ISO texts."""

    began: str = ""
    done: tuple[str, ...] = ()
    site: str = ""
    token: str = ""
    token_at: str = ""
    restarts: int = 0


@reconciler(SyncJob.Kind.FBA_STOCK, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Read the FBA units of every selected site; go on later when time is up."""
    sites = active_sites(ctx)
    if not sites:
        return without_sites(ctx)
    cursor = _resume(ctx)
    while True:
        left = [site for site in sites if site not in cursor.done]
        if not left:
            break
        if cursor.site not in left:
            cursor = replace(cursor, site=left[0], token="")
        cursor = _take_page(ctx, cursor)
        ctx.save_cursor(asdict(cursor))
        if not _has_time(ctx, cursor) and set(sites) - set(cursor.done):
            return Outcome(next_due=ctx.now(), is_complete=False)
    pools = {pool_of(site) for site in sites}
    empty_missing(ctx.account, pools, datetime.fromisoformat(cursor.began))
    ctx.save_cursor({})
    return Outcome()


def _resume(ctx: RunContext) -> FbaStockCursor:
    cursor: dict[str, Any] = ctx.cursor
    if not cursor:
        return FbaStockCursor(began=ctx.now().isoformat())
    cursor = FbaStockCursor(**cursor | {"done": tuple(cursor["done"])})
    if not cursor.token:
        return cursor
    age = ctx.now() - datetime.fromisoformat(cursor.token_at)
    return cursor if age < TOKEN_LIVES else _restart(cursor)


def _restart(cursor: FbaStockCursor) -> FbaStockCursor:
    return replace(cursor, token="", restarts=cursor.restarts + 1)


def _has_time(ctx: RunContext, cursor: FbaStockCursor) -> bool:
    if cursor.token and cursor.restarts >= PATIENCE:
        return ctx.now() < ctx.run.started_at + LONGEST
    return ctx.has_time()


def _take_page(ctx: RunContext, cursor: FbaStockCursor) -> FbaStockCursor:
    """Read and store one page; return where to go on."""
    asked_at = ctx.now()
    page = _page(ctx, cursor)
    if page is None:
        return _restart(cursor)
    bad = [row for row in page.summaries if isinstance(row, UnreadableListing)]
    for found in bad:
        set_aside(ctx.account, cursor.site, found)
    changed = upsert_fba_stock(
        ctx.account,
        cursor.site,
        [row for row in page.summaries if not isinstance(row, UnreadableListing)],
        pass_began=datetime.fromisoformat(cursor.began),
        asked_at=asked_at,
    )
    ctx.progress(
        rows=len(page.summaries),
        changed=changed,
        aside=len(bad),
        note=MARKETPLACES[cursor.site].country_code,
    )
    if page.next_token:
        return replace(cursor, token=page.next_token, token_at=ctx.now().isoformat())
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
