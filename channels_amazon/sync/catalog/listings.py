"""Reconciles listings and offers, site by site and page by page; sync layer.

Amazon shows no more than 1,000 listings of one search. So the search goes by the time
of the last change, oldest first, and where it ends short a new one begins at the last
time seen: a window. A listing that changes meanwhile moves to a later window, and so
is seen again rather than missed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import SyncJob
from channels_amazon.services.catalog.listings import (
    close_missing_offers,
    upsert_listings,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.spapi.apis import listings
from channels_amazon.spapi.apis.listings import (
    ListingsItem,
    ListingsPage,
    ListingsSearch,
)
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.sync.runtime.marketplaces import active_sites, without_sites
from channels_amazon.sync.runtime.registry import reconciler
from channels_amazon.wording import sentence

EVERY = timedelta(hours=6)
# The attributes hold the handling time, which the stock push must not lose.
INCLUDED = (*listings.DEFAULT_DATA, "attributes")


@dataclass(frozen=True)
class ListingsCursor:
    """Where the pass stands, as kept in the job's cursor; times are ISO texts.

    `done` are the sites finished in this pass, `began` when the present one was
    begun; `since` opens the present window, `reached` is the newest change seen in
    it, `rows` how many rows it showed; `total` adds up the sites' listings.
    """

    done: tuple[str, ...] = ()
    site: str = ""
    began: str = ""
    since: str = ""
    reached: str = ""
    token: str = ""
    rows: int = 0
    total: int = 0


@reconciler(SyncJob.Kind.LISTINGS, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Read the listings of every selected site; go on later when time is up."""
    sites = active_sites(ctx)
    if not sites:
        return without_sites(ctx)
    cursor = _read(ctx.cursor)
    while True:
        left = [site for site in sites if site not in cursor.done]
        if not left:
            break
        if cursor.site not in left:
            cursor = _begin(cursor, left[0], ctx.now())
        cursor = _take_page(ctx, cursor)
        ctx.save_cursor(asdict(cursor))
        if not ctx.has_time() and set(sites) - set(cursor.done):
            return Outcome(next_due=ctx.now(), is_complete=False)
    ctx.save_cursor({})
    return Outcome()


def _read(cursor: dict[str, Any]) -> ListingsCursor:
    known = {
        name: cursor[name] for name in ListingsCursor.__match_args__ if name in cursor
    }
    return ListingsCursor(**known | {"done": tuple(cursor.get("done", ()))})


def _begin(cursor: ListingsCursor, site: str, now: datetime) -> ListingsCursor:
    return ListingsCursor(
        done=cursor.done, site=site, began=now.isoformat(), total=cursor.total
    )


def _take_page(ctx: RunContext, cursor: ListingsCursor) -> ListingsCursor:
    """Read and store one page; return where to go on."""
    try:
        page = listings.search_listings_items(
            ctx.client, _search(ctx, cursor), cursor.token or None
        )
    except InvalidRequest:
        if not cursor.token:
            raise
        # The page's token has run out: the window begins where it had come to.
        return _next_window(cursor)
    stored = upsert_listings(ctx.account, cursor.site, page.items)
    if not cursor.rows and not cursor.since:
        cursor = replace(cursor, total=cursor.total + page.total)
    ctx.progress(
        rows=stored.rows,
        changed=stored.changed,
        aside=stored.quarantined,
        total=cursor.total,
        note=MARKETPLACES[cursor.site].country_code,
    )
    cursor = replace(
        cursor,
        rows=cursor.rows + len(page.items),
        reached=max(cursor.reached, _newest(page, cursor.site)),
        token=page.next_token or "",
    )
    return cursor if cursor.token else _end_window(ctx, cursor, page)


def _search(ctx: RunContext, cursor: ListingsCursor) -> ListingsSearch:
    return ListingsSearch(
        seller_id=ctx.account.seller_id,
        marketplace_ids=(cursor.site,),
        last_updated_after=(
            datetime.fromisoformat(cursor.since) if cursor.since else None
        ),
        included_data=INCLUDED,
        sort_by="lastUpdatedDate",
        sort_order="ASC",
    )


def _newest(page: ListingsPage, site: str) -> str:
    times = [
        row.last_updated_at.astimezone(UTC).isoformat()
        for item in page.items
        if isinstance(item, ListingsItem)
        for row in item.summaries
        if row.marketplace_id == site
    ]
    return max(times, default="")


def _end_window(
    ctx: RunContext, cursor: ListingsCursor, page: ListingsPage
) -> ListingsCursor:
    """Open the next window if this one ended short, else finish the site."""
    if cursor.rows < page.total:
        following = _next_window(cursor)
        if following.since > cursor.since:
            return following
        _tell_crowded(ctx, cursor, page.total)
        return _finish_site(cursor)
    close_missing_offers(ctx.account, cursor.site, datetime.fromisoformat(cursor.began))
    return _finish_site(cursor)


def _next_window(cursor: ListingsCursor) -> ListingsCursor:
    # Whether "after" includes its own instant Amazon does not say: include it.
    since = cursor.since
    if cursor.reached:
        reached = datetime.fromisoformat(cursor.reached)
        since = max(since, (reached - timedelta(seconds=1)).isoformat())
    return replace(cursor, since=since, token="", rows=0)


def _finish_site(cursor: ListingsCursor) -> ListingsCursor:
    return ListingsCursor(done=(*cursor.done, cursor.site), total=cursor.total)


def _tell_crowded(ctx: RunContext, cursor: ListingsCursor, total: int) -> None:
    """Say that more listings changed in one instant than Amazon shows."""
    record(
        Entry(
            code="listings.incomplete",
            level=Level.WARNING,
            account=ctx.account,
            run=ctx.run,
            reference=cursor.site,
            message=sentence(
                "Amazon has %(total)s listings that changed at the same time, and "
                "shows %(rows)s of them: the others were not read.",
                total=total,
                rows=cursor.rows,
            ),
            fix=sentence("They are read as soon as any of them changes."),
        )
    )
