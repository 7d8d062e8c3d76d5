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
from channels_amazon.rules.mcf.pools import pool_of
from channels_amazon.services.mcf.pools import (
    empty_missing,
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
class Position:
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
    position = _resume(ctx)
    while True:
        left = [site for site in sites if site not in position.done]
        if not left:
            break
        if position.site not in left:
            position = replace(position, site=left[0], token="")
        position = _take_page(ctx, position)
        ctx.save_cursor(asdict(position))
        if not _has_time(ctx, position) and set(sites) - set(position.done):
            return Outcome(next_due=ctx.now(), is_complete=False)
    pools = {pool_of(site) for site in sites}
    empty_missing(ctx.account, pools, datetime.fromisoformat(position.began))
    ctx.save_cursor({})
    return Outcome()


def _resume(ctx: RunContext) -> Position:
    cursor: dict[str, Any] = ctx.cursor
    if not cursor:
        return Position(began=ctx.now().isoformat())
    position = Position(**cursor | {"done": tuple(cursor["done"])})
    if not position.token:
        return position
    age = ctx.now() - datetime.fromisoformat(position.token_at)
    return position if age < TOKEN_LIVES else _restart(position)


def _restart(position: Position) -> Position:
    return replace(position, token="", restarts=position.restarts + 1)


def _has_time(ctx: RunContext, position: Position) -> bool:
    if position.token and position.restarts >= PATIENCE:
        return ctx.now() < ctx.run.started_at + LONGEST
    return ctx.has_time()


def _take_page(ctx: RunContext, position: Position) -> Position:
    """Read and store one page; return where to go on."""
    asked_at = ctx.now()
    page = _page(ctx, position)
    if page is None:
        return _restart(position)
    bad = [row for row in page.summaries if isinstance(row, UnreadableListing)]
    for found in bad:
        set_aside(ctx.account, position.site, found)
    changed = upsert_fba_stock(
        ctx.account,
        position.site,
        [row for row in page.summaries if not isinstance(row, UnreadableListing)],
        pass_began=datetime.fromisoformat(position.began),
        asked_at=asked_at,
    )
    ctx.progress(
        rows=len(page.summaries),
        changed=changed,
        aside=len(bad),
        note=MARKETPLACES[position.site].country_code,
    )
    if page.next_token:
        return replace(position, token=page.next_token, token_at=ctx.now().isoformat())
    done = (*position.done, position.site)
    return Position(began=position.began, done=done)


def _page(ctx: RunContext, position: Position) -> InventoryPage | None:
    """Return the page, None when its token has run out."""
    query = InventoryQuery(marketplace_id=position.site)
    try:
        return fba_inventory.get_inventory_summaries(
            ctx.client, query, position.token or None
        )
    except InvalidRequest:
        if position.token:
            return None
        raise
