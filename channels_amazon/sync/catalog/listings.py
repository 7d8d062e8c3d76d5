"""Reconciles listings and offers, site by site and page by page; sync layer.

Amazon shows no more than 1,000 listings of one search. So the search goes by the time
of the last change, oldest first, and where it ends short a new one begins at the last
time seen: a window. A listing that changes meanwhile moves to a later window, and so
is seen again rather than missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import Permission, SyncJob
from channels_amazon.services.catalog.listings import (
    UNREADABLE_DETAIL,
    close_missing_offers,
    upsert_listings,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.spapi.apis import listings
from channels_amazon.spapi.apis.listings import (
    ListingsItem,
    ListingsPage,
    ListingsSearch,
)
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.spapi.operations import SEARCH_LISTINGS_ITEMS
from channels_amazon.spapi.unreadable import UnreadableListing
from channels_amazon.sync.catalog.cursor import ListingsCursor
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    without_marketplaces,
)
from channels_amazon.sync.runtime.page_trail import PageTrail, Standstill
from channels_amazon.sync.runtime.site_reading import SiteReading
from channels_amazon.sync.runtime.unread_answer import check_next_page, tell_unread
from channels_amazon.wording import sentence

EVERY = timedelta(hours=6)
# Amazon does not say whether "after" includes its own instant: begin a second before.
WINDOW_OVERLAP = timedelta(seconds=1)
# The attributes hold the handling time, which the stock push must not lose.
INCLUDED = (*listings.DEFAULT_DATA, "attributes")


@reconciler(
    SyncJob.Kind.LISTINGS,
    needs_marketplaces=True,
    title=_("Listings"),
    interval=EVERY,
    permission=Permission.Name.CATALOG_ITEMS,
    first_pull=3,
    is_regular=True,
)
def reconcile(ctx: RunContext) -> Result:
    """Read the listings of every selected site; go on later when time is up."""
    sites = active_marketplaces(ctx)
    if not sites:
        return without_marketplaces(ctx)
    reading = SiteReading(ctx, SEARCH_LISTINGS_ITEMS, sites)
    cursor = _resume(ctx)
    while left := _left(cursor, reading):
        if cursor.site not in left:
            cursor = cursor.begin(left[0], ctx.now())
        cursor = _go_on(ctx, cursor, reading)
        ctx.save_cursor(cursor.stored())
        if not ctx.has_time() and _left(cursor, reading):
            return Result(next_due=ctx.now(), is_complete=False)
    # The sites that were read are not read again only because another one is not.
    ctx.save_cursor(cursor.stored() if reading.faulty else {})
    reading.stop_if_faulty()
    return Result()


def _resume(ctx: RunContext) -> ListingsCursor:
    """Return where to go on, the start where the sites read are due again."""
    cursor = ListingsCursor.read(ctx.cursor)
    began = cursor.pass_began
    is_over = not cursor.site and began is not None and ctx.now() - began >= EVERY
    return ListingsCursor() if is_over else cursor


def _left(cursor: ListingsCursor, reading: SiteReading) -> list[str]:
    away = {*cursor.done, *reading.resting}
    return [site for site in reading.sites if site not in away]


def _go_on(
    ctx: RunContext, cursor: ListingsCursor, reading: SiteReading
) -> ListingsCursor:
    """Read one page of the site; one that cannot be read is left for later."""
    try:
        cursor = _take_page(ctx, cursor)
    except Standstill as found:
        reading.note_standstill(found, cursor.site)
        return cursor.leave(is_done=False)
    except InvalidRequest as error:
        reading.note_refusal(error, cursor.site, lambda: _ask_simply(ctx, cursor.site))
        return cursor.leave(is_done=False)
    if cursor.is_finished:
        reading.note_read(cursor.site)
        return cursor.leave(is_done=True)
    return cursor


def _ask_simply(ctx: RunContext, site: str) -> None:
    """Ask for the site's listings with nothing but what Amazon requires."""
    least = ListingsSearch(
        seller_id=ctx.account.seller_id,
        marketplace_ids=(site,),
        included_data=("summaries",),
    )
    listings.search_listings_items(ctx.client, least)


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
        return _restart(cursor)
    stored = upsert_listings(ctx.account, cursor.site, page.items)
    tell_unread(ctx, UNREADABLE_DETAIL, SEARCH_LISTINGS_ITEMS, page.unread)
    check_next_page(SEARCH_LISTINGS_ITEMS, page.no_token)
    # Only a site's first search counts all of its listings.
    if not cursor.rows and cursor.since is None:
        cursor = replace(cursor, total=cursor.total + (page.total or 0))
    ctx.progress(
        rows=stored.rows,
        changed=stored.changed,
        quarantined=stored.quarantined,
        total=cursor.total,
        note=MARKETPLACES[cursor.site].country_code,
    )
    cursor = replace(
        cursor,
        rows=cursor.rows + len(page.items),
        reached=_later(cursor.reached, _newest(page.items, cursor.site)),
        token=page.next_token or "",
        trail=cursor.trail.follow(_versions(page, cursor.site), page.next_token),
    )
    return cursor if cursor.token else _end_window(ctx, cursor, page)


def _versions(page: ListingsPage, site: str) -> list[str]:
    """Return what names each row of the page, and when it changed last."""
    return [f"{item.sku}|{_newest([item], site)}" for item in page.items]


def _search(ctx: RunContext, cursor: ListingsCursor) -> ListingsSearch:
    return ListingsSearch(
        seller_id=ctx.account.seller_id,
        marketplace_ids=(cursor.site,),
        last_updated_after=cursor.since,
        included_data=INCLUDED,
        sort_by="lastUpdatedDate",
        sort_order="ASC",
    )


def _newest(
    items: Iterable[ListingsItem | UnreadableListing], site: str
) -> datetime | None:
    times = [
        row.last_updated_at
        for item in items
        if isinstance(item, ListingsItem)
        for row in item.summaries
        if row.marketplace_id == site and row.last_updated_at is not None
    ]
    return max(times, default=None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((time for time in (one, other) if time is not None), default=None)


def _end_window(
    ctx: RunContext, cursor: ListingsCursor, page: ListingsPage
) -> ListingsCursor:
    """Open the next window if this one ended short, else finish the site.

    Where Amazon's count cannot be read, a window that is full may have ended short, and
    one that is not full says of no offer that it is gone.
    """
    if page.total is None:
        following = _next_window(cursor)
        is_short = (
            cursor.rows >= listings.MOST_SHOWN and following.since != cursor.since
        )
        return following if is_short else replace(cursor, is_finished=True)
    if cursor.rows < page.total:
        following = _next_window(cursor)
        if following.since != cursor.since:
            return following
        _log_crowded(ctx, cursor, page.total)
    else:
        close_missing_offers(ctx.account, cursor.site, cursor.began or ctx.now())
    return replace(cursor, is_finished=True)


def _restart(cursor: ListingsCursor) -> ListingsCursor:
    """Go on in a new window; where that is the same one, it was no progress."""
    following = _next_window(cursor)
    if following.since != cursor.since:
        return following
    return replace(following, trail=cursor.trail.restarted())


def _next_window(cursor: ListingsCursor) -> ListingsCursor:
    since = cursor.since
    if cursor.reached is not None:
        since = _later(since, cursor.reached - WINDOW_OVERLAP)
    return replace(cursor, since=since, token="", rows=0, trail=PageTrail())


def _log_crowded(ctx: RunContext, cursor: ListingsCursor, total: int) -> None:
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
